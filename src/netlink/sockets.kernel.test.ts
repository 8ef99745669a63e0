import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
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
  NamespaceWorker,
  openNetlink,
} from "#netlink";

const SERVER = new URL("./testdata/echo-server.ts", import.meta.url);

/** Two namespaces with a cable between them, addressed in both families. */
function cable(lifetime: Lifetime): { left: Namespace; right: Namespace } {
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
  return { left, right };
}

for (const [family, from, to] of [
  ["IPv4", "10.0.0.1", "10.0.0.2"],
  ["IPv6", "fd00::1", "fd00::2"],
] as const) {
  test(`datagrams go from one namespace to the other, over ${family}`, async () => {
    using lifetime = new Lifetime();
    const { left, right } = cable(lifetime);
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
    const { left, right } = cable(lifetime);
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
  const { left } = cable(lifetime);
  const address = IpAddress.parse("10.9.9.9");
  await assert.rejects(
    listenTcp(left, { address, port: 80 }),
    /binding to 10\.9\.9\.9:80: EADDRNOTAVAIL/,
  );
});

test("a worker lives in a namespace: its servers are there, and what it asks is asked there", async () => {
  using lifetime = new Lifetime();
  const { left } = cable(lifetime);
  await using worker = await NamespaceWorker.start(left, SERVER, "good morning");
  const { port, names } = worker.result as { port: number; names: string[] };
  assert.deepEqual(names.toSorted(), ["eth0", "eth0", "lo"].slice(1));
  const socket = await connectTcp(left, { address: IpAddress.parse("127.0.0.1"), port });
  const asked = request({ createConnection: () => socket, headers: { host: "x" } }).end();
  const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream];
  let text = "";
  for await (const piece of response) text += String(piece);
  assert.equal(text, "good morning");
  socket.destroy();
});

test("a worker that cannot begin says why", async () => {
  using blue = createAnonymousNamespace("blue");
  const nowhere = new URL("./testdata/no-such-file.ts", import.meta.url);
  await assert.rejects(NamespaceWorker.start(blue, nowhere), /no-such-file\.ts/);
});
