import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { AsyncScope, Cidr, IpAddress } from "#base";
import {
  AddressFlag,
  bindUdp,
  connectTcp,
  createAnonymousNamespace,
  listenTcp,
  type Namespace,
  openNetlink,
  writeSysctl,
} from "#netlink";
import { applyRuleset } from "../nft.ts";
import type { EndpointSliceObject, ServiceObject } from "../objects.ts";
import { buildRuleset, renderRuleset, type Ruleset } from "./ruleset.ts";
import { forgetStaleFlows } from "./stale-flows.ts";
import { servicePorts } from "./service-ports.ts";

const POD_CIDRS = [Cidr.parse("10.101.0.0/16"), Cidr.parse("fd31:1::/32")];
const SERVICE_IPS = ["10.201.0.5", "fd32:1::5"];

interface World {
  readonly node: Namespace;
  /** In order: pods 2, 3 of the node, and somebody outside. */
  readonly members: readonly Namespace[];
  readonly apply: (service: object, addresses: readonly string[]) => Promise<void>;
}

/** A node as a router between pods, each on a cable of its own, and one outside. */
async function world(scope: AsyncScope): Promise<World> {
  const node = scope.use(createAnonymousNamespace("node"));
  writeSysctl("net.ipv4.ip_forward", 1, { namespace: node });
  writeSysctl("net.ipv6.conf.all.forwarding", 1, { namespace: node });
  const members = [
    ["10.101.1.2", "fd31:1:1::2"],
    ["10.101.1.3", "fd31:1:1::3"],
    ["198.51.100.9", "fd99::9"],
  ].map((addresses, at) => plug(scope, node, { name: `c${at}`, addresses }));
  routeOutside(node);
  let applied: Ruleset | undefined;
  return {
    node,
    members,
    async apply(service, addresses) {
      const ports = servicePorts({ ...objects(service, addresses), node: "node1" });
      const next = buildRuleset({ ports, podCidrs: POD_CIDRS });
      await applyRuleset(node, renderRuleset(next, applied));
      forgetStaleFlows(node, ports);
      applied = next;
    },
  };
}

/** As every node has it: nothing is sent to an address that no route leads to. */
function routeOutside(node: Namespace): void {
  using netlink = openNetlink({ namespace: node });
  const link = netlink.links.get("c2")?.index ?? assert.fail("the outside is plugged in");
  for (const text of ["0.0.0.0/0", "::/0"]) {
    netlink.routes.add({ destination: Cidr.parse(text), link });
  }
}

function plug(
  scope: AsyncScope,
  node: Namespace,
  { name, addresses }: { readonly name: string; readonly addresses: readonly string[] },
): Namespace {
  const namespace = scope.use(createAnonymousNamespace(name));
  using outside = openNetlink({ namespace: node });
  using inside = openNetlink({ namespace });
  outside.links.set("lo", { isUp: true });
  inside.links.set("lo", { isUp: true });
  outside.links.create({ name, details: { kind: "veth", peer: { name: "eth0", namespace } } });
  outside.links.set(name, { isUp: true });
  inside.links.set("eth0", { isUp: true });
  for (const text of addresses) {
    const address = IpAddress.parse(text);
    const gateway = IpAddress.parse(address.family === 4 ? "10.101.1.1" : "fd31:1:1::1");
    const prefixLength = address.family === 4 ? 32 : 128;
    const flags = AddressFlag.noDad;
    const [out, own] = [outside, inside].map(
      (each, at) => each.links.get(at === 0 ? name : "eth0")?.index ?? 0,
    );
    if (out === undefined || own === undefined) continue;
    outside.addresses.replace({ link: out, address: gateway, prefixLength, flags });
    outside.routes.add({ destination: Cidr.of(address), link: out });
    inside.addresses.add({ link: own, address, prefixLength, flags });
    const everything = Cidr.parse(address.family === 4 ? "0.0.0.0/0" : "::/0");
    inside.routes.add({ destination: everything, gateway, link: own, isOnLink: true });
  }
  return namespace;
}

function objects(
  spec: object,
  addresses: readonly string[],
): { services: ServiceObject[]; slices: EndpointSliceObject[] } {
  const metadata = { name: "web", namespace: "shop" };
  const ports = [
    { name: "http", port: 80, nodePort: 30_080 },
    { name: "dns", port: 53, protocol: "UDP" },
  ];
  const service = {
    metadata,
    spec: { clusterIPs: SERVICE_IPS, clusterIP: SERVICE_IPS[0], ports, ...spec },
  };
  const slices = (["IPv4", "IPv6"] as const).map((addressType) => ({
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": "web" } },
    addressType,
    ports: [
      { name: "http", port: 8_080, protocol: "TCP" },
      { name: "dns", port: 5_353, protocol: "UDP" },
    ],
    endpoints: addresses
      .filter((address) => address.includes(":") === (addressType === "IPv6"))
      .map((address) => ({ addresses: [address], nodeName: "node1" })),
  }));
  return { services: [service as unknown as ServiceObject], slices };
}

