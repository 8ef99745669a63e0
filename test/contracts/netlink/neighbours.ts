import assert from "node:assert/strict";
import { test } from "node:test";
import { MacAddress } from "#base";
import { NeighbourState, RouteProtocol } from "#netlink";
import { failsWith, ip, type MakeWorld, pair } from "./world.ts";

const MAC = MacAddress.parse("02:00:00:00:00:01");

export function neighbourContract(makeWorld: MakeWorld): void {
  test("neighbours are added, replaced, listed and deleted", () => {
    using world = makeWorld();
    const { neighbours, links } = pair(world).here.netlink;
    const v4 = { link: 10, address: ip("10.0.0.2"), mac: MAC };
    const v6 = { link: 10, address: ip("fd00::2"), mac: MAC, protocol: RouteProtocol.static };
    neighbours.add(v4);
    neighbours.add(v6);
    assert.throws(() => neighbours.add(v4), failsWith("EEXIST"));
    const permanent = neighbours
      .list({ link: 10 })
      .filter(({ state }) => state === NeighbourState.permanent);
    assert.deepEqual(
      permanent.map(({ address, mac, protocol }) => [address.key, mac?.key, protocol]),
      [
        ["10.0.0.2", MAC.key, RouteProtocol.unspecified],
        ["fd00::2", MAC.key, RouteProtocol.static],
      ],
    );
    const other = MacAddress.parse("02:00:00:00:00:09");
    neighbours.replace({ ...v4, mac: other });
    assert.equal(neighbours.list({ family: 4, link: 10 })[0]?.mac?.key, other.key);
    neighbours.delete(v4);
    assert.deepEqual(neighbours.list({ family: 4, link: 10 }), []);
    assert.throws(() => neighbours.delete(v4), failsWith("ENOENT"));
    links.delete(10);
    assert.deepEqual(neighbours.list({ link: 10 }), []);
  });

  test("proxy addresses are kept apart", () => {
    using world = makeWorld();
    const { neighbours } = pair(world).here.netlink;
    const proxy = { link: 10, address: ip("10.0.0.9"), isProxy: true };
    neighbours.add(proxy);
    assert.deepEqual(neighbours.list({ family: 4, link: 10 }), []);
    assert.deepEqual(
      neighbours.list({ isProxy: true }).map(({ address, isProxy }) => [address.key, isProxy]),
      [["10.0.0.9", true]],
    );
    neighbours.delete(proxy);
    assert.deepEqual(neighbours.list({ isProxy: true }), []);
  });

  test("one that is there for good goes all the same when its device goes down", () => {
    using world = makeWorld();
    const { neighbours, links } = pair(world).here.netlink;
    const address = ip("10.0.0.2");
    assert.throws(() => neighbours.add({ link: 99, address, mac: MAC }), failsWith("ENODEV"));
    neighbours.add({ link: 10, address, mac: MAC });
    links.set(10, { isUp: false });
    assert.deepEqual(neighbours.list({ link: 10, family: 4 }), []);
  });
}
