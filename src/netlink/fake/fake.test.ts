import assert from "node:assert/strict";
import { test } from "node:test";
import { IpAddress } from "#base";
import { NetlinkError } from "#netlink";
import { FakeNetworks, openFakeNetlink } from "#netlink/fake";

// What the fake has beyond the contract: what a test can ask and order of it.

function world(): { networks: FakeNetworks; here: ReturnType<FakeNetworks["namespace"]> } {
  const networks = new FakeNetworks();
  return { networks, here: networks.namespace("here") };
}

test("a test sees which changes were tried, and can have one fail", () => {
  const { here } = world();
  using netlink = openFakeNetlink(here);
  here.refuse = (change) => (change.type === "link create" ? "ENOSPC" : undefined);
  const peer = { name: "b" };
  assert.throws(
    () => netlink.links.create({ name: "a", details: { kind: "veth", peer } }),
    (error) => error instanceof NetlinkError && error.errnoName === "ENOSPC",
  );
  here.refuse = undefined;
  netlink.links.create({ name: "a", details: { kind: "veth", peer } });
  netlink.links.set("lo", { isUp: true });
  assert.deepEqual(
    here.changes.map(({ type }) => type),
    ["link create", "link create", "link set"],
  );
});

test("what is used after it is closed is a mistake", () => {
  const netlink = openFakeNetlink(world().here);
  netlink[Symbol.dispose]();
  assert.throws(() => netlink.links.list(), /used after close/);
  assert.throws(() => netlink.subscribe(["link"]), /used after close/);
});

test("the same changes give the same state, hardware addresses too", () => {
  const run = (): string => {
    const { networks, here } = world();
    const there = networks.namespace("there");
    using netlink = openFakeNetlink(here);
    const peer = { name: "b", namespace: there };
    netlink.links.create({ name: "a", isUp: true, details: { kind: "veth", peer } });
    const address = IpAddress.parse("10.0.0.1");
    netlink.addresses.add({ link: 2, address, prefixLength: 24 });
    return JSON.stringify([netlink.links.list(), netlink.routes.list()]);
  };
  assert.equal(run(), run());
});

test("a device that fails to be made leaves nothing behind", () => {
  const { networks, here } = world();
  const there = networks.namespace("there");
  using netlink = openFakeNetlink(here);
  using other = openFakeNetlink(there);
  const peer = { name: "b", namespace: there };
  const details = { kind: "veth", peer } as const;
  for (const bad of [{ master: 77 }, { mtu: 12 }, { index: 1 }]) {
    assert.throws(() => netlink.links.create({ name: "a", ...bad, details }), NetlinkError);
  }
  assert.throws(
    () => netlink.links.create({ name: "a", details: { kind: "veth", peer: { ...peer, mtu: 1 } } }),
    NetlinkError,
  );
  assert.equal(netlink.links.list().length, 1);
  assert.equal(other.links.list().length, 1);
});

test("asynchronous forms answer later, and the same", async () => {
  using netlink = openFakeNetlink(world().here);
  const later = netlink.async.links.set("lo", { isUp: true });
  assert.equal(netlink.links.get("lo")?.isUp, false);
  await later;
  assert.deepEqual(await netlink.async.links.list(), netlink.links.list());
  await assert.rejects(netlink.async.links.delete("lo"), /EOPNOTSUPP/);
});
