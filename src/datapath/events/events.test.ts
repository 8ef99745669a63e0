import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Address,
  DropReason,
  Family,
  type FlowEvent,
  flowEventsRing,
  FlowEventKind,
  FlowState,
  ObservationPoint,
  Verdict,
} from "#abi";
import { IpAddress } from "#base";
import {
  describeEvent,
  type EventNames,
  machineStartedAtMs,
  reasonText,
  reasonTexts,
} from "#datapath";

const FIRST_DROP_REASON = 130;
const TCP = 6;
const SYN = 0x02;
const ACK = 0x10;

function address(text: string): Address {
  return { bytes: IpAddress.parse(text).bytes };
}

const first: FlowEvent = {
  timeNs: 123_000_000n,
  identity: [1234, 2345],
  cookie: [7, 8],
  length: 74,
  slot: [11, 12],
  sourcePort: 40_000,
  destinationPort: 80,
  kind: FlowEventKind.eventTrace,
  reason: 0,
  point: ObservationPoint.toEndpoint,
  captured: 0,
  verdict: [Verdict.allowed, Verdict.allowed],
  shape: new Uint8Array(2),
  protocol: TCP,
  tcpFlags: SYN,
  family: Family.ipv4,
  state: FlowState.stateNew,
  source: address("10.0.0.1"),
  destination: address("10.0.0.2"),
  packet: new Uint8Array(48),
};

const POLICIES = new Map([
  [7, ["default/web"]],
  [8, ["default/db", "deny-all"]],
]);

const names: EventNames = {
  startedAtMs: Date.UTC(2026, 0, 2, 15, 4, 5),
  endpoint: (of, slot) => {
    if (slot === 11) return "default/a";
    return of.toString() === "10.0.0.2" ? "default/b" : undefined;
  },
  reservedIdentity: (identity) => (identity === 2 ? "world" : undefined),
  policies: (cookie) => POLICIES.get(cookie) ?? [],
  defaultDeny: (slot, direction) => [`default/deny-${direction}-of-${slot}`],
};

const cases: [name: string, event: Partial<FlowEvent>, line: string][] = [
  [
    "a first packet between two pods",
    {},
    "Jan  2 15:04:05.123: default/a:40000 (ID:1234) -> default/b:80 (ID:2345) to-endpoint FORWARDED " +
      "(TCP Flags: SYN) egress ALLOWED BY default/web, ingress ALLOWED BY default/db, deny-all",
  ],
  [
    "an answer, which nobody judged",
    {
      state: FlowState.stateReply,
      tcpFlags: SYN | ACK,
      verdict: [0, 0],
      slot: [0, 0],
      source: address("10.0.0.2"),
      destination: address("10.9.9.9"),
      sourcePort: 80,
      destinationPort: 40_000,
      identity: [2345, 2],
      point: ObservationPoint.toStack,
    },
    "Jan  2 15:04:05.123: 10.9.9.9:40000 (world) <- default/b:80 (ID:2345) to-stack FORWARDED (TCP Flags: SYN, ACK)",
  ],
  [
    "a drop",
    {
      kind: FlowEventKind.eventDrop,
      reason: DropReason.dropPolicyDenied,
      point: ObservationPoint.fromEndpoint,
      state: FlowState.stateUnknown,
      verdict: [Verdict.allowed, Verdict.denied],
      cookie: [7, 0],
    },
    "Jan  2 15:04:05.123: default/a:40000 (ID:1234) <> default/b:80 (ID:2345) Policy denied DROPPED " +
      "(TCP Flags: SYN) egress ALLOWED BY default/web, ingress DENIED BY default/deny-ingress-of-12",
  ],
  [
    "what is audited, to an IPv6 address",
    {
      family: Family.ipv6,
      slot: [11, 0],
      destination: address("2001:db8::1"),
      identity: [1234, 2],
      protocol: 17,
      point: ObservationPoint.toStack,
      verdict: [Verdict.allowed | Verdict.audited, 0],
    },
    "Jan  2 15:04:05.123: default/a:40000 (ID:1234) -> [2001:db8::1]:80 (world) to-stack AUDIT (UDP) egress AUDITED BY default/web",
  ],
  [
    "a packet for a proxy",
    {
      point: ObservationPoint.toProxy,
      verdict: [Verdict.redirected, 0],
      cookie: [0, 0],
    },
    "Jan  2 15:04:05.123: default/a:40000 (ID:1234) -> default/b:80 (ID:2345) to-proxy REDIRECTED (TCP Flags: SYN) egress REDIRECTED",
  ],
  [
    "an echo",
    {
      protocol: 1,
      sourcePort: 8,
      destinationPort: 0,
      verdict: [0, 0],
      point: ObservationPoint.fromEndpoint,
    },
    "Jan  2 15:04:05.123: default/a (ID:1234) -> default/b (ID:2345) from-endpoint FORWARDED (ICMPv4 EchoRequest)",
  ],
  [
    "an ICMP error with a code, and a type without a name",
    { protocol: 58, sourcePort: 200, destinationPort: 3, verdict: [0, 0] },
    "Jan  2 15:04:05.123: default/a (ID:1234) -> default/b (ID:2345) to-endpoint FORWARDED (ICMPv6 type 200 (code 3))",
  ],
  [
    "what is not IP, by its MAC addresses",
    {
      kind: FlowEventKind.eventDrop,
      reason: 250,
      family: Family.other,
      slot: [0, 0],
      identity: [0, 0],
      source: address("::"),
      destination: address("::"),
      state: FlowState.stateUnknown,
      verdict: [0, 0],
      captured: 14,
      packet: Uint8Array.from({ length: 48 }, (_, at) => at),
    },
    "Jan  2 15:04:05.123: 06:07:08:09:0a:0b (ID:0) <> 00:01:02:03:04:05 (ID:0) 250, 0 DROPPED",
  ],
];

for (const [name, event, line] of cases) {
  test(`an event is told in a line: ${name}`, () => {
    assert.equal(describeEvent({ ...first, ...event }, names), line);
  });
}

test("events of any bytes are told, if not understood", () => {
  for (let fill = 0; fill < 256; fill++) {
    const bytes = new Uint8Array(flowEventsRing.event.size).fill(fill);
    // Within what a Date holds.
    bytes.fill(0, 6, 8);
    assert.ok(describeEvent(flowEventsRing.event.decode(bytes), names).length > 0);
  }
});

test("every reason that our programs have is one that Cilium's tools know", () => {
  for (const reason of Object.values(DropReason)) {
    assert.equal(reasonTexts.has(reason), true, `${reason}`);
    assert.equal(reasonTexts.get(reason)?.name !== undefined, true, `${reason} has a name`);
  }
  assert.equal(reasonText(DropReason.dropPolicyDeny), "Policy denied by denylist");
  assert.equal(reasonText(0), "Success");
  assert.equal(reasonText(206), "206, 0");
  const drops = [...reasonTexts].filter(([number]) => number >= FIRST_DROP_REASON);
  assert.equal(new Set(drops.map(([, { name }]) => name)).size, drops.length);
});

test("the machine started before now", () => {
  assert.ok(machineStartedAtMs() < Date.now());
});
