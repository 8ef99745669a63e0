import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowFlag, FlowState } from "#abi";
import type { TcpFlag } from "#packet";
import { ALICE, BOB, HERTZ, ipFrame, type Outcome, SERVER, TestWorld } from "./test-world.ts";

const PORTS = { sourcePort: 40_000, destinationPort: 80 };
const BACK = { sourcePort: 80, destinationPort: 40_000 };

function send(world: TestWorld, flags: TcpFlag[], ports = PORTS): Outcome {
  return world.fromPod(ALICE, ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).tcp({ ...ports, flags }));
}

function answer(world: TestWorld, flags: TcpFlag[], ports = BACK): Outcome {
  const frame = ipFrame(ALICE, SERVER.ipv4, ALICE.ipv4).tcp({ ...ports, flags });
  return world.toPod(ALICE, frame, 3);
}

const stateOf = ({ events }: Outcome): number | undefined => events[0]?.state;

test("a connection is told at its first packet, its flags, and then once in an interval", () => {
  const world = new TestWorld();
  assert.equal(stateOf(send(world, ["SYN"])), FlowState.stateNew);
  assert.equal(stateOf(answer(world, ["SYN", "ACK"])), FlowState.stateReply);
  assert.equal(stateOf(answer(world, ["ACK"])), undefined);
  world.now += 5 * HERTZ - 1;
  assert.equal(stateOf(send(world, ["ACK"])), undefined);
  world.now += 1;
  assert.equal(stateOf(send(world, ["ACK"])), FlowState.stateEstablished);
  assert.equal(stateOf(send(world, ["ACK"])), undefined);
  assert.equal(stateOf(send(world, ["ACK", "FIN"])), FlowState.stateEstablished);
  assert.equal(stateOf(send(world, ["ACK", "FIN"])), undefined);
  const [flow] = world.flows("tcpFlows");
  assert.equal(flow?.flags, FlowFlag.flowReplySeen | FlowFlag.flowClosedByInitiator);
  assert.deepEqual(flow.identity, [ALICE.identity, SERVER.identity]);
  assert.deepEqual([flow.slot, flow.port], [[ALICE.slot, 0], 80]);
  assert.equal(world.counted("egress", 0), 6);
  assert.equal(world.counted("ingress", 0), 2);
});

test("each aggregation tells what it should of five packets", () => {
  const told = [0, 1, 2, 3].map((aggregation) => {
    const world = new TestWorld({ aggregation });
    const outcomes = [send(world, ["SYN"]), answer(world, ["SYN", "ACK"]), send(world, ["ACK"])];
    world.now += 6 * HERTZ;
    outcomes.push(send(world, ["ACK"]), send(world, ["RST"]));
    return outcomes.flatMap(({ events }) => events.map(({ point }) => point));
  });
  assert.deepEqual(told, [
    [5, 3, 8, 0, 5, 3, 5, 3, 5, 3],
    [3, 0, 3, 3, 3],
    [3, 0, 3, 3],
    [3, 0, 3],
  ]);
});

test("two pods of the node meet in one pass", () => {
  const world = new TestWorld();
  const syn = ipFrame(ALICE, ALICE.ipv6, BOB.ipv6).tcp({ ...PORTS, flags: ["SYN"] });
  const outcome = world.fromPod(ALICE, syn);
  assert.deepEqual([outcome.action, outcome.redirectTo], [7, BOB.slot]);
  const [event] = outcome.events;
  assert.deepEqual(event?.slot, [ALICE.slot, BOB.slot]);
  assert.deepEqual([event.verdict, event.point], [[1, 1], 0]);
  assert.deepEqual([world.counted("egress", 0), world.counted("ingress", 0)], [1, 1]);
  const reply = ipFrame(BOB, BOB.ipv6, ALICE.ipv6).tcp({ ...BACK, flags: ["SYN", "ACK"] });
  const back = world.fromPod(BOB, reply);
  assert.deepEqual([back.redirectTo, stateOf(back)], [ALICE.slot, FlowState.stateReply]);
});

