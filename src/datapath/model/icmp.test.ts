import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowState } from "#abi";
import { packet, type PacketBuilder } from "#packet";
import { ALICE, BOB, HERTZ, ipFrame, type Outcome, SERVER, TestWorld } from "./test-world.ts";

const PORTS = { sourcePort: 40_000, destinationPort: 80 };
const ROUTER = "198.51.100.1";

const stateOf = ({ events }: Outcome): number | undefined => events[0]?.state;

function unreachable(source: string, destination: string, inner: PacketBuilder): PacketBuilder {
  const frame = ipFrame(ALICE, source, destination);
  const embedded = inner.build();
  return source.includes(":")
    ? frame.icmpv6({ message: "unreachable", embedded })
    : frame.icmp({ message: "unreachable", embedded });
}

const SENT = packet().ipv4({ source: ALICE.ipv4, destination: SERVER.ipv4 });

test("an echo is a flow of who asks, and its answer is a reply", () => {
  const world = new TestWorld();
  const v4 = (source: string, destination: string) => ipFrame(ALICE, source, destination);
  const ask = v4(ALICE.ipv4, SERVER.ipv4).icmp({ message: "echo-request", identifier: 77 });
  const answer = v4(SERVER.ipv4, ALICE.ipv4).icmp({ message: "echo-reply", identifier: 77 });
  assert.equal(stateOf(world.toPod(ALICE, answer, 3)), FlowState.stateNew);
  assert.deepEqual(world.flows("otherFlows"), []);
  assert.equal(stateOf(world.fromPod(ALICE, ask)), FlowState.stateNew);
  world.now += 6 * HERTZ;
  assert.equal(stateOf(world.toPod(ALICE, answer, 3)), FlowState.stateReply);
  const other = v4(SERVER.ipv4, ALICE.ipv4).icmp({ message: "echo-reply", identifier: 78 });
  assert.equal(stateOf(world.toPod(ALICE, other, 3)), FlowState.stateNew);
  const [flow, ...more] = world.flows("otherFlows");
  assert.deepEqual([flow?.port, more.length], [8, 0]);
});

test("one's own ping is no answer to the other's", () => {
  const world = new TestWorld();
  const ping = (from: typeof ALICE, to: string): Outcome =>
    world.fromPod(
      from,
      ipFrame(from, from.ipv6, to).icmpv6({ message: "echo-request", identifier: 5 }),
    );
  ping(ALICE, BOB.ipv6);
  assert.equal(stateOf(ping(BOB, ALICE.ipv6)), FlowState.stateNew);
  assert.deepEqual(
    world.flows("otherFlows").map(({ port }) => port),
    [128, 128],
  );
});

test("an error belongs to the flow that it is about, whoever reports, and leaves it alone", () => {
  const world = new TestWorld();
  world.setPolicy(30, [{ direction: "egress" }]);
  world.setPod(ALICE, { policy: 30 });
  world.fromPod(ALICE, ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).udp(PORTS));
  const before = world.flows("otherFlows");
  world.now += 5;
  const error = unreachable(ROUTER, ALICE.ipv4, SENT.udp(PORTS));
  const outcome = world.toPod(ALICE, error, 3);
  assert.deepEqual([outcome.action, stateOf(outcome)], [-1, FlowState.stateRelated]);
  assert.deepEqual(outcome.events[0]?.identity, [SERVER.identity, ALICE.identity]);
  assert.deepEqual(world.flows("otherFlows"), before);
  // About a flow that is not there: what it is, ingress does not allow.
  const strange = unreachable(ROUTER, ALICE.ipv4, SENT.udp({ ...PORTS, sourcePort: 1 }));
  assert.equal(world.toPod(ALICE, strange, 3).events[0]?.reason, 133);
});

test("an error about a stale flow judges it again", () => {
  const world = new TestWorld();
  world.fromPod(ALICE, ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).tcp({ ...PORTS, flags: ["SYN"] }));
  world.setEpoch(2);
  const error = unreachable(ROUTER, ALICE.ipv4, SENT.tcp({ ...PORTS, flags: ["SYN"] }));
  assert.equal(stateOf(world.toPod(ALICE, error, 3)), FlowState.stateRelated);
  assert.equal(world.flows("tcpFlows")[0]?.epoch, 2);
  world.setPolicy(30, []);
  world.setPod(ALICE, { policy: 30 });
  world.setEpoch(3);
  assert.equal(world.toPod(ALICE, error, 3).events[0]?.reason, 133);
});

