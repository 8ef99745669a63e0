import assert from "node:assert/strict";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { Cidr, IpAddress, MacAddress, Random, Scope as Lifetime } from "#base";
import {
  AddressFlag,
  connectTcp,
  createAnonymousNamespace,
  listenTcp,
  type Namespace,
  type Netlink,
  openNetlink,
  readSysctl,
} from "#netlink";
import type { PodDevice } from "./pod-device.ts";
import { PodDevices } from "./pod-devices.ts";
import { hostSettings, podSettings } from "./settings.ts";

// Without programs: the host's stack carries what pods say. It answers ARP for its own addresses,
// but asked by neighbour discovery only for those of the same device, so that IPv6 is looked at and
// not used here.

const ROUTER = { ipv4: IpAddress.parse("10.9.0.1"), ipv6: IpAddress.parse("fd09::1") };
const PODS = { 4: Cidr.parse("10.9.1.0/24"), 6: Cidr.parse("fd09:1::/64") };
const random = new Random(1);

interface World {
  readonly node: Namespace;
  readonly netlink: Netlink;
  readonly devices: PodDevices;
  readonly pod: (slot: number) => PodDevice & { readonly namespace: Namespace };
}

function world(lifetime: Lifetime): World {
  const node = lifetime.use(createAnonymousNamespace("node"));
  const netlink = lifetime.use(openNetlink({ namespace: node }));
  const { index: link } = netlink.links.get("lo") ?? assert.fail("there is a loopback device");
  netlink.links.set(link, { isUp: true });
  netlink.addresses.add({ link, address: ROUTER.ipv4, prefixLength: 32 });
  const flags = AddressFlag.noDad;
  netlink.addresses.add({ link, address: ROUTER.ipv6, prefixLength: 128, flags });
  const programs = { attach: () => {}, detach: () => {} };
  const devices = new PodDevices({ netlink, namespace: node, router: ROUTER, mtu: 1400, programs });
  devices.prepareNode();
  return {
    node,
    netlink,
    devices,
    pod: (slot) => ({
      slot,
      namespace: lifetime.use(createAnonymousNamespace(`pod-${slot}`)),
      mac: MacAddress.random(random),
      hostMac: MacAddress.random(random),
      ipv4: PODS[4].nth(slot) ?? assert.fail("room for the slot"),
      ipv6: PODS[6].nth(slot) ?? assert.fail("room for the slot"),
      alias: `shop/pod-${slot}`,
    }),
  };
}

const addressOf = (device: PodDevice): IpAddress => device.ipv4 ?? assert.fail("it has one");

async function say(from: Namespace, to: Namespace, address: IpAddress): Promise<string> {
  const server = await listenTcp(to, { address, port: 8000 }, (socket) => {
    socket.end(`hello ${socket.remoteAddress}`);
  });
  try {
    const client = await connectTcp(from, { address, port: 8000 });
    const [bytes] = (await once(client, "data")) as [Buffer];
    client.destroy();
    return bytes.toString();
  } finally {
    server.close();
  }
}

test("pods and host reach each other as soon as cables are there", async () => {
  using lifetime = new Lifetime();
  const { node, devices, pod } = world(lifetime);
  const [a, b] = [pod(101), pod(102)];
  await devices.createAll([a, b]);
  const began = performance.now();
  assert.equal(await say(a.namespace, b.namespace, addressOf(b)), `hello 10.9.1.101`);
  assert.equal(await say(a.namespace, node, ROUTER.ipv4), `hello 10.9.1.101`);
  assert.equal(await say(node, a.namespace, addressOf(a)), `hello 10.9.0.1`);
  assert.ok(performance.now() - began < 900, "no first packet was lost and sent again");
});

