import assert from "node:assert/strict";
import { test } from "node:test";
import { IpAddress } from "#base";
import { packet, type PacketBuilder } from "#packet";
import { ALICE, BOB, frameOf, ipFrame, type Outcome, SERVER, TestWorld } from "./test-world.ts";

const UDP = { sourcePort: 40_000, destinationPort: 80 };
const plain = ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4).udp(UDP);
const plain6 = ipFrame(ALICE, ALICE.ipv6, SERVER.ipv6).udp(UDP);

function fromAlice(bytes: Uint8Array | PacketBuilder): Outcome {
  return new TestWorld().fromPod(ALICE, bytes);
}

const reasonOf = ({ events, action }: Outcome): number | undefined => {
  assert.equal(action === 2, events[0]?.kind === 1);
  return events[0]?.reason;
};

function edited(builder: PacketBuilder, at: number, ...bytes: number[]): Uint8Array {
  const frame = builder.build();
  frame.set(bytes, at);
  return frame;
}

test("a slot that nobody has drops all, at both hooks, but ARP to it", () => {
  const world = new TestWorld();
  const nobody = { ...ALICE, slot: 99 };
  assert.equal(reasonOf(world.fromPod(nobody, plain)), 203);
  assert.deepEqual(world.toPod(nobody, plain).events[0]?.slot, [0, 99]);
  const arp = frameOf(ALICE).arp({ targetIp: ALICE.ipv4 });
  assert.deepEqual([world.toPod(nobody, arp).action, world.counted("ingress", 203)], [-1, 1]);
  world.setPod(ALICE, { flags: 0 });
  assert.equal(reasonOf(world.fromPod(ALICE, plain)), 203);
});

test("what cannot be read is dropped by name, with as much of it as was read", () => {
  const whole = plain.build();
  for (const length of [0, 13, 14, 33, 34, 41])
    assert.equal(reasonOf(fromAlice(whole.subarray(0, length))), 135, `${length} bytes`);
  assert.equal(fromAlice(whole.subarray(0, 41)).events[0]?.family, 4);
  assert.equal(reasonOf(fromAlice(edited(plain, 14, 0x55))), 135);
  assert.equal(reasonOf(fromAlice(edited(plain, 14, 0x44))), 135);
  assert.equal(reasonOf(fromAlice(edited(plain, 14, 0x4f))), 135);
  assert.equal(reasonOf(fromAlice(edited(plain6, 14, 0x40))), 135);
  assert.equal(reasonOf(fromAlice(edited(plain, 12, 0x12, 0x34))), 139);
  const tagged = frameOf(ALICE).vlan({ id: 5 }).payload("?");
  assert.equal(reasonOf(fromAlice(tagged)), 182);
  assert.equal(reasonOf(new TestWorld().toPod(ALICE, tagged)), 139);
});

test("four extension headers are read past, and no more", () => {
  const extended = (count: number): PacketBuilder => {
    let frame = ipFrame(ALICE, ALICE.ipv6, SERVER.ipv6);
    for (let index = 0; index < count; index++) frame = frame.destinationOptions();
    return frame.udp(UDP);
  };
  const { events } = fromAlice(extended(4));
  assert.deepEqual([events[0]?.protocol, events[0]?.destinationPort], [17, 80]);
  assert.equal(reasonOf(fromAlice(extended(5))), 156);
  assert.equal(reasonOf(fromAlice(edited(extended(1), 55, 200))), 135);
});

test("mapped addresses on the wire are dropped", () => {
  const frame = frameOf(ALICE).ipv6({ source: `::ffff:${ALICE.ipv4}`, destination: SERVER.ipv6 });
  assert.equal(reasonOf(fromAlice(frame.udp(UDP))), 134);
});

test("a pod sends as itself only", () => {
  const forged = [
    ipFrame(ALICE, BOB.ipv4, SERVER.ipv4).udp(UDP),
    ipFrame(ALICE, BOB.ipv6, SERVER.ipv6).udp(UDP),
    ipFrame({ ...ALICE, mac: BOB.mac }, ALICE.ipv4, SERVER.ipv4).udp(UDP),
  ];
  for (const frame of forged) assert.equal(reasonOf(fromAlice(frame)), 132);
});

