import assert from "node:assert/strict";
import { test } from "node:test";
import { IpAddress, MacAddress } from "#base";
import { describeChange, type Netlink } from "#netlink";
import { type FakeNamespace, FakeNetworks, openFakeNetlink } from "#netlink/fake";
import type { PodDevice } from "./pod-device.ts";
import { PodDevices } from "./pod-devices.ts";

const ROUTER = { ipv4: IpAddress.parse("10.0.0.1"), ipv6: IpAddress.parse("fd00::1") };

interface World {
  readonly node: FakeNamespace;
  readonly netlink: Netlink;
  readonly devices: PodDevices;
  /** What happened beside netlink, in order. */
  readonly log: string[];
  readonly pod: (slot: number) => PodDevice & { readonly namespace: FakeNamespace };
}

/** `attach` may throw. */
function world(attach: (slot: number) => void = () => {}): World {
  const networks = new FakeNetworks();
  const node = networks.namespace("node");
  const netlink = openFakeNetlink(node);
  netlink.links.set("lo", { isUp: true });
  netlink.addresses.add({ link: 1, address: ROUTER.ipv4, prefixLength: 32 });
  netlink.addresses.add({ link: 1, address: ROUTER.ipv6, prefixLength: 128 });
  const pods = new Map<number, FakeNamespace>();
  const log: string[] = [];
  const isUp = (slot: number): string => (netlink.links.get(slot)?.isUp === true ? "up" : "down");
  const devices = new PodDevices({
    netlink,
    router: ROUTER,
    mtu: 1400,
    programs: {
      attach(slot) {
        log.push(`attach ${slot}, ${isUp(slot)}`);
        attach(slot);
      },
      detach: (slot) => log.push(`detach ${slot}`),
    },
    openPod: ({ fd }) => openFakeNetlink(pods.get(fd) ?? assert.fail("a pod's namespace")),
    writeSettings(namespace, settings) {
      const where = namespace === undefined ? "node" : pods.get(namespace.fd)?.name;
      log.push(...settings.map(([key, value]) => `${where}: ${key} = ${value}`));
    },
  });
  return {
    node,
    netlink,
    devices,
    log,
    pod(slot) {
      const namespace = networks.namespace(`pod-${slot}`);
      pods.set(namespace.fd, namespace);
      return {
        slot,
        namespace,
        mac: MacAddress.parse(`02:00:00:00:01:${slot}`),
        hostMac: MacAddress.parse(`02:00:00:00:02:${slot}`),
        ipv4: IpAddress.parse(`10.0.1.${slot}`),
        ipv6: IpAddress.parse(`fd00:1::${slot}`),
        alias: `shop/pod-${slot}`,
      };
    },
  };
}

test("a pod has a cable, its addresses, and a way to everybody", async () => {
  const { devices, netlink, pod } = world();
  const device = pod(20);
  await devices.create(device);

  const host = netlink.links.get(20);
  assert.deepEqual(
    [host?.name, host?.mac?.key, host?.mtu, host?.operationalState, host?.alias],
    ["lxc20", "02:00:00:00:02:20", 1400, "up", "shop/pod-20"],
  );
  const hostRoutes = netlink.routes.list({ link: 20 });
  assert.deepEqual(
    hostRoutes.map((route) => `${route.destination.key} from ${route.preferredSource?.key}`),
    ["10.0.1.20/32 from 10.0.0.1", "fd00:1::20/128 from fd00::1"],
  );
  assert.deepEqual(
    netlink.neighbours.list({ link: 20 }).map(({ address, mac }) => `${address.key} ${mac?.key}`),
    ["10.0.1.20 02:00:00:00:01:20", "fd00:1::20 02:00:00:00:01:20"],
  );

  using inside = openFakeNetlink(device.namespace);
  const link = inside.links.get("eth0");
  assert.deepEqual(
    [link?.mac?.key, link?.mtu, link?.isUp, inside.links.get("lo")?.isUp],
    ["02:00:00:00:01:20", 1400, true, true],
  );
  const addresses = inside.addresses.list({ link: link?.index ?? 0 });
  assert.deepEqual(
    addresses.map(({ address, prefixLength, flags }) => [address.key, prefixLength, flags & 2]),
    [
      ["10.0.1.20", 32, 0],
      ["fd00:1::20", 128, 2],
    ],
  );
  const routes = inside.routes.list({ table: 254 });
  assert.deepEqual(
    routes.map((route) => [route.destination.key, route.gateway?.key, route.isOnLink]),
    [
      ["0.0.0.0/0", "10.0.0.1", true],
      ["::/0", "fd00::1", true],
    ],
  );
});

