/** A node, its policies, and what happens on it: packets, changes, and time. */
import type { PodSettings } from "#abi";
import type { Random } from "#base";
import { converse, type Conversation } from "./conversation.ts";
import { mutate } from "./mutate.ts";
import { neighbourStep } from "./neighbours.ts";
import type { ClockStep, PacketStep, Step } from "./step.ts";
import type { End } from "./traffic.ts";

const JIFFY_NS = 4_000_000n;
const WRAP = 2n ** 32n;
const MAX_TALKS = 8;
const MAX_SENT = 12;

/** When cases begin, by CLOCK_MONOTONIC. */
export const START_TIMES: readonly bigint[] = [1_000_000_000n, 2_000_000_000n];

/** Who there is, and how that changes. */
export interface Node {
  /** The slots that may have pods. */
  readonly slots: readonly number[];
  /** Now. */
  readonly ends: readonly End[];
  begin(): Step[];
  change(): Step[];
}

interface CaseOptions {
  readonly random: Random;
  readonly settings: Required<PodSettings>;
  readonly node: Node;
  readonly packets: number;
}

export function generateSteps({ random, settings, node, packets }: CaseOptions): Step[] {
  const clock = new Clock(random, settings);
  const steps: Step[] = [clock.step(), ...node.begin()];
  const talks: Conversation[] = [];
  const sent: PacketStep[] = [];
  // Where there are no pods, nobody says anything.
  for (let count = 0, turns = 0; count < packets && turns < 4 * packets; turns++) {
    if (random.chance(0.06)) steps.push(clock.jump());
    if (random.chance(0.05)) steps.push(...node.change());
    if (talks.length < 2 || random.chance(0.08)) talks.push(newTalk(random, node));
    if (talks.length > MAX_TALKS) talks.splice(random.below(talks.length), 1);
    for (const step of nextPackets(random, node, talks, sent)) {
      steps.push(step);
      count += 1;
      sent.push(step);
      if (sent.length > MAX_SENT) sent.shift();
    }
  }
  return steps;
}

function nextPackets(
  random: Random,
  node: Node,
  talks: readonly Conversation[],
  sent: readonly PacketStep[],
): PacketStep[] {
  const kind = random.below(100);
  const pods = node.ends.flatMap(({ pod }) => pod ?? []);
  if (kind < 5 && pods.length > 0) return [neighbourStep(random, random.pick(pods), pods)];
  const slots = node.slots;
  // Again, as it was or spoilt.
  if (kind < 10 && sent.length > 0) return [random.pick(sent)];
  if (kind < 18 && sent.length > 0) return [mutate(random.pick(sent), random, slots)];
  const packets = random.pick(talks).next();
  return random.chance(0.06) ? packets.map((each) => mutate(each, random, slots)) : [...packets];
}

function newTalk(random: Random, node: Node): Conversation {
  const pods = node.ends.filter(({ pod }) => pod !== undefined);
  const initiator =
    random.chance(0.6) && pods.length > 0 ? random.pick(pods) : random.pick(node.ends);
  const isOutside = initiator.pod === undefined && pods.length > 0;
  const responder = random.pick(isOutside ? pods : node.ends);
  return converse(random, initiator, responder, node.ends);
}

class Clock {
  readonly #random: Random;
  readonly #steps: readonly number[];
  #jiffies: bigint;
  #timeNs: bigint;

  constructor(random: Random, settings: Required<PodSettings>) {
    this.#random = random;
    const { tcp_timeout, tcp_opening_timeout, tcp_closing_timeout, other_timeout } = settings;
    const spans = [tcp_timeout, tcp_opening_timeout, tcp_closing_timeout, other_timeout];
    this.#steps = [...spans, settings.trace_interval].flatMap((each) => [each - 1, each, each + 1]);
    const start = random.pick([1, 1_000_000, 2 ** 31 - 20, 2 ** 32 - 40, 2 ** 32 + 5]);
    this.#jiffies = BigInt(start);
    this.#timeNs = random.pick(START_TIMES);
  }

  step(): ClockStep {
    return { kind: "clock", jiffies: this.#jiffies, timeNs: this.#timeNs };
  }

  jump(): ClockStep {
    const random = this.#random;
    const kind = random.below(10);
    let by = BigInt(random.below(4));
    if (kind < 4) by = BigInt(Math.max(0, random.pick(this.#steps)));
    // As another CPU's packet, that saw an earlier time.
    else if (kind === 4) by = -1n;
    else if (kind === 5) by = BigInt(random.below(2 ** 31));
    this.#jiffies += by;
    if (this.#jiffies <= 0n) this.#jiffies = 1n;
    // The lower half alone may be 0.
    if (this.#jiffies >= 2n * WRAP) this.#jiffies -= WRAP;
    // Rarely, so that proofs that expire at a start's very moment are met then.
    if (by > 0n && random.chance(0.3)) this.#timeNs += by < 1_000_000n ? by * JIFFY_NS : JIFFY_NS;
    return this.step();
  }
}
