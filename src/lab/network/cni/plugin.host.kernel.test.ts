import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AsyncScope, Cidr, IpAddress } from "#base";
import { silentLogger } from "#base/log";
import {
  connectTcp,
  createAnonymousNamespace,
  createNamespace,
  deleteNamespace,
  listenTcp,
  type Namespace,
  openNetlink,
  withNamespace,
  writeSysctl,
} from "#netlink";
import { bridgeConflist } from "./conflist.ts";
import { installPlugin } from "./script.ts";
import { servePlugin } from "./server.ts";

const LAB = { name: "cni", index: 44, hasIpv6: true, runFolder: "/run/x" };

interface Outcome {
  readonly status: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

interface World {
  readonly node: Namespace;
  readonly call: (variables: Record<string, string>, change?: object) => Promise<Outcome>;
  readonly pod: (name: string) => { readonly namespace: Namespace; readonly path: string };
}

/** A node whose plugin is started as a runtime does it. */
async function world(scope: AsyncScope): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-cni-"));
  scope.defer(() => rmSync(folder, { recursive: true }));
  const node = scope.use(createAnonymousNamespace("node"));
  writeSysctl("net.ipv4.ip_forward", 1, { namespace: node });
  writeSysctl("net.ipv6.conf.all.forwarding", 1, { namespace: node });
  scope.use(await servePlugin(join(folder, "cni.sock"), silentLogger));
  installPlugin(join(folder, "bin"), join(folder, "cni.sock"));
  const { plugins } = bridgeConflist(LAB, 1, join(folder, "leases")) as { plugins: [object] };
  return {
    node,
    async call(variables, change) {
      const config = { ...plugins[0], cniVersion: "1.1.0", name: "net", ...change };
      const child = withNamespace(node, () =>
        spawn(join(folder, "bin/bridge"), {
          env: { ...variables, CNI_PATH: join(folder, "bin") },
          stdio: ["pipe", "pipe", "inherit"],
        }),
      );
      child.stdin.end(JSON.stringify(config));
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      const [status] = (await once(child, "close")) as [number];
      return { status, answer: text === "" ? {} : (JSON.parse(text) as Outcome["answer"]) };
    },
    pod(name) {
      const full = `ciliate-test-${process.pid}-${name}`;
      const namespace = scope.use(createNamespace(full));
      scope.defer(() => void deleteNamespace(full));
      return { namespace, path: `/var/run/netns/${full}` };
    },
  };
}

const variables = (command: string, container: string, path = ""): Record<string, string> => ({
  CNI_COMMAND: command,
  CNI_CONTAINERID: container,
  CNI_NETNS: path,
  CNI_IFNAME: "eth0",
});

async function visit(from: Namespace, to: Namespace, text: string): Promise<string> {
  const address = IpAddress.parse(text);
  const server = await listenTcp(to, { address, port: 80 }, (socket) => {
    socket.end(socket.remoteAddress ?? "");
  });
  try {
    const client = await connectTcp(from, { address, port: 80 });
    const [bytes] = (await once(client, "data")) as [Buffer];
    client.destroy();
    return bytes.toString();
  } finally {
    server.close();
  }
}

