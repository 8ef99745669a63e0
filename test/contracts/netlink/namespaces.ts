import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, failsWith, type MakeWorld, pair } from "./world.ts";

export function namespaceContract(makeWorld: MakeWorld): void {
  test("a namespace has a number in another once it was given one", () => {
    using world = makeWorld();
    const here = world.place("here");
    const there = world.place("there");
    const { namespaceIds } = here.netlink;
    assert.equal(namespaceIds.get(there.ref), undefined);
    namespaceIds.set(there.ref, 42);
    assert.equal(namespaceIds.get(there.ref), 42);
    assert.deepEqual(namespaceIds.list(), [{ id: 42 }]);
    assert.throws(() => namespaceIds.set(there.ref, 43), failsWith("EEXIST"));
    assert.deepEqual(there.netlink.namespaceIds.list(), []);
  });

  test("a namespace takes its devices with it, and the other ends of its veths", async () => {
    using world = makeWorld();
    const { here, there } = pair(world);
    world.remove(there);
    await eventually("left is gone", () => here.netlink.links.get("left") === undefined);
    assert.deepEqual(here.netlink.links.list({ kind: "veth" }), []);
  });
}
