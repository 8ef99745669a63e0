import { AppError } from "#base";
import type { Program } from "#ebpf";

/** What kernels are built with; a measurement only has to tell them apart. */
const POSSIBLE_HERTZ: readonly number[] = [100, 250, 300, 1000];
/** Between two ticks, at least, and at most: the longer, the less a late tick matters. */
const MIN_SPAN_NS = 40_000_000n;
const MAX_SPAN_NS = 1_000_000_000n;
/** A tick is noticed this soon, or its time is not known well enough. */
const MAX_BLUR_NS = 300_000n;
/** How far a good measurement may be off. 250 and 300 are 17% apart. */
const TOLERANCE = 0.03;
const NS_PER_SECOND = 1e9;

/** `struct clock_reading` */
export interface ClockReading {
  readonly jiffies: bigint;
  readonly timeNs: bigint;
}
const CLOCK_READING_BYTES = 16;

/** Asks the kernel by the program `read_clock`. */
export function readClock(program: Program): ClockReading {
  const { context } = program.runSyscall(new Uint8Array(CLOCK_READING_BYTES));
  const view = new DataView(context.buffer, context.byteOffset, context.byteLength);
  return { jiffies: view.getBigUint64(0, true), timeNs: view.getBigUint64(8, true) };
}

/**
 * How many jiffies a second has: a choice of whoever built the kernel, which it tells nobody
 * reliably. Waits for ticks, 50 ms as a rule; where they cannot be seen well, a second.
 */
export function measureHertz(read: () => ClockReading): number {
  const began = read();
  let last = began;
  let firstTick: ClockReading | undefined;
  while (last.timeNs - began.timeNs < MAX_SPAN_NS) {
    const now = read();
    const isTick = now.jiffies !== last.jiffies && now.timeNs - last.timeNs < MAX_BLUR_NS;
    last = now;
    if (!isTick) continue;
    firstTick ??= now;
    if (now.timeNs - firstTick.timeNs < MIN_SPAN_NS) continue;
    const measured = rate(firstTick, now);
    const nearest = nearestHertz(measured);
    if (Math.abs(measured / nearest - 1) < TOLERANCE) return nearest;
  }
  if (last.jiffies !== began.jiffies) return nearestHertz(rate(began, last));
  throw new AppError("no-clock", "the kernel's jiffies did not move for a second");
}

function rate(from: ClockReading, to: ClockReading): number {
  return (Number(to.jiffies - from.jiffies) * NS_PER_SECOND) / Number(to.timeNs - from.timeNs);
}

function nearestHertz(measured: number): number {
  const distance = (hertz: number): number => Math.abs(Math.log(measured / hertz));
  return POSSIBLE_HERTZ.reduce((best, each) => (distance(each) < distance(best) ? each : best));
}