test("settings are made and programs attached before the device is up", async () => {
  const { devices, log, pod } = world();
  devices.prepareNode();
  await devices.create(pod(20));
  assert.ok(log.includes("node: net/ipv4/ip_forward = 1"));
  const attached = log.indexOf("attach 20, down");
  const first = log.indexOf("node: net/ipv6/conf/lxc20/addr_gen_mode = 1");
  assert.ok(first >= 0 && attached > first, log.join("\n"));
  assert.deepEqual(log.slice(attached + 1), [
    "pod-20: net/ipv6/conf/eth0/disable_ipv6 = 0",
    "pod-20: net/ipv6/conf/eth0/accept_ra = 0",
  ]);
});

test("wherever it fails, nothing is left, and a retry succeeds", async () => {
  const { devices, node, netlink, log, pod } = world();
  const device = pod(20);
  const before = node.changes.length;
  await devices.create(device);
  const made = node.changes.slice(before).map(describeChange);
  await devices.remove([20]);
  for (const step of made) {
    log.length = 0;
    node.refuse = (change) => (describeChange(change) === step ? "ENOSPC" : undefined);
    await assert.rejects(devices.create(device), /ENOSPC/);
    assert.deepEqual([devices.list(), device.namespace.links.size], [[], 1], step);
    assert.deepEqual(netlink.routes.list({ table: 254 }), []);
    if (log.includes("attach 20, down")) assert.equal(log.at(-1), "detach 20");
  }
  node.refuse = undefined;
  device.namespace.refuse = ({ type }) => (type === "route add" ? "ENOSPC" : undefined);
  await assert.rejects(devices.create(device), /connecting shop\/pod-20 by device 20: .*ENOSPC/);
  assert.deepEqual([devices.list(), device.namespace.links.size], [[], 1]);
  device.namespace.refuse = undefined;
  await devices.create(device);
  assert.equal(devices.list().length, 1);
});

test("of many, one that fails hinders no other", async () => {
  const { devices, pod } = world((slot) => {
    if (slot === 21) throw new Error("no such program");
  });
  const outcomes = await devices.createAll([pod(20), pod(21), pod(22), { ...pod(23), slot: 1 }]);
  assert.deepEqual(
    outcomes.map(({ device, error }) => [device.slot, error?.message.replace(/^.*: /, "")]),
    [
      [20, undefined],
      [21, "no such program"],
      [22, undefined],
      [1, "EEXIST, it is there already"],
    ],
  );
  assert.deepEqual(
    devices.list().map(({ slot }) => slot),
    [20, 22],
  );
});

test("what cannot be taken back is told with what failed", async () => {
  const { devices, node, pod } = world(() => {
    throw new Error("no such program");
  });
  node.refuse = ({ type }) => (type === "link delete" ? "EPERM" : undefined);
  const failure = /no such program; and taking device 20 back failed too: .*EPERM/;
  await assert.rejects(devices.create(pod(20)), failure);
});

test("removal is done once, asked twice or of many", async () => {
  const { devices, netlink, log, pod } = world();
  await devices.createAll([pod(20), pod(21), pod(22)]);
  netlink.links.create({ name: "other", index: 23, details: { kind: "dummy" } });
  await devices.remove([20]);
  await devices.remove([20]);
  await devices.remove([20, 21, 22, 23]);
  await devices.remove([21, 22]);
  await devices.remove([]);
  assert.deepEqual(devices.list(), []);
  assert.deepEqual(devices.foreignIndexes(), [1, 23]);
  assert.ok(log.includes("detach 22"));
});

test("an address goes to who has it now, also while the cable of who had it is there", async () => {
  const { devices, netlink, pod } = world();
  const [old, young] = [pod(20), pod(21)];
  await devices.create(old);
  await devices.create({ ...young, ipv4: old.ipv4 ?? assert.fail("it has one") });
  await devices.remove([20]);
  assert.deepEqual(
    netlink.routes
      .list({ family: 4, table: 254 })
      .map((route) => [route.destination.key, route.link]),
    [["10.0.1.20/32", 21]],
  );
});
