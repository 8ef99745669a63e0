import { test } from "node:test";
import { AppError, DecodeError, Random } from "#base";
import { attributed } from "./attribution.ts";
import { replayable, runSeed } from "./seed.ts";

export interface FuzzTarget {
  /** Good inputs to start from; without any, inputs are random bytes. */
  corpus: () => readonly Uint8Array[];
  /** Takes any bytes. May throw DecodeError; anything else is a bug. */
  run: (input: Uint8Array) => void;
}

interface FuzzOptions {
  seed: number;
  /** Stops at whichever comes first. */
  maxInputs: number;
  deadlineMs?: number;
}

const CI_INPUTS = 2_000;
const MAX_INPUT_BYTES = 64 * 1024;
const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];

/** For the default export of an `x.fuzz.ts`. */
export function defineFuzz(target: FuzzTarget): FuzzTarget {
  return target;
}

/** The fuzzer that a file exports, or a complaint. */
export function fuzzTargetOf(file: string, exported: unknown): FuzzTarget {
  const target = exported as FuzzTarget | undefined;
  if (typeof target?.run === "function" && typeof target.corpus === "function") return target;
  throw new AppError("usage", `${file} has no default export made by defineFuzz: add one.`);
}

/** Makes the small run of a fuzz file a test. */
export function registerFuzz(file: string, exported: unknown): void {
  const target = fuzzTargetOf(file, exported);
  test(
    attributed("fuzz"),
    replayable(() => void runFuzz(target, { seed: runSeed, maxInputs: CI_INPUTS })),
  );
}

/** Answers how many inputs were tried. The first bad one ends it, with all it takes to replay. */
export function runFuzz(target: FuzzTarget, options: FuzzOptions): number {
  const random = new Random(options.seed);
  const corpus = target.corpus();
  const deadline = options.deadlineMs === undefined ? Infinity : Date.now() + options.deadlineMs;
  let tried = 0;
  for (const input of corpus) tryInput(target, input, `corpus, seed ${options.seed}`);
  while (tried < options.maxInputs) {
    if (tried % 64 === 0 && Date.now() > deadline) break;
    const input = corpus.length === 0 ? random.bytes(random.below(256)) : mutate(random, corpus);
    tryInput(target, input, `input ${tried}, seed ${options.seed}`);
    tried += 1;
  }
  return tried;
}

function tryInput(target: FuzzTarget, input: Uint8Array, which: string): void {
  const before = Uint8Array.from(input);
  try {
    target.run(input);
  } catch (error) {
    if (error instanceof DecodeError) return;
    const hex = Buffer.from(before.subarray(0, 2048)).toString("hex");
    const what = `fuzz: ${which}: ${String(error)}\n${before.length} bytes: ${hex}`;
    const failure = new Error(what, { cause: error });
    // The cause has the line that matters.
    failure.stack = failure.message;
    throw failure;
  }
}

function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = Uint8Array.from(random.pick(corpus));
  for (let edits = random.between(1, 6); edits > 0; edits--)
    bytes = mutateOnce(random, bytes, corpus);
  return bytes.subarray(0, MAX_INPUT_BYTES);
}

function mutateOnce(
  random: Random,
  bytes: Uint8Array<ArrayBuffer>,
  corpus: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return Uint8Array.from(random.bytes(8));
  const at = random.below(bytes.length);
  switch (random.below(7)) {
    case 0: // cut short
      return bytes.slice(0, at);
    case 1: // take a piece out
      return Uint8Array.from([
        ...bytes.subarray(0, at),
        ...bytes.subarray(at + random.between(1, 8)),
      ]);
    case 2: // put a piece in
      return Uint8Array.from([
        ...bytes.subarray(0, at),
        ...random.bytes(random.between(1, 8)),
        ...bytes.subarray(at),
      ]);
    case 3: {
      // go on as another input does
      const other = random.pick(corpus);
      return Uint8Array.from([
        ...bytes.subarray(0, at),
        ...other.subarray(random.below(other.length + 1)),
      ]);
    }
    case 4: // one bit
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 5: // a length or count at its edge, in 1, 2 or 4 bytes
      bytes.fill(random.pick(INTERESTING), at, at + (1 << random.below(3)));
      return bytes;
    default:
      bytes[at] = random.below(256);
      return bytes;
  }
}
