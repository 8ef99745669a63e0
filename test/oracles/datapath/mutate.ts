/** Packets as nobody should send them, made of such as are right. */
import type { Random } from "#base";
import type { PacketStep } from "./step.ts";

const ETHERNET_BYTES = 14;
const MIN_BYTES = 15;
const MIN_IPV4_BYTES = 34;
const MIN_IPV6_BYTES = 54;
/** Nor on much more. */
const MAX_BYTES = 3_000;
const MIN_TAG_BYTES = 4;
const MAPPED = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

function isIpv6(bytes: Uint8Array): boolean {
  return bytes[12] === 0x86 && bytes[13] === 0xdd;
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  if (at < copy.length) copy[at] = value;
  return copy;
}

function withBytes(bytes: Uint8Array, at: number, value: ArrayLike<number>): Uint8Array {
  const copy = bytes.slice();
  if (at + value.length <= copy.length) copy.set(value, at);
  return copy;
}

/** Where TCP's flags are, where there are no options. */
function flagsAt(bytes: Uint8Array): number {
  return ETHERNET_BYTES + (isIpv6(bytes) ? 40 : 20) + 13;
}

const SPECIAL_IPV4 = [
  [0, 0, 0, 0],
  [0, 1, 2, 3],
  [127, 0, 0, 1],
  [224, 0, 0, 1],
  [255, 255, 255, 255],
  [223, 255, 255, 255],
];
const SPECIAL_IPV6 = ["ff02::1", "::", "::1", "::2"].map((text) => {
  const bytes = new Uint8Array(16);
  if (text.startsWith("ff02")) bytes.set([0xff, 2]);
  bytes[15] = Number(text.at(-1)) || 0;
  return bytes;
});

const MUTATIONS: readonly Mutation[] = [
  // Any byte of the headers.
  (bytes, random) => withByte(bytes, random.below(Math.min(bytes.length, 80)), random.below(256)),
  // One bit of them.
  (bytes, random) => {
    const at = random.below(Math.min(bytes.length, 80));
    return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
  },
  // Cut short.
  (bytes, random) => bytes.slice(0, random.between(MIN_BYTES, Math.max(MIN_BYTES, bytes.length))),
  (bytes, random) => bytes.slice(0, random.between(MIN_BYTES, Math.min(bytes.length, 100))),
  // Flags of TCP, also such as no stack sends.
  (bytes, random) => withByte(bytes, flagsAt(bytes), random.below(256)),
  (bytes, random) => withByte(bytes, flagsAt(bytes), random.below(64)),
  // Other addresses: of somebody else, of nobody, mapped.
  (bytes, random) => swapAddresses(bytes, random),
  (bytes, random) => specialAddress(bytes, random),
  (bytes, random) => withByte(bytes, isIpv6(bytes) ? 53 : 33, random.below(12)),
  (bytes, random) => withByte(bytes, isIpv6(bytes) ? 37 : 29, random.below(12)),
  // Other MACs.
  (bytes, random) => withByte(bytes, random.below(12), random.below(256)),
  // Tagged, or of another protocol.
  (bytes, random) => tagged(bytes, random),
  (bytes, random) =>
    withBytes(
      bytes,
      12,
      random.pick([
        [8, 0],
        [0x86, 0xdd],
        [8, 6],
        [0x88, 0xcc],
        [0, 60],
      ]),
    ),
  (bytes, random) =>
    withByte(bytes, isIpv6(bytes) ? 20 : 23, random.pick([0, 1, 6, 17, 43, 44, 47, 58, 60, 132])),
  // Version and header length.
  (bytes, random) => withByte(bytes, ETHERNET_BYTES, random.pick([0x44, 0x46, 0x4f, 0x65, 0x05])),
  // Fragments of all kinds.
  (bytes, random) =>
    isIpv6(bytes)
      ? bytes
      : withBytes(bytes, 20, [random.pick([0x20, 0x00, 0x40, 0x60]), random.pick([0, 0, 1, 5])]),
  // Longer than any header.
  (bytes, random) => {
    const longer = new Uint8Array(bytes.length + random.below(1500));
    longer.set(bytes);
    return longer;
  },
];

function swapAddresses(bytes: Uint8Array, random: Random): Uint8Array {
  const size = isIpv6(bytes) ? 16 : 4;
  const at = isIpv6(bytes) ? 22 : 26;
  if (bytes.length < at + 2 * size) return bytes;
  const copy = withBytes(bytes, at, bytes.slice(at + size, at + 2 * size));
  if (random.chance(0.3)) return copy;
  return withBytes(copy, at + size, bytes.slice(at, at + size));
}

function specialAddress(bytes: Uint8Array, random: Random): Uint8Array {
  const isSource = random.chance(0.3);
  if (!isIpv6(bytes)) return withBytes(bytes, isSource ? 26 : 30, random.pick(SPECIAL_IPV4));
  const at = isSource ? 22 : 38;
  return withBytes(bytes, at, random.chance(0.4) ? MAPPED : random.pick(SPECIAL_IPV6));
}

function tagged(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = new Uint8Array(bytes.length + MIN_TAG_BYTES);
  copy.set(bytes.subarray(0, 12));
  copy.set(
    random.pick([
      [0x81, 0],
      [0x88, 0xa8],
      [0x91, 0],
    ]),
    12,
  );
  copy.set([0, 5], 14);
  copy.set(bytes.subarray(12), 16);
  return copy;
}

/** The same packet spoilt, or met elsewhere than it should be. */
export function mutate(step: PacketStep, random: Random, slots: readonly number[]): PacketStep {
  const place = random.below(10);
  if (place === 0) return { ...step, slot: random.pick(slots) };
  if (place === 1) {
    const hook = step.hook === "to_pod" ? ("from_pod" as const) : ("to_pod" as const);
    return { ...step, hook, cameBy: hook === "to_pod" ? random.pick([0, 9, ...slots]) : 0 };
  }
  if (place === 2) return { ...step, cameBy: random.pick([0, 1, 9, ...slots]) };
  let { bytes } = step;
  for (let count = random.chance(0.8) ? 1 : 3; count > 0; count--) {
    bytes = random.pick(MUTATIONS)(bytes, random);
  }
  return { ...step, bytes: isRunnable(bytes) ? bytes : step.bytes };
}

/** Linux 6.18 runs no test on an IP packet without a whole IP header. */
function isRunnable(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_BYTES) return false;
  if (isIpv6(bytes)) return bytes.length >= MIN_IPV6_BYTES;
  return bytes.length >= (bytes[12] === 8 && bytes[13] === 0 ? MIN_IPV4_BYTES : MIN_BYTES);
}