test("an expired flow is as absent, each by its own timeout", () => {
  const world = new TestWorld();
  const udp = ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).udp(PORTS);
  world.fromPod(ALICE, udp);
  send(world, ["SYN"]);
  world.now += 60 * HERTZ;
  assert.equal(stateOf(world.fromPod(ALICE, udp)), FlowState.stateEstablished);
  assert.equal(stateOf(send(world, ["SYN"])), FlowState.stateEstablished);
  world.now += 60 * HERTZ + 1;
  assert.equal(stateOf(world.fromPod(ALICE, udp)), FlowState.stateNew);
  assert.equal(stateOf(send(world, ["SYN"])), FlowState.stateNew);
  answer(world, ["SYN", "ACK"]);
  world.now += 8000 * HERTZ;
  assert.equal(stateOf(send(world, ["RST"])), FlowState.stateEstablished);
  world.now += 10 * HERTZ + 1;
  assert.equal(stateOf(send(world, ["ACK"])), FlowState.stateNew);
});

test("jiffies go round at 32 bits", () => {
  const world = new TestWorld();
  world.now = 2 ** 32 - 100;
  send(world, ["SYN"]);
  world.now = 2 ** 32 + 1000;
  assert.equal(stateOf(answer(world, ["SYN", "ACK"])), FlowState.stateReply);
  assert.equal(world.flows("tcpFlows")[0]?.lastSeen, 1000);
});

test("collecting takes out what has expired", () => {
  const world = new TestWorld();
  send(world, ["SYN"]);
  world.now += 50 * HERTZ;
  send(world, ["SYN"], { sourcePort: 40_001, destinationPort: 80 });
  world.now += 11 * HERTZ;
  assert.deepEqual(world.model.collectFlows(0, world.now), { kept: 1, removed: 1 });
  assert.equal(world.flows("tcpFlows").length, 1);
});

test("a SYN from the responder begins another connection, on the same ports", () => {
  const world = new TestWorld();
  send(world, ["SYN"]);
  const outcome = answer(world, ["SYN"]);
  assert.equal(stateOf(outcome), FlowState.stateNew);
  const [flow, ...more] = world.flows("tcpFlows");
  assert.deepEqual(flow?.identity, [SERVER.identity, ALICE.identity]);
  assert.deepEqual([flow.port, flow.flags, more.length], [40_000, 1, 0]);
});

test("a SYN from the initiator on a used connection begins it anew", () => {
  const world = new TestWorld();
  send(world, ["SYN"]);
  answer(world, ["SYN", "ACK"]);
  send(world, ["RST"]);
  const outcome = send(world, ["SYN"]);
  assert.equal(stateOf(outcome), FlowState.stateEstablished);
  const [flow] = world.flows("tcpFlows");
  assert.deepEqual([flow?.flags, flow?.toldTcpFlags], [0, Uint8Array.of(2, 0)]);
});

test("flags that contradict each other are dropped, and protocols that nobody knows", () => {
  const world = new TestWorld();
  for (const flags of [["SYN", "FIN"], ["SYN", "RST"], ["FIN"], []] as TcpFlag[][]) {
    const { events } = send(world, flags);
    assert.deepEqual([events[0]?.reason, events[0]?.state], [134, FlowState.stateUnknown]);
    assert.deepEqual(events[0]?.identity, [ALICE.identity, 0]);
  }
  const gre = ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).payload("?").build();
  gre[23] = 47;
  assert.equal(world.fromPod(ALICE, gre).events[0]?.reason, 137);
});

test("a reset of nobody's connection passes, and leaves nothing", () => {
  const world = new TestWorld();
  const outcome = send(world, ["RST"]);
  assert.deepEqual([outcome.action, stateOf(outcome)], [-1, FlowState.stateNew]);
  assert.deepEqual(world.flows("tcpFlows"), []);
});

test("a full table drops what would begin", () => {
  const world = new TestWorld();
  world.stores.tcpFlows.isFull = true;
  const { action, events } = send(world, ["SYN"]);
  assert.deepEqual([action, events[0]?.reason], [2, 155]);
  const counts = { created: 0n, recovered: 0n, failed: 1n };
  assert.deepEqual(world.model.counts.flowCounts[0], counts);
});