/** Says its own address, and that of whoever asked. */
async function serve(scope: AsyncScope, namespace: Namespace, text: string): Promise<void> {
  const address = IpAddress.parse(text);
  const server = await listenTcp(namespace, { address, port: 8_080 }, (socket) => {
    socket.end(`${text} ${socket.remoteAddress}`);
  });
  scope.defer(() => void server.close());
}

async function ask(from: Namespace, to: string, port = 80): Promise<string> {
  const socket = await connectTcp(from, { address: IpAddress.parse(to), port });
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return bytes.toString();
}

test("a service leads to its endpoints, in both families, and back to whoever asked", async () => {
  await using scope = new AsyncScope();
  const { node, members, apply } = await world(scope);
  const [a, b, outside] = members as [Namespace, Namespace, Namespace];
  await serve(scope, b, "10.101.1.3");
  await serve(scope, b, "fd31:1:1::3");
  await apply({}, ["10.101.1.3", "fd31:1:1::3"]);
  assert.equal(await ask(a, "10.201.0.5"), "10.101.1.3 10.101.1.2");
  assert.equal(await ask(a, "fd32:1::5"), "fd31:1:1::3 fd31:1:1::2");
  // To itself, under the node's address: else it would answer itself past the service.
  assert.equal(await ask(b, "10.201.0.5"), "10.101.1.3 10.101.1.1");
  assert.equal(await ask(node, "10.201.0.5"), "10.101.1.3 10.101.1.1");
  // From outside, to the node's port: it comes back the way it went.
  assert.equal(await ask(outside, "10.101.1.1", 30_080), "10.101.1.3 10.101.1.1");
  await apply({ externalTrafficPolicy: "Local" }, ["10.101.1.3"]);
  assert.equal(await ask(outside, "10.101.1.1", 30_080), "10.101.1.3 198.51.100.9");
});

test("a service without endpoints refuses", async () => {
  await using scope = new AsyncScope();
  const { node, members, apply } = await world(scope);
  const [a, , outside] = members as [Namespace, Namespace, Namespace];
  await apply({}, []);
  for (const [from, to, port] of [
    [a, "10.201.0.5", 80],
    [a, "fd32:1::5", 80],
    [node, "10.201.0.5", 80],
    [outside, "10.101.1.1", 30_080],
  ] as const) {
    await assert.rejects(ask(from, to, port), /ECONNREFUSED/, `${to}:${port}`);
  }
});

test("endpoints share the load, and a client with affinity stays, also over changes", async () => {
  await using scope = new AsyncScope();
  const { members, apply } = await world(scope);
  const [a, b, outside] = members as [Namespace, Namespace, Namespace];
  await serve(scope, a, "10.101.1.2");
  await serve(scope, b, "10.101.1.3");
  const both = ["10.101.1.2", "10.101.1.3"];
  const visited = async (count: number): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let at = 0; at < count; at++)
      seen.add((await ask(outside, "10.201.0.5")).split(" ")[0] ?? "");
    return seen;
  };
  await apply({}, both);
  assert.equal((await visited(40)).size, 2);
  await apply({ sessionAffinity: "ClientIP" }, both);
  const [first] = await visited(1);
  await apply({ sessionAffinity: "ClientIP", externalIPs: ["198.51.100.77"] }, both);
  assert.deepEqual(await visited(20), new Set([first]));
  await apply(
    { sessionAffinity: "ClientIP" },
    both.filter((each) => each !== first),
  );
  assert.equal((await visited(5)).has(first ?? ""), false);
});

test("datagrams go to another endpoint when theirs is gone, on the same socket", async () => {
  await using scope = new AsyncScope();
  const { members, apply } = await world(scope);
  const [a, b, outside] = members as [Namespace, Namespace, Namespace];
  for (const [namespace, text] of [
    [a, "10.101.1.2"],
    [b, "10.101.1.3"],
  ] as const) {
    const server = await bindUdp(namespace, { address: IpAddress.parse(text), port: 5_353 });
    scope.defer(() => void server.close());
    server.on("message", (_, { port, address }) => server.send(text, port, address));
  }
  const client = await bindUdp(outside, { address: IpAddress.parse("198.51.100.9"), port: 0 });
  scope.defer(() => void client.close());
  for (const text of ["10.101.1.2", "10.101.1.3"]) {
    await apply({}, [text]);
    client.send("hello", 53, "10.201.0.5");
    const [bytes, from] = (await once(client, "message")) as [Buffer, { address: string }];
    assert.deepEqual([bytes.toString(), from.address], [text, "10.201.0.5"]);
  }
});