test("all zero is nobody's address", () => {
  const world = new TestWorld();
  const key = new Uint8Array([ALICE.slot, 0, 0, 0]);
  const endpoint = world.stores.endpoints.lookup(key);
  assert.ok(endpoint);
  world.stores.endpoints.update(key, endpoint.fill(0, 32, 48));
  assert.equal(reasonOf(world.fromPod(ALICE, ipFrame(ALICE, "::", SERVER.ipv6).udp(UDP))), 132);
});

test("only one host is a destination", () => {
  const others = ["0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", "ff02::1", "::", "::1"];
  for (const destination of others) {
    const source = destination.includes(":") ? ALICE.ipv6 : ALICE.ipv4;
    assert.equal(reasonOf(fromAlice(ipFrame(ALICE, source, destination).udp(UDP))), 150);
  }
});

test("the host answers for everybody whom a pod asks for by ARP", () => {
  const ask = (fields: Parameters<PacketBuilder["arp"]>[0]): Outcome =>
    fromAlice(frameOf(ALICE).arp({ senderMac: ALICE.mac, senderIp: ALICE.ipv4, ...fields }));
  const outcome = ask({ targetIp: BOB.ipv4 });
  assert.deepEqual([outcome.action, outcome.redirectTo], [7, ALICE.slot]);
  const expected = packet().ethernet({ source: ALICE.hostMac, destination: ALICE.mac }).arp({
    operation: 2,
    senderMac: ALICE.hostMac,
    senderIp: BOB.ipv4,
    targetMac: ALICE.mac,
    targetIp: ALICE.ipv4,
  });
  assert.deepEqual(outcome.packet, expected.build());
  for (const ignored of [
    { targetIp: ALICE.ipv4 },
    { targetIp: BOB.ipv4, senderIp: "0.0.0.0" },
    { targetIp: BOB.ipv4, operation: 2 },
  ]) {
    const { action, events } = ask(ignored);
    assert.deepEqual([action, events], [2, []]);
  }
  assert.equal(reasonOf(ask({ targetIp: SERVER.ipv4, senderIp: BOB.ipv4 })), 132);
  assert.equal(reasonOf(ask({ targetIp: SERVER.ipv4, senderMac: BOB.mac })), 132);
  const arp = frameOf(ALICE).arp({ senderMac: ALICE.mac, senderIp: ALICE.ipv4 }).build();
  assert.equal(reasonOf(fromAlice(arp.subarray(0, 41))), 132);
});

test("the host answers for everybody whom a pod looks for by neighbour discovery", () => {
  const look = (source: string, target: string): PacketBuilder =>
    frameOf(ALICE)
      .ipv6({ source, destination: "ff02::1:ff00:2", hopLimit: 255 })
      .icmpv6({ message: "neighbour-solicitation", target });
  const { packet: bytes, action, events } = fromAlice(look(ALICE.ipv6, BOB.ipv6));
  assert.deepEqual([action, events], [7, []]);
  const expected = packet()
    .ethernet({ source: ALICE.hostMac, destination: ALICE.mac })
    .ipv6({ source: BOB.ipv6, destination: ALICE.ipv6, hopLimit: 255 })
    .icmpv6({
      message: "neighbour-advertisement",
      target: BOB.ipv6,
      solicited: true,
      override: true,
      options: [{ kind: "target-link-layer", address: ALICE.hostMac }],
    });
  assert.deepEqual(bytes, expected.build());
  for (const frame of [look("::", BOB.ipv6), look(ALICE.ipv6, ALICE.ipv6)]) {
    const ignored = fromAlice(frame);
    assert.deepEqual([ignored.action, ignored.events], [2, []]);
  }
  assert.equal(reasonOf(fromAlice(edited(look(ALICE.ipv6, BOB.ipv6), 55, 1))), 176);
  const wrapped = ipFrame(ALICE, ALICE.ipv6, "ff02::1").destinationOptions();
  const solicitation = wrapped.icmpv6({ message: "neighbour-solicitation", target: BOB.ipv6 });
  assert.equal(reasonOf(fromAlice(solicitation)), 176);
});

