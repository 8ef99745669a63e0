import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowState, PolicyEffect, PolicyEntryFlag, PolicyFlag } from "#abi";
import type { TcpFlag } from "#packet";
import {
  ALICE,
  BOB,
  ipFrame,
  OPEN_POLICY,
  type Outcome,
  SERVER,
  type TestEntry,
  TestWorld,
} from "./test-world.ts";

const POLICY = 20;
const TCP = 6;
const UDP = { sourcePort: 40_000, destinationPort: 80 };
const DENY = { effect: PolicyEffect.effectDeny, precedence: 9 };
const ALLOW_SERVER = { direction: "egress", identity: SERVER.identity, cookie: 5 } as const;

function worldOf(entries: readonly TestEntry[], flags = 0): TestWorld {
  const world = new TestWorld();
  world.setPolicy(POLICY, entries, flags);
  world.setPod(ALICE, { policy: POLICY });
  return world;
}

function ask(world: TestWorld, whom: { readonly ipv4: string } = SERVER): Outcome {
  return world.fromPod(ALICE, ipFrame(ALICE, ALICE.ipv4, whom.ipv4).udp(UDP));
}

function tcp(world: TestWorld, flags: TcpFlag[], isBack = false): Outcome {
  const ports = { sourcePort: 40_000, destinationPort: 80 };
  const back = { sourcePort: 80, destinationPort: 40_000 };
  if (!isBack) {
    const frame = ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).tcp({ ...ports, flags });
    return world.fromPod(ALICE, frame);
  }
  return world.toPod(ALICE, ipFrame(ALICE, SERVER.ipv4, ALICE.ipv4).tcp({ ...back, flags }), 3);
}

/** Verdict, reason, cookie and shape of egress. */
function summary({ events }: Outcome): (number | undefined)[] {
  const [event] = events;
  return [event?.verdict[0], event?.reason, event?.cookie[0], event?.shape[0]];
}

test("what no entry allows is denied, and what one denies says which", () => {
  assert.deepEqual(summary(ask(worldOf([]))), [3, 133, 0, 0]);
  const denied = worldOf([ALLOW_SERVER, { ...ALLOW_SERVER, ...DENY, port: 80, protocol: 17 }]);
  assert.deepEqual(summary(ask(denied)), [3, 181, 5, 16]);
  assert.equal(denied.counted("egress", 181), 1);
  assert.deepEqual(denied.flows("otherFlows"), []);
  assert.deepEqual(summary(ask(worldOf([ALLOW_SERVER]))), [1, 0, 5, 0x20]);
});

test("a pod without a policy may do nothing, or all, as it is set", () => {
  const world = new TestWorld();
  world.setPod(ALICE, { policy: 0 });
  assert.deepEqual(summary(ask(world)), [3, 203, 0, 0]);
  world.setPod(ALICE, { policy: 4000 });
  assert.deepEqual(summary(ask(world)), [3, 203, 0, 0]);
  const open = new TestWorld({ is_open_without_policy: true });
  open.setPod(ALICE, { policy: 0 });
  assert.deepEqual(summary(ask(open)), [1, 0, 0, 0]);
});

test("of equal precedence the first shape holds; none is no precedence", () => {
  const entries = [
    { direction: "egress", cookie: 1 },
    { direction: "egress", identity: SERVER.identity, cookie: 2 },
    { direction: "egress", port: 64, portPrefix: 10, protocol: 17, cookie: 3 },
    { direction: "egress", port: 80, protocol: 17, cookie: 4, precedence: 0, effect: 3 },
  ] as const;
  assert.deepEqual(summary(ask(worldOf(entries))), [1, 0, 3, 10 | 0x40]);
});

test("a block is a second identity, where the policy says so", () => {
  const entries = [{ direction: "egress", identity: 5000, cookie: 8 }] as const;
  for (const [flags, expected] of [
    [0, [3, 133, 0, 0]],
    [PolicyFlag.policyIngressBlocks, [3, 133, 0, 0]],
    [PolicyFlag.policyEgressBlocks, [1, 0, 8, 0x20]],
  ] as const) {
    const world = worldOf(entries, flags);
    world.setPrefix("blocks", "192.0.2.0", 24, 5000);
    assert.deepEqual(summary(ask(world)), expected);
  }
});

