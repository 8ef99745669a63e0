import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { countersMap, Direction, type Event, eventsRing, type EventsSettings, Family } from "#abi";
import { fromHex, toHex } from "#base";
import { Collection, perCpu, RingBuffer, TypedMap } from "#ebpf";
import { CollectionSpec } from "#ebpf/spec";
import { root } from "../lib/files.ts";

// Packets go through events.bpf.c by test-run; what it says of them is compared with what they are.

const RING_BYTES = 4096;
const CONTINUE = -1;

const MAC = "020000000001020000000002";
const V4 = { source: "0a000001", destination: "0a000002" };
const V6 = {
  source: "20010db8000000000000000000000001",
  destination: "20010db8000000000000000000000002",
};
const MAPPED = "00000000000000000000ffff";

const u16 = (value: number): string => value.toString(16).padStart(4, "0");

interface Ipv4Options {
  /** Words beyond the first five. */
  options?: number;
  fragment?: number;
}

function ipv4(protocol: number, rest: string, { options = 0, fragment = 0 }: Ipv4Options = {}) {
  const first = (0x45 + options).toString(16);
  const length = u16(20 + options * 4 + rest.length / 2);
  const middle = `${first}00${length}0000${u16(fragment)}40${u16(protocol).slice(2)}0000`;
  const words = "01".repeat(options * 4);
  return `${MAC}0800${middle}${V4.source}${V4.destination}${words}${rest}`;
}

function ipv6(next: number, rest: string): string {
  const length = u16(rest.length / 2);
  return `${MAC}86dd60000000${length}${u16(next).slice(2)}40${V6.source}${V6.destination}${rest}`;
}

const tcp = `${u16(50_000)}${u16(443)}00000000000000005012000000000000`;
const udp = `${u16(1053)}${u16(53)}00080000`;
const echo = "0800000000010002";
const echo6 = "8000000000010002";
/** Of eight bytes, and of sixteen. */
const hopByHop = (next: string): string => `${next}00000000000000`;
const routing = (next: string): string => `${next}01000000000000${"00".repeat(8)}`;
const fragmentHeader = (next: string, offset: number): string =>
  `${next}00${u16((offset << 3) | 1)}00000007`;

function load(settings: EventsSettings = {}): Collection {
  const path = join(root, "bpf/obj/events.bpf.o");
  const spec = CollectionSpec.parse(readFileSync(path), "events");
  return Collection.load(spec.setVariables(settings).setMap("events", { maxEntries: RING_BYTES }));
}

function observe(events: Collection, hex: string, program = "observe_ingress"): Event[] {
  using reader = new RingBuffer(events.map("events"));
  const found: Event[] = [];
  const { returnValue } = events.program(program).testRun({ data: fromHex(hex) });
  assert.equal(returnValue | 0, CONTINUE);
  reader.drain((record) => void found.push(eventsRing.event.decode(record)));
  return found;
}

type Facts = [
  family: number,
  protocol: number,
  sourcePort: number,
  destinationPort: number,
  flags: number,
];

function factsOf(event: Event | undefined): Facts {
  assert.ok(event, "an event came");
  const { family, protocol, sourcePort, destinationPort, tcpFlags } = event;
  return [family, protocol, sourcePort, destinationPort, tcpFlags];
}

