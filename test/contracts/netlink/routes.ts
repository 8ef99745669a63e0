import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressFlag, RouteProtocol, RouteTable, Scope } from "#netlink";
import {
  cidr,
  failsWith,
  ip,
  type MakeWorld,
  pair,
  type Place,
  veth,
  type World,
} from "./world.ts";

/** With 10.0.0.1/24 and fd00::1/64 on link 10. */
function addressed(world: World): Place {
  const { here } = pair(world);
  const { addresses } = here.netlink;
  addresses.add({ link: 10, address: ip("10.0.0.1"), prefixLength: 24 });
  addresses.add({
    link: 10,
    address: ip("fd00::1"),
    prefixLength: 64,
    flags: AddressFlag.noDad,
  });
  return here;
}

export function routeContract(makeWorld: MakeWorld): void {
  test("routes of both families are added, replaced, listed and deleted", () => {
    using world = makeWorld();
    const { routes } = addressed(world).netlink;
    const v4 = { destination: cidr("10.1.0.0/16"), gateway: ip("10.0.0.2") };
    const v6 = { destination: cidr("fd01::/48"), gateway: ip("fd00::2") };
    for (const route of [v4, v6]) {
      const { family } = route.destination;
      const find = () =>
        routes.list({ family, protocol: RouteProtocol.static }).map((each) => each.gateway?.key);
      routes.add(route);
      assert.deepEqual(find(), [route.gateway.key]);
      assert.throws(() => routes.add(route), failsWith("EEXIST"));
      const other = ip(family === 4 ? "10.0.0.3" : "fd00::3");
      routes.replace({ ...route, gateway: other });
      assert.deepEqual(find(), [other.key]);
      assert.throws(() => routes.delete(route), failsWith("ESRCH"));
      routes.delete({ destination: route.destination });
      assert.deepEqual(find(), []);
      assert.throws(() => routes.delete({ destination: route.destination }), failsWith("ESRCH"));
      routes.replace(route);
      assert.deepEqual(find(), [route.gateway.key]);
    }
  });

  test("a default route is one of length 0, and the device follows from the gateway", () => {
    using world = makeWorld();
    const { routes } = addressed(world).netlink;
    routes.add({ destination: cidr("0.0.0.0/0"), gateway: ip("10.0.0.2") });
    routes.add({ destination: cidr("::/0"), gateway: ip("fd00::2") });
    const defaults = routes
      .list({ table: RouteTable.main })
      .filter(({ destination }) => destination.prefixLength === 0);
    assert.deepEqual(
      defaults.map(({ destination, link }) => [destination.key, link]),
      [
        ["0.0.0.0/0", 10],
        ["::/0", 10],
      ],
    );
  });

  test("a gateway must be on a link, unless the route says that it is", () => {
    using world = makeWorld();
    const { routes } = addressed(world).netlink;
    const route = { destination: cidr("10.9.0.0/16"), gateway: ip("172.16.0.1") };
    assert.throws(() => routes.add(route), failsWith("ENETUNREACH"));
    assert.throws(() => routes.add({ ...route, link: 10 }), failsWith("ENETUNREACH"));
    routes.add({ ...route, link: 10, isOnLink: true });
    const [found] = routes.list({ protocol: RouteProtocol.static });
    assert.equal(found?.isOnLink, true);
    assert.throws(
      () => routes.add({ destination: cidr("10.8.0.0/16"), link: 99 }),
      failsWith("ENODEV"),
    );
  });

  test("routes differ by table and by metric", () => {
    using world = makeWorld();
    const { routes } = addressed(world).netlink;
    const destination = cidr("10.1.0.0/16");
    routes.add({ destination, link: 10 });
    routes.add({ destination, link: 10, metric: 5 });
    routes.add({ destination, link: 10, table: 2004 });
    assert.deepEqual(
      routes.list({ table: 2004 }).map(({ table, scope }) => [table, scope]),
      [[2004, Scope.link]],
    );
    const main = routes.list({ family: 4, table: RouteTable.main, protocol: RouteProtocol.static });
    assert.deepEqual(
      main.map((route) => route.metric),
      [undefined, 5],
    );
    routes.delete({ destination, metric: 5 });
    routes.delete({ destination, table: 2004 });
    assert.deepEqual(routes.list({ table: 2004 }), []);
    assert.equal(routes.list({ table: 254, protocol: RouteProtocol.static }).length, 1);
    assert.deepEqual(routes.list({ table: 77_777 }), []);
  });

  test("routes that lead nowhere, or to the machine itself", () => {
    using world = makeWorld();
    const { routes, links } = addressed(world).netlink;
    links.set("lo", { isUp: true });
    routes.add({ destination: cidr("10.2.0.0/16"), type: "blackhole" });
    routes.add({ destination: cidr("10.3.0.0/16"), type: "unreachable" });
    routes.add({ destination: cidr("0.0.0.0/0"), type: "local", link: 1, table: 2004 });
    const types = routes
      .list({ family: 4, protocol: RouteProtocol.static })
      .map(({ destination, type, scope }) => `${destination.key} ${type} ${scope}`);
    assert.deepEqual(types.toSorted(), [
      `0.0.0.0/0 local ${Scope.host}`,
      `10.2.0.0/16 blackhole ${Scope.universe}`,
      `10.3.0.0/16 unreachable ${Scope.universe}`,
    ]);
  });

  test("what is listed can be added again as it is", () => {
    using world = makeWorld();
    const { routes } = addressed(world).netlink;
    const hop = { link: 10, gateway: ip("10.0.0.2"), weight: 2, isOnLink: false };
    routes.add({
      destination: cidr("10.1.0.0/16"),
      gateway: ip("10.0.0.2"),
      mtu: 1400,
      advertisedMss: 1300,
      preferredSource: ip("10.0.0.1"),
      metric: 7,
    });
    routes.add({
      destination: cidr("10.2.0.0/16"),
      nextHops: [hop, { ...hop, gateway: ip("10.0.0.3"), weight: 1 }],
    });
    routes.add({ destination: cidr("10.3.0.0/16"), gateway: ip("fd00::5"), link: 10 });
    routes.add({ destination: cidr("fd05::/64"), gateway: ip("fd00::5"), mtu: 1400 });
    const before = routes.list({ protocol: RouteProtocol.static });
    assert.equal(before.length, 4);
    assert.equal(before[1]?.nextHops.length, 2);
    assert.equal(before[1]?.link, undefined);
    assert.equal(before[2]?.gateway?.key, "fd00::5");
    for (const route of before) routes.delete(route);
    assert.deepEqual(routes.list({ protocol: RouteProtocol.static }), []);
    for (const route of before) routes.add(route);
    assert.deepEqual(routes.list({ protocol: RouteProtocol.static }), before);
  });

  test("routes go with their device, and IPv4's when it goes down", () => {
    using world = makeWorld();
    const { routes, links } = addressed(world).netlink;
    routes.add({ destination: cidr("10.1.0.0/16"), gateway: ip("10.0.0.2") });
    links.set(10, { isUp: false });
    assert.deepEqual(routes.list({ family: 4, protocol: RouteProtocol.static }), []);
    links.set(10, { isUp: true });
    routes.add({ destination: cidr("10.1.0.0/16"), gateway: ip("10.0.0.2") });
    links.delete(10);
    assert.deepEqual(routes.list({ protocol: RouteProtocol.static }), []);
    assert.deepEqual(routes.list({ link: 10 }), []);
  });

  test("a route needs a device that is up, a reachable gateway and a source that is its own", () => {
    using world = makeWorld();
    const { routes, links } = addressed(world).netlink;
    const destination = cidr("10.1.0.0/16");
    links.create(veth("down", "other", { index: 11 }));
    assert.throws(() => routes.add({ destination, link: 11 }), failsWith("ENETDOWN"));
    const far = { destination: cidr("fd09::/64"), gateway: ip("fd08::1") };
    assert.throws(() => routes.add(far), failsWith("EHOSTUNREACH"));
    const foreign = { destination, link: 10, preferredSource: ip("10.9.9.9") };
    assert.throws(() => routes.add(foreign), failsWith("EINVAL"));
  });

  test("a route goes with the address that it gives as the source", () => {
    using world = makeWorld();
    const { routes, addresses } = addressed(world).netlink;
    const address = { link: 10, address: ip("10.5.5.5"), prefixLength: 32 };
    addresses.add(address);
    const destination = cidr("10.1.0.0/16");
    routes.add({ destination, link: 10, preferredSource: address.address });
    addresses.delete(address);
    assert.deepEqual(routes.list({ family: 4, protocol: RouteProtocol.static }), []);
  });
}
