import assert from "node:assert/strict";
import { test } from "node:test";
import { MacAddress } from "#base";
import { LinkFlag } from "#netlink";
import { eventually, failsWith, ip, type MakeWorld, pair, veth } from "./world.ts";

export function linkContract(makeWorld: MakeWorld): void {
  test("a new namespace has the loopback device, down, and nothing else", () => {
    using world = makeWorld();
    const { netlink } = world.place("new");
    const links = netlink.links.list();
    assert.deepEqual(
      links.map(({ index, name, isUp }) => ({ index, name, isUp })),
      [{ index: 1, name: "lo", isUp: false }],
    );
    assert.deepEqual(netlink.addresses.list(), []);
    assert.deepEqual(netlink.routes.list(), []);
    assert.equal(netlink.links.get("lo")?.index, 1);
    assert.equal(netlink.links.get("none"), undefined);
    assert.equal(netlink.links.get(99), undefined);
  });

  test("a veth has two ends that know each other, with indexes given or chosen", () => {
    using world = makeWorld();
    const { netlink } = world.place("one");
    netlink.links.create(veth("a0", "b0", { index: 7, peerIndex: 9 }));
    netlink.links.create(veth("a1", "b1"));
    const a0 = netlink.links.get("a0");
    const b0 = netlink.links.get("b0");
    assert.deepEqual([a0?.index, a0?.parent, b0?.index, b0?.parent], [7, 9, 9, 7]);
    assert.deepEqual(a0?.details, { kind: "veth" });
    assert.equal(a0?.parentNamespaceId, undefined);
    const a1 = netlink.links.get("a1");
    assert.equal(netlink.links.get(a1?.parent ?? 0)?.name, "b1");
    assert.equal(netlink.links.list({ kind: "veth" }).length, 4);
    const names = netlink.links.list().map((link) => link.name);
    assert.deepEqual(names.toSorted(), ["a0", "a1", "b0", "b1", "lo"]);
  });

  test("a veth's peer can be made in another namespace", () => {
    using world = makeWorld();
    const { here, there } = pair(world);
    assert.equal(here.netlink.links.get("right"), undefined);
    const right = there.netlink.links.get("right");
    assert.deepEqual([right?.index, right?.parent], [20, 10]);
    const left = here.netlink.links.get("left");
    assert.equal(left?.parent, 20);
    assert.equal(left?.parentNamespaceId, here.netlink.namespaceIds.get(there.ref));
    assert.notEqual(left?.parentNamespaceId, undefined);
  });

  test("a link has a carrier when both ends are up", async () => {
    using world = makeWorld();
    const { here, there } = pair(world);
    await eventually("left has carrier", () => here.netlink.links.get(10)?.hasCarrier === true);
    await eventually("left operates", () => here.netlink.links.get(10)?.operationalState === "up");
    there.netlink.links.set(20, { isUp: false });
    const left = here.netlink.links.get(10);
    assert.deepEqual([left?.isUp, left?.hasCarrier], [true, false]);
  });

  test("a name or an index that is taken is refused", () => {
    using world = makeWorld();
    const { here, there } = pair(world);
    const { links } = here.netlink;
    assert.throws(() => links.create(veth("left", "other")), failsWith("EEXIST"));
    assert.throws(() => links.create(veth("x", "y", { index: 10 })), failsWith("EEXIST"));
    const taken = veth("x", "right", { namespace: there.ref });
    assert.throws(() => links.create(taken), failsWith("EEXIST"));
    assert.equal(links.get("x"), undefined, "nothing is left of one that failed half way");
    links.create(veth("p", "q", { index: 11 }));
    assert.throws(() => links.set(11, { name: "q" }), failsWith("EEXIST"));
    assert.throws(() => links.set("p", { name: "new" }), /takes its index/);
  });

  test("settings are set at the making and later, those not given stay", () => {
    using world = makeWorld();
    const { netlink } = world.place("one");
    const mac = MacAddress.parse("02:00:00:00:00:01");
    const peerMac = MacAddress.parse("02:00:00:00:00:02");
    netlink.links.create({
      name: "a",
      mtu: 1400,
      mac,
      group: 5,
      txQueueLength: 500,
      details: { kind: "veth", peer: { name: "b", mac: peerMac, mtu: 1300 } },
    });
    const a = netlink.links.get("a");
    assert.deepEqual(
      [a?.mtu, a?.mac?.key, a?.group, a?.txQueueLength, a?.isUp],
      [1400, mac.key, 5, 500, false],
    );
    const b = netlink.links.get("b");
    assert.deepEqual([b?.mtu, b?.mac?.key, b?.group], [1300, peerMac.key, 0]);
    netlink.links.set(a?.index ?? 0, {
      name: "c",
      alias: "of pod a",
      mtu: 1200,
      isUp: true,
      hasArp: false,
    });
    const c = netlink.links.get(a?.index ?? 0);
    assert.deepEqual(
      [c?.name, c?.alias, c?.mtu, c?.isUp, c?.group],
      ["c", "of pod a", 1200, true, 5],
    );
    assert.notEqual((c?.flags ?? 0) & LinkFlag.noArp, 0);
    assert.throws(() => netlink.links.set("a", { mtu: 1500 }), failsWith("ENODEV"));
    assert.throws(() => netlink.links.set("c", { mtu: 10 }), failsWith("EINVAL"));
  });

  test("deleting one end of a veth takes the other with it", async () => {
    using world = makeWorld();
    const { here, there } = pair(world);
    await here.netlink.async.links.delete(10);
    assert.deepEqual(here.netlink.links.list({ kind: "veth" }), []);
    assert.deepEqual(there.netlink.links.list({ kind: "veth" }), []);
    assert.throws(() => here.netlink.links.delete(10), failsWith("ENODEV"));
    await assert.rejects(here.netlink.async.links.delete("left"), failsWith("ENODEV"));
  });

  test("a group of links goes at once", () => {
    using world = makeWorld();
    const { links } = world.place("one").netlink;
    for (const name of ["a", "b", "c"]) {
      links.create({ ...veth(name, `${name}-peer`), group: name === "c" ? 2 : 1 });
    }
    links.deleteGroup(1);
    const left = links.list({ kind: "veth" }).map((link) => link.name);
    assert.deepEqual(left.toSorted(), ["c", "c-peer"]);
    assert.throws(() => links.deleteGroup(1), failsWith("ENODEV"));
  });

  test("a link moves to another namespace: down, and without its addresses", () => {
    using world = makeWorld();
    const here = world.place("here");
    const there = world.place("there");
    here.netlink.links.create({ ...veth("a", "b", { index: 30 }), isUp: true });
    here.netlink.links.set("b", { isUp: true });
    here.netlink.addresses.add({ link: 30, address: ip("10.1.0.1"), prefixLength: 24 });
    here.netlink.links.set("a", { namespace: there.ref });
    assert.equal(here.netlink.links.get("a"), undefined);
    assert.deepEqual(here.netlink.addresses.list({ link: 30 }), []);
    assert.deepEqual(here.netlink.routes.list({ link: 30 }), []);
    const moved = there.netlink.links.get("a");
    assert.deepEqual([moved?.index, moved?.isUp], [30, false]);
    assert.deepEqual(there.netlink.addresses.list({ link: 30 }), []);
    here.netlink.links.create(veth("a", "other"));
    assert.throws(() => here.netlink.links.set("a", { namespace: there.ref }), failsWith("EEXIST"));
  });

  test("a bridge has ports, and gives them free when it goes", () => {
    using world = makeWorld();
    const { links } = world.place("one").netlink;
    links.create({ name: "br", index: 50, details: { kind: "bridge", forwardDelayMs: 4_000 } });
    links.create({ ...veth("p", "q"), master: 50 });
    const bridge = links.get("br")?.details;
    assert.equal(bridge?.kind === "bridge" && bridge.forwardDelayMs, 4_000);
    assert.deepEqual(
      links.list({ master: 50 }).map((link) => link.name),
      ["p"],
    );
    links.set("p", { master: 0 });
    assert.deepEqual(links.list({ master: 50 }), []);
    links.set("p", { master: 50 });
    links.set("br", { details: { kind: "bridge", ageingMs: 60_000 } });
    const changed = links.get("br")?.details;
    assert.equal(changed?.kind === "bridge" && changed.ageingMs, 60_000);
    links.delete("br");
    assert.equal(links.get("p")?.master, undefined);
    assert.throws(() => links.set("p", { master: 50 }), failsWith("EINVAL"));
  });

  test("an external VXLAN takes no identifier and learns nothing", () => {
    using world = makeWorld();
    const { links } = world.place("one").netlink;
    links.create({ name: "vx", details: { kind: "vxlan", isExternal: true, port: 8472 } });
    const details = links.get("vx")?.details;
    assert.ok(details?.kind === "vxlan");
    assert.deepEqual(
      [details.isExternal, details.port, details.isLearning, details.id],
      [true, 8472, false, 0],
    );
    const local = ip("10.0.0.1");
    links.create({ name: "vx7", details: { kind: "vxlan", id: 7, local, port: 4789 } });
    const plain = links.get("vx7")?.details;
    assert.ok(plain?.kind === "vxlan");
    assert.deepEqual(
      [plain.isExternal, plain.id, plain.local?.key, plain.isLearning],
      [false, 7, "10.0.0.1", true],
    );
  });

  test("a kind that the kernel does not know is refused", () => {
    using world = makeWorld();
    const { links } = world.place("one").netlink;
    const unknown = { kind: "other", name: "no-such-kind", data: new Uint8Array(0) } as const;
    assert.throws(() => links.create({ name: "x", details: unknown }), failsWith("EOPNOTSUPP"));
  });
}
