import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lostEventsMap } from "#abi";
import { IpAddress } from "#base";
import { perCpu } from "#ebpf";
import { eventText } from "./describe.ts";
import { echo, FIRST_TIME_NS, ip, openWorld, PODS, tcp, udp } from "./world.ts";

const AGGREGATION = { none: 0, low: 1, medium: 2, maximum: 3 } as const;
const INTERVAL = 5 * 250;
const THERE = "1001@11 > 1002@12";
const BACK = "1002@12 > 1001@11";

void describe("an event", () => {
  const world = openWorld();

  test("says all that there is to say of a packet", () => {
    world.policy("a", [{ direction: "egress", cookie: 21 }]);
    world.policy("b", [{ direction: "ingress", protocol: 6, port: 80, cookie: 22 }]);
    const bytes = tcp("a:1000", "b:80", "S");
    const [event] = world.sends("a", bytes, "redirect").events;
    assert.deepEqual(event, {
      timeNs: FIRST_TIME_NS,
      identity: [1001, 1002],
      cookie: [21, 22],
      length: bytes.length,
      slot: [11, 12],
      sourcePort: 1000,
      destinationPort: 80,
      kind: 4,
      reason: 0,
      point: 0,
      captured: 48,
      verdict: [1, 1],
      shape: Uint8Array.of(0x60, 0x50),
      protocol: 6,
      tcpFlags: 0x02,
      family: 4,
      state: 0,
      source: { bytes: IpAddress.parse(PODS.a.ipv4).bytes },
      destination: { bytes: IpAddress.parse(PODS.b.ipv4).bytes },
      packet: bytes.slice(0, 48),
    });
  });

  test("of a drop says why, and captures what there is", () => {
    world.policy("a", []);
    const bytes = udp("a:1000", "x:53");
    const [event] = world.sends("a", bytes, "drop policy-denied").events;
    assert.equal(event?.kind, 1);
    assert.equal(event.reason, 133);
    assert.equal(event.captured, bytes.length);
    assert.deepEqual(event.packet.slice(0, bytes.length), bytes);
    assert.deepEqual(event.packet.slice(bytes.length), new Uint8Array(48 - bytes.length));
  });

  test("of one over IPv6 has its addresses; of an echo, type and code", () => {
    const [event] = world.sends("a", echo("echo-request", "a", "x", 7, 6), "continue").events;
    assert.equal(event?.family, 6);
    assert.deepEqual(event.source.bytes, IpAddress.parse(PODS.a.ipv6).bytes);
    assert.deepEqual([event.sourcePort, event.destinationPort], [128, 0]);
  });

  test("of a packet that is long has its whole length", () => {
    const bytes = ip("a", "x")
      .udp({ sourcePort: 1, destinationPort: 2 })
      .payload(new Uint8Array(1400))
      .build();
    const [event] = world.sends("a", bytes, "continue").events;
    assert.deepEqual([event?.length, event?.captured], [bytes.length, 48]);
  });

  test("of headers that are broken has what was read of them", () => {
    const [event] = world.sends(
      "a",
      tcp("a:1000", "x:80").slice(0, 40),
      "drop truncated-header",
    ).events;
    assert.deepEqual(
      [event?.family, event?.protocol, event?.sourcePort, event?.captured],
      [4, 6, 0, 40],
    );
    assert.deepEqual(event?.destination.bytes, IpAddress.parse("192.0.2.9").bytes);
  });
});

/** A connection's packets, some together and some apart in time, and what is told of each. */
const CONNECTION: [after: number, sender: "a" | "b", flags: string][] = [
  [0, "a", "S"],
  [0, "b", "SA"],
  [0, "a", "A"],
  [INTERVAL - 1, "a", "PA"],
  [1, "a", "PA"],
  [0, "a", "PA"],
  [0, "b", "PA"],
  [INTERVAL, "b", "PA"],
  [0, "a", "FA"],
  [0, "a", "FA"],
  [0, "b", "RA"],
  [0, "b", "RA"],
];

const TOLD = {
  low: CONNECTION.map(() => true),
  medium: [true, true, false, false, true, false, true, true, true, false, true, false],
  maximum: [true, true, false, false, false, false, false, false, true, false, true, false],
} as const;

