import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { describe, test } from "node:test";
import { packet, type PacketBuilder } from "#packet";
import { eventText } from "./describe.ts";
import { openWorld, PODS, type World } from "./world.ts";

// What test runs do not have: frames shorter than an IP header, and tags that the kernel has
// already taken off. They come by a device.

const ETHERNET_BYTES = 14;
const PORTS = { sourcePort: 1000, destinationPort: 80 };

/** The reason, and what is told, of each frame sent by pod a at a device of its own. */
function arrive(
  world: World,
  frames: readonly Uint8Array[],
  events: (slot: number) => string,
): void {
  using tap = world.rig.openTap();
  world.state.setEndpoint({ ...PODS.a, slot: tap.index });
  // The device's own greetings to its neighbours do not come in by it.
  world.rig.readEvents();
  for (const frame of frames) {
    writeSync(tap.fd.number, frame);
    const told = world.rig.readEvents();
    assert.deepEqual(
      told.map((event) => `${event.reason} ${eventText(event)}`),
      [events(tap.index)],
      `${frame.length} bytes`,
    );
    assert.equal(told[0]?.length, frame.length);
  }
  assert.deepEqual(world.flows(), []);
}

void describe("frames that come by a device", () => {
  const world = openWorld();
  const frame = packet().ethernet({ source: PODS.a.mac, destination: PODS.a.hostMac });
  const addresses = { 4: [PODS.a.ipv4, PODS.b.ipv4], 6: [PODS.a.ipv6, PODS.b.ipv6] } as const;
  const whole = (builder: PacketBuilder, family: 4 | 6): Uint8Array => {
    const [source, destination] = addresses[family];
    const fields = { source, destination };
    return (family === 4 ? builder.ipv4(fields) : builder.ipv6(fields)).udp(PORTS).build();
  };
  const atEvery = (bytes: Uint8Array, from: number, to: number): Uint8Array[] =>
    Array.from({ length: to - from }, (_, index) => bytes.slice(0, from + index));
  const unknown = (reason: number) => (slot: number) =>
    `${reason} from-endpoint unknown 1001@${slot} > 0@0 -/-`;

  for (const [family, headers] of [
    [4, 20 + 8],
    [6, 40 + 8],
  ] as const) {
    test(`IPv${family} cut at every length, down to none of it`, () => {
      const bytes = whole(frame, family);
      arrive(world, atEvery(bytes, ETHERNET_BYTES, ETHERNET_BYTES + headers), unknown(135));
    });
  }

  test("ARP cut at every length", () => {
    const bytes = frame.arp({ senderMac: PODS.a.mac, senderIp: PODS.a.ipv4 }).build();
    arrive(world, atEvery(bytes, ETHERNET_BYTES, bytes.length), unknown(132));
  });

  test("an empty frame of no protocol that is known", () => {
    arrive(
      world,
      [frame.payload(new Uint8Array(0)).build().slice(0, ETHERNET_BYTES)],
      unknown(139),
    );
  });

  test("a tag that the kernel took off is seen all the same", () => {
    const tagged = frame.vlan({ id: 5 });
    using tap = world.rig.openTap();
    world.state.setEndpoint({ ...PODS.a, slot: tap.index });
    for (const bytes of [
      whole(tagged, 4),
      whole(tagged, 6),
      whole(tagged.vlan({ id: 6 }), 4),
      tagged.arp({ senderMac: PODS.a.mac, senderIp: PODS.a.ipv4 }).build(),
    ]) {
      writeSync(tap.fd.number, bytes);
      const reasons = world.rig.readEvents().map(({ reason }) => reason);
      assert.deepEqual(reasons, [182]);
    }
  });
});