test("audit lets pass what would be denied, and says so", () => {
  const { policyAudit } = PolicyFlag;
  assert.deepEqual(summary(ask(worldOf([], policyAudit))), [0x81, 0, 0, 0]);
  const denied = worldOf([{ ...ALLOW_SERVER, ...DENY }], policyAudit);
  assert.deepEqual(summary(ask(denied)), [0x81, 0, 5, 0x20]);
  const { entryAuditAllow, entryAuditDeny } = PolicyEntryFlag;
  const byAllow = worldOf([{ ...ALLOW_SERVER, flags: entryAuditAllow }]);
  assert.deepEqual(summary(ask(byAllow)), [0x81, 0, 5, 0x20]);
  const quiet = { direction: "egress", precedence: 0, flags: entryAuditDeny } as const;
  assert.deepEqual(summary(ask(worldOf([ALLOW_SERVER, quiet]))), [0x81, 0, 5, 0x20]);
});

test("authentication is asked for by the most specific that may, and expires", () => {
  const required = { authentication: 2 };
  const world = worldOf([{ ...ALLOW_SERVER, ...required }]);
  assert.deepEqual(summary(ask(world)), [3, 189, 5, 0x20]);
  world.setAuthentication(ALICE.identity, SERVER.identity, world.timeNs);
  assert.deepEqual(summary(ask(world)), [3, 189, 5, 0x20]);
  world.setAuthentication(ALICE.identity, SERVER.identity, world.timeNs + 1n);
  assert.deepEqual(summary(ask(world)), [1, 0, 5, 0x20]);
  const fails = worldOf([{ ...ALLOW_SERVER, authentication: 3 }]);
  assert.deepEqual(summary(ask(fails)), [3, 189, 5, 0x20]);
});

test("who covers the best entry lends it his authentication, unless one is nearer", () => {
  const best = { ...ALLOW_SERVER, port: 80, protocol: 17, precedence: 5 };
  const wide = { direction: "egress", authentication: 2 } as const;
  assert.equal(ask(worldOf([best, wide])).events[0]?.reason, 189);
  const disabled = { ...best, authentication: 1 };
  assert.equal(ask(worldOf([disabled, wide])).events[0]?.reason, 0);
  // Beaten, and it says a protocol that the best one leaves open.
  const narrow = { direction: "egress", protocol: 17, authentication: 2 } as const;
  assert.equal(ask(worldOf([{ ...ALLOW_SERVER, precedence: 5 }, narrow])).events[0]?.reason, 0);
});

test("a redirect goes to its proxy, replies do not, and none without a port", () => {
  const redirect = { ...ALLOW_SERVER, effect: PolicyEffect.effectRedirect };
  assert.deepEqual(summary(ask(worldOf([redirect]))), [3, 180, 5, 0x20]);
  const world = worldOf([{ ...redirect, proxyPort: 0xabcd }]);
  const outcome = tcp(world, ["SYN"]);
  assert.deepEqual(summary(outcome), [2, 0, 5, 0x20]);
  assert.deepEqual([outcome.mark, outcome.action, outcome.events[0]?.point], [0xabcd0200, -1, 1]);
  assert.equal(tcp(world, ["SYN", "ACK"], true).mark, 0);
  assert.equal(tcp(world, ["ACK"]).mark, 0xabcd0200);
});