for (const level of ["low", "medium", "maximum"] as const) {
  void describe(`aggregation ${level}`, () => {
    const world = openWorld({ settings: { aggregation: AGGREGATION[level] } });
    test("tells of a connection", () => {
      for (const [index, [after, sender, flags]] of CONNECTION.entries()) {
        world.wait(after);
        const [from, to] = sender === "a" ? ["a:1000", "b:80"] : ["b:80", "a:1000"];
        const known = sender === "a" ? `established ${THERE} -/-` : `reply ${BACK} -/-`;
        const line = `to-endpoint ${index === 0 ? `new ${THERE} allowed/allowed` : known}`;
        const events = TOLD[level][index] === true ? [line] : [];
        world.sends(sender, tcp(from, to, flags), { verdict: "redirect", events });
      }
    });

    test("tells of every drop", () => {
      world.policy("a", []);
      for (let round = 0; round < 3; round++) {
        const { events } = world.sends("a", udp("a:1000", "x:53"), "drop policy-denied");
        assert.equal(events.length, 1);
      }
    });

    test("tells of datagrams", () => {
      const isTold = level === "low";
      world.sends("a", udp("a:1", "x:53"), {
        verdict: "continue",
        events: [`to-stack new 1001@11 > 2009@0 allowed/-`],
      });
      const { events } = world.sends("a", udp("a:1", "x:53"), "continue");
      assert.equal(events.length, isTold ? 1 : 0);
      world.wait(INTERVAL);
      const later = world.receives("a", udp("x:53", "a:1"), "continue").events;
      assert.equal(later.length, level === "maximum" ? 0 : 1);
    });

    test("takes a note in the flow of what it told, if it goes by that", () => {
      world.sends("a", tcp("a:1000", "b:80"), "redirect");
      world.wait(INTERVAL);
      world.sends("b", tcp("b:80", "a:1000", "SA"), "redirect");
      const [entry] = world.state.flows();
      const start = world.jiffies - INTERVAL;
      const isNoted = level !== "low";
      assert.deepEqual(entry?.flow.lastTold, [start, isNoted ? world.jiffies : start]);
      assert.deepEqual([...entry.flow.toldTcpFlags], [2, isNoted ? 2 : 0]);
    });
  });
}

void describe("aggregation none", () => {
  const world = openWorld({ settings: { aggregation: AGGREGATION.none } });

  test("tells of each packet as it comes and as it goes", () => {
    for (const state of ["new", "established"]) {
      const verdicts = state === "new" ? "allowed/allowed" : "-/-";
      world.sends("a", udp("a:1000", "b:53"), {
        verdict: "redirect",
        events: [
          "from-endpoint unknown 1001@11 > 0@0 -/-",
          `to-endpoint ${state} ${THERE} ${verdicts}`,
        ],
      });
    }
    world.receives("a", udp("x:1000", "a:53"), {
      verdict: "continue",
      events: [
        "from-stack unknown 0@0 > 1001@11 -/-",
        "to-endpoint new 2009@0 > 1001@11 -/allowed",
      ],
    });
  });

  test("tells of a drop twice if it is policy's, and once if it never was followed", () => {
    world.policy("a", []);
    const told = world.sends("a", udp("a:1000", "b:53"), "drop policy-denied").events;
    assert.deepEqual(told.map(eventText), [
      "from-endpoint unknown 1001@11 > 0@0 -/-",
      `from-endpoint new ${THERE} denied/-`,
    ]);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      [4, 1],
    );
    const unsound = tcp("a:1000", "b:80", "SF");
    assert.equal(world.sends("a", unsound, "drop invalid-packet").events.length, 2);
    const forged = udp("b:1000", "a:53");
    assert.equal(world.sends("a", forged, "drop invalid-source-ip").events.length, 1);
  });
});

void describe("a trace interval", () => {
  const world = openWorld({ settings: { trace_interval: 10 } });
  test("is that which is set, and the clock may pass the end of its 32 bits", () => {
    world.rig.setTime(2n ** 32n - 5n, 1n);
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.rig.setTime(2n ** 32n + 4n, 1n);
    world.sends("a", udp("a:1000", "b:53"), { verdict: "redirect", events: [] });
    world.rig.setTime(2n ** 32n + 5n, 1n);
    world.sends("a", udp("a:1000", "b:53"), {
      verdict: "redirect",
      events: [`to-endpoint established ${THERE} -/-`],
    });
  });
});

void describe("a ring that is full", () => {
  const size = 4096;
  const world = openWorld({ maps: { flow_events: { maxEntries: size } } });

  test("loses events, which are counted, and no packets", () => {
    const fits = Math.floor(size / 136);
    world.rig.inside(() => {
      world.policy("b", []);
      const runs = 2 * fits;
      let told = 0;
      // Read only in the end: runs by the rig would drain it.
      for (let port = 1; port <= runs; port++) {
        const packet = port % 2 === 0 ? udp(`a:${port}`, "b:53") : udp(`a:${port}`, "x:53");
        const action = world.rig.runUnread("from_pod", PODS.a.slot, packet);
        assert.equal(action, port % 2 === 0 ? 2 : -1);
      }
      told = world.rig.run("from_pod", PODS.a.slot, udp("a:1", "x:53")).events.length;
      const lost = perCpu(lostEventsMap.value)
        .decode(world.rig.map("lost_events").lookup(new Uint8Array(4)) ?? new Uint8Array())
        .reduce((sum, each) => ({
          drops: sum.drops + each.drops,
          traces: sum.traces + each.traces,
        }));
      assert.equal(told + Number(lost.drops + lost.traces), runs);
      assert.ok(lost.drops > 0n && lost.traces > 0n);
    });
  });
});