const cases: [name: string, packet: string, facts: Facts][] = [
  ["TCP", ipv4(6, tcp), [Family.ipv4, 6, 50_000, 443, 0x12]],
  ["UDP", ipv4(17, udp), [Family.ipv4, 17, 1053, 53, 0]],
  ["ICMP", ipv4(1, echo), [Family.ipv4, 1, 8, 0, 0]],
  ["IPv4 options", ipv4(6, tcp, { options: 10 }), [Family.ipv4, 6, 50_000, 443, 0x12]],
  ["a first fragment", ipv4(17, udp, { fragment: 0x2000 }), [Family.ipv4, 17, 1053, 53, 0]],
  ["a later fragment", ipv4(17, udp, { fragment: 0x2001 }), [Family.ipv4, 17, 0, 0, 0]],
  ["TCP cut off", ipv4(6, tcp.slice(0, 24)), [Family.ipv4, 6, 0, 0, 0]],
  ["options cut off", ipv4(6, "", { options: 10 }).slice(0, -8), [Family.ipv4, 6, 0, 0, 0]],
  ["TCP over IPv6", ipv6(6, tcp), [Family.ipv6, 6, 50_000, 443, 0x12]],
  ["ICMPv6", ipv6(58, echo6), [Family.ipv6, 58, 128, 0, 0]],
  [
    "extensions",
    ipv6(0, `${hopByHop("2b")}${routing("06")}${tcp}`),
    [Family.ipv6, 6, 50_000, 443, 0x12],
  ],
  ["a first fragment of IPv6", ipv6(44, `${fragmentHeader("11", 0)}${udp}`), [6, 17, 1053, 53, 0]],
  ["a later fragment of IPv6", ipv6(44, `${fragmentHeader("11", 1)}${udp}`), [6, 17, 0, 0, 0]],
  ["too many extensions", ipv6(0, hopByHop("00").repeat(5)), [Family.ipv6, 0, 0, 0, 0]],
  ["another protocol", `${MAC}0806${"00".repeat(28)}`, [Family.other, 0, 0, 0, 0]],
];

for (const [name, packet, facts] of cases) {
  test(`events name what a packet is: ${name}`, () => {
    using events = load({ sample_every: 1 });
    const found = observe(events, packet);
    assert.equal(found.length, 1);
    assert.deepEqual(factsOf(found[0]), facts);
  });
}

test("addresses have 128 bits, and each program says its direction", () => {
  using events = load();
  const [v4] = observe(events, ipv4(6, tcp));
  assert.equal(toHex(v4?.source.bytes ?? new Uint8Array()), `${MAPPED}${V4.source}`);
  assert.equal(toHex(v4?.destination.bytes ?? new Uint8Array()), `${MAPPED}${V4.destination}`);
  assert.equal(v4?.direction, Direction.ingress);
  assert.equal(v4.length, ipv4(6, tcp).length / 2);
  const [v6] = observe(events, ipv6(6, tcp), "observe_egress");
  assert.equal(toHex(v6?.source.bytes ?? new Uint8Array()), V6.source);
  assert.equal(v6?.direction, Direction.egress);
  assert.ok(v6.timeNs > (v4.timeNs ?? 0n));
});

function counted(events: Collection): Map<number, [bigint, bigint]> {
  const { key, value } = countersMap;
  const map = new TypedMap(events.map("counters"), key, perCpu(value));
  return new Map(
    [...map.entries()].map(([{ protocol }, values]) => [
      protocol,
      [
        values.reduce((sum, { packets }) => sum + packets, 0n),
        values.reduce((sum, { bytes }) => sum + bytes, 0n),
      ],
    ]),
  );
}

test("every packet is counted, whatever becomes an event", () => {
  using none = load({ sample_every: 0 });
  assert.deepEqual(observe(none, ipv4(6, tcp)), []);
  observe(none, ipv4(6, tcp));
  observe(none, ipv4(17, udp));
  const sizes = [ipv4(6, tcp), ipv4(17, udp)].map((hex) => BigInt(hex.length / 2));
  assert.deepEqual(
    counted(none),
    new Map([
      [6, [2n, 2n * (sizes[0] ?? 0n)]],
      [17, [1n, sizes[1]]],
    ]),
  );
});

test("what finds the ring full is counted as lost", () => {
  using events = load();
  using reader = new RingBuffer(events.map("events"));
  const repeat = 200;
  events.program("observe_ingress").testRun({ data: fromHex(ipv4(6, tcp)), repeat });
  const records = reader.drain(() => {});
  assert.ok(records > 0 && records < repeat, `${records} records`);
  const raw = events.map("sampling").lookup(new Uint8Array(4)) ?? new Uint8Array();
  const words = new BigUint64Array(Uint8Array.from(raw).buffer);
  const lost = words.reduce((sum, word, index) => (index % 2 === 1 ? sum + word : sum), 0n);
  assert.equal(Number(lost) + records, repeat);
});
