/** Cases, one after the other, through the kernel's programs and the model. */
import type { PodSettings } from "#abi";
import { AppError, Random } from "#base";
import type { SoakContext } from "#test";
import { type Difference, differenceOf, type Sides } from "./compare.ts";
import { describe } from "./describe.ts";
import { recordNode } from "./control-node.ts";
import { generateSteps } from "./generate-case.ts";
import { KernelSide } from "./kernel-side.ts";
import { smallest } from "./minimise.ts";
import { ModelSide } from "./model-side.ts";
import { RawNode } from "./raw-node.ts";
import type { Case, Step } from "./step.ts";

const SLOTS = [101, 102, 103, 104, 105, 106, 107, 108, 109, 110];
/** Loading the programs takes as long as hundreds of packets. */
const PACKETS_PER_ROUND = 5_000;
const MIN_PACKETS_PER_CASE = 20;
const MAX_PACKETS_PER_CASE = 300;
/** Of cases, those whose policies the engine computes, and whose maps control writes. */
const CONTROL_SHARE = 0.3;
/** Reading tables takes as long as some packets. */
const PACKETS_PER_COMPARISON = 32;

interface DiffSize {
  readonly packets: number;
}

interface DiffCounts {
  packets: number;
  /** Of these, such that policies say what becomes of them. */
  probes: number;
  changes: number;
  cases: number;
  rounds: number;
}

export async function runDiff(
  context: Omit<SoakContext<DiffSize>, "deadlineMs">,
): Promise<DiffCounts> {
  const { random, size, isOver, progress } = context;
  const counts = { packets: 0, probes: 0, changes: 0, cases: 0, rounds: 0 };
  while (counts.packets < size.packets && !isOver()) {
    const limit = Math.min(size.packets, counts.packets + PACKETS_PER_ROUND);
    await runRound(random, counts, limit, context.seed);
    counts.rounds += 1;
    progress(`${counts.packets} packets in ${counts.cases} cases`);
  }
  return counts;
}

/** One loading of the programs, by settings of its own. */
async function runRound(
  random: Random,
  counts: DiffCounts,
  limit: number,
  seed: number,
): Promise<void> {
  const settings = randomSettings(random);
  using kernel = new KernelSide(settings, SLOTS);
  const sides = { kernel, model: new ModelSide(settings) };
  while (counts.packets < limit) {
    // Of its own, so that a case can be made again without those before.
    const steps = await makeSteps(new Random(random.uint32()), settings);
    kernel.inside(() => runCase(sides, { settings, steps }, seed));
    addSteps(counts, steps);
    counts.cases += 1;
  }
}

function addSteps(counts: DiffCounts, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === "packet") counts.packets += 1;
    if (step.kind === "packet" && step.isDenied !== undefined) counts.probes += 1;
    if (step.kind === "change") counts.changes += 1;
  }
}

async function makeSteps(random: Random, settings: Required<PodSettings>): Promise<Step[]> {
  const isComputed = random.chance(CONTROL_SHARE);
  const node = isComputed ? await recordNode(random, SLOTS) : new RawNode(random, SLOTS);
  const packets = random.between(MIN_PACKETS_PER_CASE, MAX_PACKETS_PER_CASE);
  return generateSteps({ random, settings, node, packets });
}

function runCase(sides: Sides, each: Case, seed: number): void {
  const found = differenceOf(sides, each, PACKETS_PER_COMPARISON);
  if (found !== undefined) fail(smallest(sides, found), seed);
}

function fail(found: Difference, seed: number): never {
  throw new AppError(
    "difference",
    `the kernel and the model differ, seed ${seed}\n${describe(found)}`,
  );
}

function randomSettings(random: Random): Required<PodSettings> {
  const isShort = random.chance(0.7);
  return {
    world_ipv4_identity: random.pick([2, 9]),
    world_ipv6_identity: random.pick([2, 10]),
    is_open_without_policy: random.chance(0.3),
    aggregation: random.below(4),
    trace_interval: random.pick([0, 5, 1250]),
    tcp_timeout: isShort ? 500 : 2_000_000,
    tcp_opening_timeout: isShort ? 60 : 15_000,
    tcp_closing_timeout: isShort ? 10 : 2_500,
    other_timeout: isShort ? 60 : 15_000,
  };
}
