import assert from "node:assert/strict";
import { test } from "node:test";
import { Cidr, IpAddress } from "#base";
import {
  createAnonymousNamespace,
  isAlreadyThere,
  isNotThere,
  type Netlink,
  NetlinkError,
  openNetlink,
} from "#netlink";

// What a person reads when the kernel refuses something. Its own words differ from version to
// version; those here have not changed since 6.1.

function withNetlink(body: (netlink: Netlink) => void): void {
  using namespace = createAnonymousNamespace("errors");
  using netlink = openNetlink({ namespace });
  const peer = { name: "b" };
  netlink.links.create({ name: "a", index: 10, isUp: true, details: { kind: "veth", peer } });
  body(netlink);
}

function errorOf(action: () => void): NetlinkError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof NetlinkError, String(error));
    return error;
  }
  return assert.fail("nothing was refused");
}

test("an error says what was done, why it failed, and what the kernel says about it", () => {
  withNetlink(({ links, routes }) => {
    const small = errorOf(() => links.set(10, { mtu: 12 }));
    assert.equal(
      small.message,
      "changing mtu of link 10: EINVAL, the kernel takes an argument for invalid; " +
        'the kernel says "mtu less than device minimum"',
    );
    assert.equal(small.kernelMessage, "mtu less than device minimum");
    assert.equal(small.errnoName, "EINVAL");
    const far = errorOf(() =>
      routes.add({ destination: Cidr.parse("10.0.0.0/8"), gateway: IpAddress.parse("9.9.9.9") }),
    );
    assert.equal(
      far.message,
      "adding route 10.0.0.0/8 by 9.9.9.9 in table 254: ENETUNREACH, the network cannot be " +
        'reached; the kernel says "Nexthop has invalid gateway"',
    );
  });
});

test("it names the attribute that the kernel points at, also one within others", () => {
  withNetlink(({ links }) => {
    const details = { kind: "vxlan", id: 1 << 25 } as const;
    const wide = errorOf(() => links.create({ name: "vx", details }));
    assert.equal(wide.attribute, "IFLA_LINKINFO/2/1");
    assert.match(wide.message, /"VXLAN ID must be lower than 16777216" about IFLA_LINKINFO\/2\/1$/);
    const long = errorOf(() => links.create({ name: "a-name-that-is-too-long", details }));
    assert.equal(long.attribute, "IFLA_IFNAME");
    assert.equal(long.fields["attribute"], "IFLA_IFNAME");
  });
});

test("predicates tell what is there already from what is not there", () => {
  withNetlink(({ links, addresses, routes, rules }) => {
    const peer = { name: "c" };
    const again = errorOf(() => links.create({ name: "a", details: { kind: "veth", peer } }));
    assert.match(again.message, /^creating veth link a: EEXIST, it is there already/);
    assert.deepEqual([isAlreadyThere(again), isNotThere(again)], [true, false]);
    const address = { link: 10, address: IpAddress.parse("10.0.0.1"), prefixLength: 24 };
    for (const action of [
      () => links.delete("none"),
      () => addresses.delete(address),
      () => addresses.add({ ...address, link: 77 }),
      () => routes.delete({ destination: Cidr.parse("10.0.0.0/8") }),
      () => rules.delete({ family: 4, priority: 5 }),
    ]) {
      const error = errorOf(action);
      assert.deepEqual([isAlreadyThere(error), isNotThere(error)], [false, true], error.message);
    }
  });
});

test("without privilege one may look and not touch, and is told what it takes", () => {
  withNetlink(() => {
    using namespace = createAnonymousNamespace("unprivileged");
    using mine = openNetlink({ namespace });
    process.seteuid?.(65534);
    try {
      using netlink = openNetlink();
      assert.equal(netlink.links.get(1)?.name, "lo");
      const refused = errorOf(() => netlink.links.create({ name: "x", details: { kind: "ifb" } }));
      assert.match(refused.message, /EPERM.*; it needs CAP_NET_ADMIN, which root has$/);
    } finally {
      process.seteuid?.(0);
    }
    assert.deepEqual(mine.links.list({ kind: "ifb" }), []);
  });
});