test("other messages of neighbours are ignored from a pod, or forbidden", () => {
  const of = (type: number, to = "ff02::2"): Uint8Array =>
    edited(
      ipFrame(ALICE, ALICE.ipv6, to).icmpv6({ message: "echo-request", identifier: 1 }),
      54,
      type,
    );
  for (const type of [130, 131, 132, 133, 136, 143]) {
    const { action, events } = fromAlice(of(type));
    assert.deepEqual([action, events], [2, []], `${type}`);
  }
  for (const type of [134, 137]) assert.equal(reasonOf(fromAlice(of(type))), 176);
  const world = new TestWorld();
  for (const type of [133, 134, 135, 136, 137]) {
    const host = world.toPod(ALICE, of(type));
    assert.deepEqual([host.action, host.events], [-1, []]);
    assert.equal(reasonOf(world.toPod(ALICE, of(type), 3)), 176);
  }
  assert.equal(reasonOf(world.toPod(ALICE, of(138), 3)), 150);
});

test("to a pod goes only what is for it, and not from who it is not", () => {
  const world = new TestWorld();
  const to = (source: string, destination: string, cameBy: number): Outcome =>
    world.toPod(ALICE, ipFrame(ALICE, source, destination).udp(UDP), cameBy);
  assert.equal(reasonOf(to(SERVER.ipv4, BOB.ipv4, 3)), 150);
  assert.equal(reasonOf(to(SERVER.ipv4, ALICE.ipv4, 3)), 0);
  assert.equal(reasonOf(to(BOB.ipv4, ALICE.ipv4, 3)), 132);
  assert.equal(reasonOf(to(BOB.ipv4, ALICE.ipv4, BOB.slot)), 0);
  world.setPrefix("ipcache", "192.0.2.1", 32, 1);
  assert.equal(reasonOf(to("192.0.2.1", ALICE.ipv4, 3)), 132);
  assert.equal(world.flows("otherFlows").length, 2);
  assert.equal(reasonOf(to("192.0.2.1", ALICE.ipv4, 0)), 0);
  // It is a known flow now; the device still counts.
  assert.equal(reasonOf(to("192.0.2.1", ALICE.ipv4, 3)), 132);
});

test("who is at an address is told by the longest prefix, or by its family", () => {
  const world = new TestWorld();
  world.setPrefix("ipcache", "::", 0, 77);
  world.setPrefix("ipcache", "198.51.0.0", 16, 78);
  const peerOf = (source: string, destination: string): number | undefined =>
    world.fromPod(ALICE, ipFrame(ALICE, source, destination).udp(UDP)).events[0]?.identity[1];
  assert.equal(peerOf(ALICE.ipv4, "203.0.113.1"), 9);
  assert.equal(peerOf(ALICE.ipv4, "198.51.100.1"), 78);
  assert.equal(peerOf(ALICE.ipv6, "2001:db8::99"), 77);
  assert.equal(peerOf(ALICE.ipv6, SERVER.ipv6), SERVER.identity);
});

test("an event has the packet's beginning", () => {
  const frame = plain.payload("x".repeat(20)).build();
  const [event] = fromAlice(frame).events;
  assert.deepEqual(event?.packet, frame.slice(0, 48));
  assert.deepEqual([event.captured, event.length, event.timeNs], [48, 62, 1_000_000n]);
  assert.deepEqual(event.source.bytes, IpAddress.parse(ALICE.ipv4).bytes);
  const [short] = fromAlice(frame.subarray(0, 20)).events;
  assert.deepEqual([short?.captured, short?.packet[20], short?.length], [20, 0, 20]);
});
