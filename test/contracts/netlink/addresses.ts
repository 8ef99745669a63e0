import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressFlag, RouteProtocol, RouteTable, Scope } from "#netlink";
import { failsWith, ip, type MakeWorld, pair } from "./world.ts";

/** Without the link-local addresses that the kernel gives by itself, in its own time. */
function own(addresses: readonly { address: { key: string; isLinkLocal: boolean } }[]): string[] {
  return addresses.filter(({ address }) => !address.isLinkLocal).map(({ address }) => address.key);
}

export function addressContract(makeWorld: MakeWorld): void {
  test("addresses of both families are added, listed and deleted", () => {
    using world = makeWorld();
    const { addresses } = pair(world).here.netlink;
    const v4 = { link: 10, address: ip("10.0.0.1"), prefixLength: 24 };
    const v6 = { link: 10, address: ip("fd00::1"), prefixLength: 64, flags: AddressFlag.noDad };
    addresses.add(v4);
    addresses.add(v6);
    assert.deepEqual(own(addresses.list({ link: 10 })), ["10.0.0.1", "fd00::1"]);
    assert.deepEqual(own(addresses.list({ family: 6 })), ["fd00::1"]);
    const [first] = addresses.list({ family: 4 });
    assert.deepEqual(
      [first?.prefixLength, first?.scope, first?.label, first?.validSeconds],
      [24, Scope.universe, "left", undefined],
    );
    assert.throws(() => addresses.add(v4), failsWith("EEXIST"));
    assert.throws(() => addresses.add(v6), failsWith("EEXIST"));
    addresses.replace(v4);
    addresses.delete(v4);
    addresses.delete(v6);
    assert.deepEqual(own(addresses.list()), []);
    assert.throws(() => addresses.delete(v4), failsWith("EADDRNOTAVAIL"));
    assert.throws(() => addresses.delete(v6), failsWith("EADDRNOTAVAIL"));
    assert.throws(() => addresses.add({ ...v4, link: 99 }), failsWith("ENODEV"));
  });

  test("what is listed can be added again as it is", () => {
    using world = makeWorld();
    const { addresses } = pair(world).here.netlink;
    addresses.add({
      link: 10,
      address: ip("10.0.0.1"),
      prefixLength: 32,
      peer: ip("10.0.0.2"),
      label: "left:1",
      scope: Scope.link,
      flags: AddressFlag.noPrefixRoute,
    });
    const [before] = addresses.list({ family: 4 });
    assert.ok(before);
    assert.equal(before.peer?.key, "10.0.0.2");
    addresses.delete(before);
    addresses.add(before);
    assert.deepEqual(addresses.list({ family: 4 }), [before]);
  });

  test("an address brings the route of its prefix, and one to itself, unless told not to", () => {
    using world = makeWorld();
    const { addresses, routes } = pair(world).here.netlink;
    const address = { link: 10, address: ip("10.0.0.1"), prefixLength: 24 };
    addresses.add(address);
    const [connected, ...others] = routes.list({ family: 4, table: RouteTable.main });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [
        connected?.destination.key,
        connected?.link,
        connected?.protocol,
        connected?.scope,
        connected?.preferredSource?.key,
      ],
      ["10.0.0.0/24", 10, RouteProtocol.kernel, Scope.link, "10.0.0.1"],
    );
    const local = routes.list({ family: 4, table: RouteTable.local, link: 10 });
    const toSelf = local.filter((route) => route.type === "local");
    assert.deepEqual(
      toSelf.map((route) => route.destination.key),
      ["10.0.0.1/32"],
    );
    addresses.delete(address);
    assert.deepEqual(routes.list({ family: 4 }), []);
    addresses.add({ ...address, flags: AddressFlag.noPrefixRoute });
    assert.deepEqual(routes.list({ family: 4, table: RouteTable.main }), []);
  });

  test("an address of a device that is down has no route of its prefix", () => {
    using world = makeWorld();
    const { addresses, routes, links } = pair(world).here.netlink;
    links.set(10, { isUp: false });
    addresses.add({ link: 10, address: ip("10.0.0.1"), prefixLength: 24 });
    assert.deepEqual(routes.list({ family: 4, table: RouteTable.main }), []);
    links.set(10, { isUp: true });
    assert.equal(routes.list({ family: 4, table: RouteTable.main }).length, 1);
    links.set(10, { isUp: false });
    assert.deepEqual(routes.list({ family: 4, table: RouteTable.main }), []);
    assert.equal(addresses.list({ link: 10, family: 4 }).length, 1);
  });

  test("a device that goes down loses its IPv6 addresses, and nobody gives them back", () => {
    using world = makeWorld();
    const { addresses, links } = pair(world).here.netlink;
    const flags = AddressFlag.noDad;
    addresses.add({ link: 10, address: ip("fd00::1"), prefixLength: 64, flags });
    links.set(10, { isUp: false });
    assert.deepEqual(addresses.list({ link: 10, family: 6 }), []);
    links.set(10, { isUp: true });
    assert.deepEqual(own(addresses.list({ link: 10, family: 6 })), []);
  });

  test("replacing an address changes its lifetime", () => {
    using world = makeWorld();
    const { addresses } = pair(world).here.netlink;
    const address = { link: 10, address: ip("10.0.0.1"), prefixLength: 24 };
    addresses.add(address);
    addresses.replace({ ...address, validSeconds: 600, preferredSeconds: 300 });
    const [found, ...others] = addresses.list({ link: 10, family: 4 });
    assert.deepEqual(others, []);
    assert.equal((found?.validSeconds ?? 0) > 590, true);
    assert.equal((found?.flags ?? 0) & AddressFlag.permanent, 0);
    addresses.replace(address);
    assert.equal(addresses.list({ link: 10, family: 4 })[0]?.validSeconds, undefined);
  });

  test("the loopback device has its addresses as soon as it is up", () => {
    using world = makeWorld();
    const { links, addresses } = world.place("one").netlink;
    links.set("lo", { isUp: true });
    const list = addresses.list();
    assert.deepEqual(
      list.map(({ link, address, prefixLength }) => [link, address.key, prefixLength]),
      [
        [1, "127.0.0.1", 8],
        [1, "::1", 128],
      ],
    );
    assert.equal(list[0]?.scope, Scope.host);
  });
}
