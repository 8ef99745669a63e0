/** ICMP errors about packets that were sent, and some that only say so. */
import type { Random } from "#base";
import { addressOf, type End, ipFrom } from "./traffic.ts";

const ETHERNET_BYTES = 14;
const LENGTHS = [0, 8, 20, 27, 28, 28, 40, 47, 48, 48, 64, 1000];

/** What `from` (or somebody on the way) tells `to` of a packet of his. */
export function reportAbout(
  random: Random,
  bytes: Uint8Array,
  from: End,
  to: End,
  family: 4 | 6,
): Uint8Array | undefined {
  if (addressOf(from, family) === undefined) return undefined;
  const ip = ipFrom(from, to, family, random);
  const whole = bytes.slice(ETHERNET_BYTES);
  const embedded = random.chance(0.6) ? whole : whole.subarray(0, random.pick(LENGTHS));
  if (random.chance(0.15) && embedded.length > 0) {
    const at = random.below(Math.min(embedded.length, 60));
    embedded[at] = random.below(256);
  }
  const code = random.below(5);
  if (family === 4) {
    const message = random.pick(["unreachable", "time-exceeded", "parameter-problem"] as const);
    return ip?.icmp({ message, code, embedded }).build();
  }
  const message = random.pick([
    "unreachable",
    "time-exceeded",
    "parameter-problem",
    "packet-too-big",
  ] as const);
  return ip?.icmpv6({ message, code, embedded }).build();
}