test("a new epoch judges a flow again, from whichever packet; a denied one is left", () => {
  const world = worldOf([ALLOW_SERVER]);
  tcp(world, ["SYN"]);
  tcp(world, ["SYN", "ACK"], true);
  world.setEpoch(2);
  assert.deepEqual(tcp(world, ["ACK"], true).events, []);
  assert.equal(world.flows("tcpFlows")[0]?.epoch, 2);
  world.setPolicy(POLICY, [{ ...ALLOW_SERVER, ...DENY }]);
  assert.equal(tcp(world, ["ACK"]).action, -1);
  world.setEpoch(3);
  const before = world.flows("tcpFlows");
  const { events, action } = tcp(world, ["ACK"], true);
  assert.deepEqual([action, summary({ events } as Outcome)], [2, [3, 181, 5, 0x20]]);
  assert.deepEqual(events[0]?.identity, [SERVER.identity, ALICE.identity]);
  assert.equal(events[0]?.state, FlowState.stateUnknown);
  assert.deepEqual(world.flows("tcpFlows"), before);
  assert.equal(world.counted("ingress", 181), 1);
});

test("a flow from before its pod came is nobody's", () => {
  const world = new TestWorld();
  tcp(world, ["SYN"]);
  world.setEpoch(5);
  world.setPod(ALICE, { since: 5 });
  const { events } = tcp(world, ["ACK"], true);
  assert.equal(events[0]?.state, FlowState.stateNew);
  assert.deepEqual(world.flows("tcpFlows")[0]?.identity, [SERVER.identity, ALICE.identity]);
});

test("nor is it anybody's where its peer's pod came later", () => {
  const world = new TestWorld();
  const ports = { sourcePort: 80, destinationPort: 40_000 };
  ask(world, BOB);
  world.setEpoch(5);
  world.setPod(ALICE, { since: 5 });
  const frame = ipFrame(BOB, BOB.ipv4, ALICE.ipv4).udp(ports);
  const { events } = world.fromPod(BOB, frame);
  assert.equal(events[0]?.state, FlowState.stateNew);
});

test("a lost flow is recovered in the direction that policy allows", () => {
  const world = worldOf([{ ...ALLOW_SERVER, port: 80, protocol: TCP }]);
  const back = tcp(world, ["ACK"], true);
  assert.deepEqual([back.action, back.events[0]?.state], [-1, FlowState.stateNew]);
  const [flow] = world.flows("tcpFlows");
  assert.deepEqual([flow?.identity, flow?.port], [[ALICE.identity, SERVER.identity], 80]);
  const counts = { created: 1n, recovered: 1n, failed: 0n };
  assert.deepEqual(world.model.counts.flowCounts[0], counts);
  const closed = worldOf([{ direction: "ingress", ...DENY, cookie: 6 }]);
  const { events } = tcp(closed, ["ACK"], true);
  assert.deepEqual([events[0]?.verdict, events[0]?.reason], [[0, 3], 181]);
});

test("a SYN with an ACK is judged as a reply alone", () => {
  const world = worldOf([{ direction: "ingress" }]);
  const { events, action } = tcp(world, ["SYN", "ACK"], true);
  assert.deepEqual([action, events[0]?.verdict, events[0]?.reason], [2, [3, 0], 133]);
  assert.equal(tcp(world, ["ACK"], true).action, -1);
});

test("ingress of the other pod is judged too, and counted as his", () => {
  const world = new TestWorld();
  world.setPolicy(POLICY, [{ direction: "egress" }]);
  world.setPod(BOB, { policy: POLICY });
  const frame = ipFrame(ALICE, ALICE.ipv4, BOB.ipv4).udp(UDP);
  const { events, action } = world.fromPod(ALICE, frame);
  assert.deepEqual([action, events[0]?.verdict, events[0]?.reason], [2, [1, 3], 133]);
  assert.deepEqual([events[0]?.point, world.counted("ingress", 133)], [5, 1]);
  world.setPod(BOB, { policy: OPEN_POLICY });
  assert.equal(world.fromPod(ALICE, frame).action, 7);
});

test("nobody is kept from himself", () => {
  const outcome = worldOf([]).fromPod(ALICE, ipFrame(ALICE, ALICE.ipv4, ALICE.ipv4).udp(UDP));
  assert.deepEqual([outcome.redirectTo, outcome.events[0]?.verdict], [ALICE.slot, [0, 0]]);
});