test("a pod reports only what was sent to it", () => {
  const world = new TestWorld();
  const bobs = packet().ipv6({ source: BOB.ipv6, destination: ALICE.ipv6 }).udp(PORTS);
  world.fromPod(BOB, ipFrame(BOB, BOB.ipv6, ALICE.ipv6).udp(PORTS));
  const honest = world.fromPod(ALICE, unreachable(ALICE.ipv6, BOB.ipv6, bobs));
  assert.deepEqual([honest.redirectTo, stateOf(honest)], [BOB.slot, FlowState.stateRelated]);
  world.fromPod(BOB, ipFrame(BOB, BOB.ipv4, SERVER.ipv4).udp(PORTS));
  const another = packet().ipv4({ source: BOB.ipv4, destination: SERVER.ipv4 }).udp(PORTS);
  const lie = world.fromPod(ALICE, unreachable(ALICE.ipv4, BOB.ipv4, another));
  assert.equal(stateOf(lie), FlowState.stateNew);
});

test("an error whose packet cannot be read is single", () => {
  const world = new TestWorld();
  world.fromPod(ALICE, ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).udp(PORTS));
  const error = unreachable(ROUTER, ALICE.ipv4, SENT.udp(PORTS)).build();
  const inner = 42;
  for (const [at, byte] of [
    [inner, 0x55],
    [inner, 0x44],
    [inner + 7, 1],
    [inner + 9, 47],
    [inner + 15, 9],
  ] as const) {
    const wrong = error.slice();
    wrong[at] = byte;
    assert.equal(stateOf(world.toPod(ALICE, wrong, 3)), FlowState.stateNew, `${at}`);
  }
  assert.equal(stateOf(world.toPod(ALICE, error.subarray(0, inner + 27), 3)), FlowState.stateNew);
  assert.equal(
    stateOf(world.toPod(ALICE, error.subarray(0, inner + 28), 3)),
    FlowState.stateRelated,
  );
});

test("an error about an echo belongs to its flow", () => {
  const world = new TestWorld();
  const echo = { message: "echo-request", identifier: 9 } as const;
  world.fromPod(ALICE, ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).icmp(echo));
  const error = unreachable(ROUTER, ALICE.ipv4, SENT.icmp(echo));
  assert.equal(stateOf(world.toPod(ALICE, error, 3)), FlowState.stateRelated);
});

const LONG = "x".repeat(100);

test("later fragments have the ports of the first", () => {
  for (const [source, destination] of [
    [ALICE.ipv4, SERVER.ipv4],
    [ALICE.ipv6, SERVER.ipv6],
  ] as const) {
    const world = new TestWorld({ aggregation: 1 });
    const whole = ipFrame(ALICE, source, destination).udp(PORTS).payload(LONG);
    const [first, second] = whole.fragments({ mtu: 104, identification: 7 });
    assert.ok(first && second);
    assert.equal(world.fromPod(ALICE, second).events[0]?.reason, 175);
    assert.equal(stateOf(world.fromPod(ALICE, first)), FlowState.stateNew);
    const { events } = world.fromPod(ALICE, second);
    assert.deepEqual([events[0]?.destinationPort, events[0]?.state], [80, 1]);
    const [, stranger] = whole.fragments({ mtu: 104, identification: 8 });
    assert.ok(stranger);
    assert.equal(world.fromPod(ALICE, stranger).events[0]?.reason, 175);
  }
});

test("fragments of an echo are of its flow; of an error the later ones are single", () => {
  const world = new TestWorld({ aggregation: 1 });
  const echo = { message: "echo-request", identifier: 9 } as const;
  const ask = ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).icmp(echo).payload(LONG);
  const states = ask
    .fragments({ mtu: 60, identification: 7 })
    .map((each) => stateOf(world.fromPod(ALICE, each)));
  assert.deepEqual(states, [0, 1, 1]);
  const error = unreachable(ROUTER, ALICE.ipv4, SENT.icmp(echo).payload(LONG));
  const told = error
    .fragments({ mtu: 84, identification: 7 })
    .map((each) => stateOf(world.toPod(ALICE, each, 3)));
  assert.deepEqual(told, [3, 0, 0]);
});

test("an atomic fragment is no fragment", () => {
  const world = new TestWorld();
  const frame = ipFrame(ALICE, ALICE.ipv6, SERVER.ipv6).fragmentHeader().udp(PORTS);
  assert.equal(world.fromPod(ALICE, frame).events[0]?.destinationPort, 80);
  assert.deepEqual([...world.stores.datagrams.entries()], []);
});
