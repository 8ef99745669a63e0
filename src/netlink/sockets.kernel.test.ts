import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { IpAddress, Scope as Lifetime } from "#base";
import {
  AddressFlag,
  bindUdp,
  connectTcp,
  createAnonymousNamespace,
  listenTcp,
  type Namespace,
  openNetlink,
} from "#netlink";

/** Two namespaces with a cable between them, addressed in both families. */
async function cable(lifetime: Lifetime): Promise<{ left: Namespace; right: Namespace }> {
  const left = lifetime.use(createAnonymousNamespace("left"));
  const right = lifetime.use(createAnonymousNamespace("right"));
  using here = openNetlink({ namespace: left });
  using there = openNetlink({ namespace: right });
  const peer = { name: "eth0", index: 3, namespace: right };
  here.links.create({ name: "eth0", index: 2, isUp: true, details: { kind: "veth", peer } });
  there.links.set(3, { isUp: true });
  for (const [netlink, link, last] of [
    [here, 2, 1],
    [there, 3, 2],
  ] as const) {
    netlink.links.set("lo", { isUp: true });
    const v4 = IpAddress.parse(`10.0.0.${last}`);
    const v6 = IpAddress.parse(`fd00::${last}`);
    netlink.addresses.add({ link, address: v4, prefixLength: 24 });
    const flags = AddressFlag.noDad;
    netlink.addresses.add({ link, address: v6, prefixLength: 64, flags });
  }
  // Until then what is sent is lost, and TCP tries again a second later.
  const isUp = (): boolean =>
    here.links.get(2)?.operationalState === "up" && there.links.get(3)?.operationalState === "up";
  while (!isUp()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  return { left, right };
}

for (const [family, from, to] of [
  ["IPv4", "10.0.0.1", "10.0.0.2"],
  ["IPv6", "fd00::1", "fd00::2"],
] as const) {
  test(`datagrams go from one namespace to the other, over ${family}`, async () => {
    using lifetime = new Lifetime();
    const { left, right } = await cable(lifetime);
    const server = await bindUdp(right, { address: IpAddress.parse(to), port: 7000 });
    const client = await bindUdp(left, { address: IpAddress.parse(from), port: 0 });
    try {
      server.on("message", (bytes, { address, port }) => server.send(bytes, port, address));
      client.send("ping", 7000, to);
      const [reply, sender] = (await once(client, "message")) as [Buffer, { address: string }];
      assert.deepEqual([reply.toString(), sender.address], ["ping", to]);
    } finally {
      server.close();
      client.close();
    }
  });

  test(`connections go from one namespace to the other, over ${family}`, async () => {
    using lifetime = new Lifetime();
    const { left, right } = await cable(lifetime);
    const seen: (string | undefined)[] = [];
    const server = await listenTcp(
      right,
      { address: IpAddress.parse(to), port: 8000 },
      (socket) => {
        seen.push(socket.remoteAddress);
        socket.pipe(socket);
      },
    );
    try {
      const address = IpAddress.parse(to);
      const client = await connectTcp(left, { address, port: 8000 });
      assert.equal(await sayAndHear(client, "hello"), "hello");
      const bound = await connectTcp(
        left,
        { address, port: 8000 },
        { from: { address: IpAddress.parse(from), port: 4321 } },
      );
      assert.equal(bound.localPort, 4321);
      assert.equal(await sayAndHear(bound, "again"), "again");
      assert.deepEqual(seen, [from, from]);
      await assert.rejects(connectTcp(left, { address, port: 8001 }), /ECONNREFUSED/);
    } finally {
      server.close();
    }
  });
}

async function sayAndHear(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return bytes.toString();
}

test("an address that the namespace does not have is refused by name", async () => {
  using lifetime = new Lifetime();
  const { left } = await cable(lifetime);
  const address = IpAddress.parse("10.9.9.9");
  await assert.rejects(
    listenTcp(left, { address, port: 80 }),
    /binding to 10\.9\.9\.9:80: EADDRNOTAVAIL/,
  );
});