test("the kernel has what was asked for, on both sides", async () => {
  using lifetime = new Lifetime();
  const { node, netlink, devices, pod } = world(lifetime);
  const device = pod(101);
  await devices.create(device);
  assert.deepEqual(devices.list(), [
    { slot: 101, hostMac: device.hostMac, alias: "shop/pod-101", mtu: 1400, isUp: true },
  ]);
  assert.deepEqual(devices.foreignIndexes(), [1]);
  for (const [namespace, settings] of [
    [node, hostSettings("lxc101")],
    [device.namespace, podSettings("eth0", true)],
  ] as const) {
    for (const [key, value] of settings) {
      assert.equal(readSysctl(key, { namespace }), String(value), key);
    }
  }
  assert.deepEqual(netlink.addresses.list({ link: 101 }), [], "no link-local address either");
  assert.deepEqual(
    netlink.routes.list({ link: 101, table: 254 }).map(({ destination }) => destination.key),
    ["10.9.1.101/32", "fd09:1::65/128"],
  );
  using inside = openNetlink({ namespace: device.namespace });
  const { index, mtu, mac } = inside.links.get("eth0") ?? assert.fail("the pod has its device");
  assert.deepEqual([mtu, mac], [1400, device.mac]);
  const own = inside.addresses.list({ link: index }).filter(({ scope }) => scope === 0);
  assert.deepEqual(
    own.map(({ address, prefixLength, flags }) => [
      address.key,
      prefixLength,
      flags & AddressFlag.tentative,
    ]),
    [
      ["10.9.1.101", 32, 0],
      ["fd09:1::65", 128, 0],
    ],
  );
  const routes = inside.routes.list({ table: 254 }).filter(({ gateway }) => gateway !== undefined);
  assert.deepEqual(
    routes.map(({ destination, gateway }) => `${destination.key} via ${gateway?.key}`),
    ["0.0.0.0/0 via 10.9.0.1", "::/0 via fd09::1"],
  );
});

test("a pod's namespace that cannot take the device leaves nothing behind", async () => {
  using lifetime = new Lifetime();
  const { devices, pod } = world(lifetime);
  const [good, bad] = [pod(101), pod(102)];
  {
    using inside = openNetlink({ namespace: bad.namespace });
    inside.links.create({ name: "eth0", details: { kind: "veth", peer: { name: "eth1" } } });
  }
  const unmade = { ...pod(103), ipv4: IpAddress.parse("127.0.0.1"), ipv6: ROUTER.ipv6 };
  const outcomes = await devices.createAll([good, bad, unmade, { ...pod(104), slot: 1 }]);
  const errors = outcomes.map(({ error }) => error?.message ?? "");
  assert.equal(errors[0], "");
  assert.match(errors[1] ?? "", /EEXIST/);
  assert.match(errors[3] ?? "", /EBUSY|EEXIST/);
  await devices.create({ ...bad, podLink: "net1" });
  const slots = new Set(devices.list().map(({ slot }) => slot));
  assert.equal(slots.has(101) && slots.has(102), true);
  assert.equal(slots.has(103), errors[2] === "", "what failed is not there");
});

test("removal goes on beside this thread, and is fine when a namespace took its device along", async () => {
  using lifetime = new Lifetime();
  const { netlink, devices, pod } = world(lifetime);
  const all = Array.from({ length: 8 }, (_, at) => pod(101 + at));
  await devices.createAll(all);
  const vanished = devices.list().length;
  assert.equal(vanished, 8);
  netlink.links.create({
    name: "other",
    index: 200,
    details: { kind: "veth", peer: { name: "o" } },
  });
  let turns = 0;
  const clock = setInterval(() => {
    turns += 1;
  }, 1);
  await Promise.all([
    devices.remove([101]),
    devices.remove([102, 103, 104]),
    devices.remove([102]),
  ]);
  clearInterval(clock);
  assert.ok(turns > 2, `the thread had ${turns} turns`);
  assert.deepEqual(
    devices
      .list()
      .map(({ slot }) => slot)
      .toSorted((left, right) => left - right),
    [105, 106, 107, 108],
  );
  await devices.remove([101, 105, 106, 107, 108, 200]);
  assert.deepEqual(devices.list(), []);
  assert.ok(netlink.links.get(200), "what is not ours stays");
});
