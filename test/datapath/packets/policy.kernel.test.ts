import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Rule } from "../rules.ts";
import { IDENTITY, openWorld, PODS, tcp, type World } from "./world.ts";

const ALLOWED = "continue";
const DEFAULT = "drop policy-denied";
const DENIED = "drop policy-deny";

/** A packet of a's to x: what egress rules of a say of a port. */
function asks(
  world: World,
  rules: readonly Rule[],
  verdicts: readonly (readonly [number, string])[],
) {
  world.policy("a", rules);
  for (const [port, verdict] of verdicts) {
    world.sends("a", tcp("a:1000", `x:${port}`), verdict);
  }
}

void describe("what rules say of a port", () => {
  const world = openWorld();
  const out = { direction: "egress" } as const;

  const cases: [name: string, rules: Rule[], verdicts: (readonly [number, string])[]][] = [
    ["no rule", [], [[80, DEFAULT]]],
    ["a rule of the other direction", [{ direction: "ingress" }], [[80, DEFAULT]]],
    [
      "all",
      [out],
      [
        [80, ALLOWED],
        [65_535, ALLOWED],
        [0, ALLOWED],
      ],
    ],
    ["one identity", [{ ...out, identity: IDENTITY.x }], [[80, ALLOWED]]],
    ["another identity", [{ ...out, identity: 4242 }], [[80, DEFAULT]]],
    ["one protocol", [{ ...out, protocol: 6 }], [[80, ALLOWED]]],
    ["another protocol", [{ ...out, protocol: 17 }], [[80, DEFAULT]]],
    [
      "one port",
      [{ ...out, protocol: 6, port: 80 }],
      [
        [79, DEFAULT],
        [80, ALLOWED],
        [81, DEFAULT],
      ],
    ],
    [
      "a range of ports as a prefix",
      [{ ...out, protocol: 6, port: 1024, portPrefix: 6 }],
      [
        [1023, DEFAULT],
        [1024, ALLOWED],
        [2047, ALLOWED],
        [2048, DEFAULT],
      ],
    ],
    [
      "the upper half of all ports",
      [{ ...out, protocol: 6, port: 32_768, portPrefix: 1 }],
      [
        [32_767, DEFAULT],
        [32_768, ALLOWED],
        [65_535, ALLOWED],
      ],
    ],
    [
      "the last port",
      [{ ...out, protocol: 6, port: 65_535 }],
      [
        [65_534, DEFAULT],
        [65_535, ALLOWED],
      ],
    ],
    [
      "port 0",
      [{ ...out, protocol: 6, port: 0 }],
      [
        [0, ALLOWED],
        [1, DEFAULT],
      ],
    ],
    ["a denial", [{ ...out, effect: "deny" }], [[80, DENIED]]],
    [
      "a denial of a port and leave for all",
      [out, { ...out, protocol: 6, port: 80, effect: "deny" }],
      [
        [80, DENIED],
        [81, ALLOWED],
      ],
    ],
    [
      "leave for a port and a denial of all",
      [
        { ...out, effect: "deny" },
        { ...out, identity: IDENTITY.x, protocol: 6, port: 80 },
      ],
      [
        [80, DENIED],
        [81, DENIED],
      ],
    ],
    [
      "leave above a denial",
      [
        { ...out, effect: "deny" },
        { ...out, protocol: 6, port: 80, precedence: 100 },
      ],
      [
        [80, ALLOWED],
        [81, DENIED],
      ],
    ],
    ["an entry that says nothing", [{ ...out, effect: "none" }], [[80, DEFAULT]]],
    [
      "one of precedence 0, which is none",
      [{ ...out, precedence: 0, effect: "deny" }],
      [[80, DEFAULT]],
    ],
    [
      "of the highest precedences there are",
      [
        { ...out, precedence: 0xffff_fffe },
        { ...out, protocol: 6, port: 80, precedence: 0xffff_ffff, effect: "deny" },
      ],
      [
        [80, DENIED],
        [81, ALLOWED],
      ],
    ],
  ];
  for (const [name, rules, verdicts] of cases) {
    test(name, () => asks(world, rules, verdicts));
  }

  test("every length of prefix is looked up", () => {
    const port = 0b1010_1010_1010_1010;
    for (let portPrefix = 1; portPrefix <= 16; portPrefix++) {
      const outside = port ^ (1 << (16 - portPrefix));
      const rule = { ...out, protocol: 6, port, portPrefix };
      asks(
        world,
        [rule],
        [
          [port, ALLOWED],
          [outside, DEFAULT],
        ],
      );
    }
  });

  test("as many shapes as there can be", () => {
    const rules: Rule[] = [];
    for (let portPrefix = 0; portPrefix <= 16; portPrefix++) {
      for (const identity of [0, 4242]) {
        for (const protocol of [0, 17]) {
          rules.push({ ...out, identity, protocol, port: 0x8000, portPrefix });
        }
      }
    }
    const distinct = rules.filter(({ identity, protocol }) => identity !== 0 || protocol !== 0);
    assert.equal(distinct.length, 51);
    asks(world, distinct, [
      [0x8000, DEFAULT],
      [0x7fff, DEFAULT],
    ]);
    asks(world, [...distinct, { ...out, protocol: 6, port: 0x8000 }], [[0x8000, ALLOWED]]);
  });
});

void describe("which entry decided", () => {
  const world = openWorld();
  const decides = (rules: readonly Rule[], cookie: number, shape: number): void => {
    world.policy("a", rules);
    world.state.clearFlows();
    const { events } = world.rig.run("from_pod", PODS.a.slot, tcp("a:1000", "x:80"));
    assert.deepEqual(events[0]?.cookie, [cookie, 0]);
    assert.deepEqual([...(events[0]?.shape ?? [])], [shape, 0]);
  };
  const all: Rule = { direction: "egress", cookie: 1 };
  const byIdentity: Rule = { ...all, identity: IDENTITY.x, cookie: 2 };
  const byPort: Rule = { ...all, protocol: 6, port: 80, cookie: 3 };
  const byBoth: Rule = { ...byPort, identity: IDENTITY.x, cookie: 4 };

  test("the only one, with its shape", () => {
    decides([all], 1, 0x60);
    decides([byIdentity], 2, 0x20);
    decides([byPort], 3, 0x50);
    decides([byBoth], 4, 0x10);
  });
  test("of equals, the most specific", () => {
    decides([all, byIdentity, byPort, byBoth], 4, 0x10);
    decides([all, byIdentity, byPort], 2, 0x20);
    decides([all, byPort], 3, 0x50);
  });
  test("of others, the one of the highest precedence", () => {
    decides([{ ...all, precedence: 9 }, byBoth], 1, 0x60);
    decides([all, { ...byPort, effect: "deny" }, byBoth], 3, 0x50);
  });
  test("none, where nothing matches or what does says nothing", () => {
    decides([], 0, 0);
    decides([{ ...all, effect: "none", precedence: 5 }], 0, 0);
  });
  test("in both directions, each its own", () => {
    world.policy("a", [{ ...all, cookie: 7 }]);
    world.policy("b", [{ direction: "ingress", protocol: 6, cookie: 8 }]);
    const { events } = world.sends("a", tcp("a:1000", "b:80"), "redirect");
    assert.deepEqual(events[0]?.cookie, [7, 8]);
    assert.deepEqual([...(events[0]?.shape ?? [])], [0x60, 0x40]);
  });
});