test("pods are plugged in, checked, and taken out again, by the protocol", async () => {
  await using scope = new AsyncScope();
  const { node, call, pod } = await world(scope);
  const [a, b] = [pod("a"), pod("b")];
  const added = await call(variables("ADD", "a", a.path));
  assert.equal(added.status, 0, JSON.stringify(added.answer));
  const { interfaces, ips, routes, cniVersion } = added.answer;
  assert.equal(cniVersion, "1.1.0");
  assert.deepEqual(ips, [
    { interface: 2, address: "10.144.1.2/32", gateway: "10.144.1.1" },
    { interface: 2, address: "fd31:44:1::2/128", gateway: "fd31:44:1::1" },
  ]);
  assert.deepEqual(routes, [
    { dst: "0.0.0.0/0", gw: "10.144.1.1" },
    { dst: "::/0", gw: "fd31:44:1::1" },
  ]);
  const [bridge, , inside] = interfaces as { name: string; sandbox?: string; mtu: number }[];
  assert.deepEqual([bridge?.name, inside?.name, inside?.sandbox], ["cni0", "eth0", a.path]);
  assert.equal(inside?.mtu, 1500);
  assert.equal((await call(variables("ADD", "b", b.path))).status, 0);
  assert.equal(await visit(a.namespace, b.namespace, "10.144.1.3"), "10.144.1.2");
  assert.equal(await visit(a.namespace, b.namespace, "fd31:44:1::3"), "fd31:44:1::2");
  assert.equal(await visit(a.namespace, node, "10.144.1.1"), "10.144.1.2");
  const previous = { prevResult: added.answer };
  assert.deepEqual(await call(variables("CHECK", "a", a.path), previous), {
    status: 0,
    answer: {},
  });
  const twice = await call(variables("ADD", "a", a.path));
  assert.deepEqual([twice.status, twice.answer["code"]], [1, 100]);
  assert.equal((await call(variables("STATUS", ""))).status, 0);
  assert.equal((await call(variables("DEL", "a", a.path))).status, 0);
  assert.equal((await call(variables("DEL", "a"))).status, 0, "a second DEL is fine");
  const gone = await call(variables("CHECK", "a", a.path), previous);
  assert.deepEqual([gone.status, gone.answer["code"]], [1, 3]);
});

test("garbage goes, and failures leave none", async () => {
  await using scope = new AsyncScope();
  const { node, call, pod } = await world(scope);
  const [a, b] = [pod("a"), pod("b")];
  await call(variables("ADD", "a", a.path));
  await call(variables("ADD", "b", b.path));
  const valid = [{ containerID: "b", ifname: "eth0" }];
  const collected = await call(variables("GC", ""), { "cni.dev/valid-attachments": valid });
  assert.deepEqual(collected, { status: 0, answer: {} });
  using netlink = openNetlink({ namespace: node });
  const cables = (): string[] =>
    netlink.links.list({ kind: "veth" }).map(({ alias }) => alias ?? "");
  assert.deepEqual(cables(), ["b/eth0"]);
  const nowhere = await call(variables("ADD", "c", "/var/run/netns/nowhere"));
  assert.deepEqual([nowhere.status, nowhere.answer["code"]], [1, 3]);
  // The second wants a device where one is already.
  const busy = await call(variables("ADD", "d", b.path));
  assert.deepEqual([busy.status, busy.answer["code"]], [1, 100]);
  assert.deepEqual(cables(), ["b/eth0"]);
  const version = await call({ CNI_COMMAND: "VERSION" });
  assert.deepEqual(version.answer["supportedVersions"], ["1.0.0", "1.1.0"]);
});

test("a pod's packets leave the cluster under the node's address", async () => {
  await using scope = new AsyncScope();
  const { node, call, pod } = await world(scope);
  const outside = scope.use(createAnonymousNamespace("outside"));
  {
    using inside = openNetlink({ namespace: node });
    using there = openNetlink({ namespace: outside });
    const peer = { name: "eth0", namespace: outside };
    inside.links.create({ name: "eth0", details: { kind: "veth", peer } });
    for (const [netlink, text] of [
      [inside, "198.51.100.1"],
      [there, "198.51.100.2"],
    ] as const) {
      netlink.links.set("eth0", { isUp: true });
      const link = netlink.links.get("eth0")?.index ?? 0;
      netlink.addresses.add({ link, address: IpAddress.parse(text), prefixLength: 24 });
    }
    const destination = Cidr.parse("10.144.0.0/16");
    there.routes.add({ destination, gateway: IpAddress.parse("198.51.100.1") });
  }
  const a = pod("a");
  await call(variables("ADD", "a", a.path));
  assert.equal(await visit(a.namespace, outside, "198.51.100.2"), "198.51.100.1");
  assert.equal(await visit(outside, a.namespace, "10.144.1.2"), "198.51.100.2");
});
