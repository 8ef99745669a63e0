import assert from "node:assert/strict";
import { test } from "node:test";
import { RouteProtocol } from "#netlink";
import { cidr, failsWith, type MakeWorld } from "./world.ts";

export function ruleContract(makeWorld: MakeWorld): void {
  test("rules are added, listed in the order they are asked in, and deleted", () => {
    using world = makeWorld();
    const { rules } = world.place("one").netlink;
    const before = rules.list({ family: 4 });
    assert.deepEqual(
      before.map(({ priority, table }) => [priority, table]),
      [
        [0, 255],
        [32766, 254],
        [32767, 253],
      ],
    );
    rules.add({ family: 4, priority: 10, mark: 0x200, markMask: 0xf00, table: 2004 });
    rules.add({
      family: 4,
      priority: 9,
      source: cidr("10.0.0.0/8"),
      destination: cidr("10.1.0.0/16"),
      inputLink: "lxc1",
      ipProtocol: 6,
      destinationPorts: { first: 80, last: 90 },
      isInverted: true,
      table: 100,
    });
    rules.add({ family: 6, priority: 8, action: "prohibit", source: cidr("fd00::/8") });
    rules.add({ family: 4, priority: 11, isL3mdev: true });
    rules.add({ family: 4, priority: 12, table: 254, suppressPrefixLength: 0 });
    const added = rules.list().filter((rule) => rule.protocol === RouteProtocol.static);
    assert.deepEqual(
      added.map((rule) => [rule.family, rule.priority]),
      [
        [4, 9],
        [4, 10],
        [4, 11],
        [4, 12],
        [6, 8],
      ],
    );
    assert.equal(added[2]?.isL3mdev, true);
    assert.equal(added[3]?.suppressPrefixLength, 0);
    const again = added[1];
    assert.ok(again);
    assert.throws(() => rules.add(again), failsWith("EEXIST"));
    for (const rule of added) rules.delete(rule);
    assert.deepEqual(rules.list({ family: 4 }), before);
    for (const rule of added) rules.add(rule);
    assert.deepEqual(
      rules.list().filter((rule) => rule.protocol === RouteProtocol.static),
      added,
    );
    rules.delete({ family: 4, priority: 10 });
    assert.throws(() => rules.delete({ family: 4, priority: 10 }), failsWith("ENOENT"));
  });
}
