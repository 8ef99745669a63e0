/**
 * Measuring on machines that are never quiet: what is compared runs in turns, in one process and
 * one run, so that what disturbs one side disturbs the other; and what counts is the median of the
 * ratios of neighbours.
 */

/**
 * What is measured: does some work and answers how many operations that was (nothing: one).
 * The clock is read after each call, so a call should take a microsecond or more.
 */
export type Body = () => number | void | Promise<number | void>;

export interface RateOptions {
  /** How long to go on at least. */
  minimumMs?: number;
}

/** Operations a second of `body`. */
export async function rate(body: Body, { minimumMs = 200 }: RateOptions = {}): Promise<number> {
  let operations = 0;
  let elapsedMs = 0;
  const began = performance.now();
  while (elapsedMs < minimumMs) {
    const result = body();
    // Awaiting what is no promise would cost a turn of the loop, which is not the body's.
    const count = result instanceof Promise ? await result : result;
    operations += count ?? 1;
    elapsedMs = performance.now() - began;
  }
  return (operations / elapsedMs) * 1000;
}

/** Milliseconds that one call of `body` takes. */
export async function duration(body: () => unknown): Promise<number> {
  const began = performance.now();
  const result = body();
  if (result instanceof Promise) await result;
  return performance.now() - began;
}

/** Rates, one a round, after a warm-up that lets the compiler settle. */
export async function rates(
  body: Body,
  rounds: number,
  options: RateOptions & { onRound?: (round: number) => void } = {},
): Promise<number[]> {
  await rate(body, options);
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    options.onRound?.(round);
    samples.push(await rate(body, options));
  }
  return samples;
}

export interface Comparison {
  /** `ours` by `theirs` of each round. */
  ratios: number[];
  ours: number[];
  theirs: number[];
}

/**
 * Takes both measurements in each round, in turns as to which comes first, because a machine that
 * gets slower or faster would otherwise always favour the same side. The first round of both is
 * thrown away as warm-up.
 */
export async function compare(
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  rounds: number,
  onRound?: (round: number) => void,
): Promise<Comparison> {
  await ours();
  await theirs();
  const result: Comparison = { ratios: [], ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const isOursFirst = round % 2 === 0;
    const first = await (isOursFirst ? ours() : theirs());
    const second = await (isOursFirst ? theirs() : ours());
    const [our, their] = isOursFirst ? [first, second] : [second, first];
    result.ours.push(our);
    result.theirs.push(their);
    result.ratios.push(our / their);
  }
  return result;
}

/** How many times as fast `ours` is as `theirs`. */
export function compareRates(
  ours: Body,
  theirs: Body,
  rounds: number,
  options: RateOptions & { onRound?: (round: number) => void } = {},
): Promise<Comparison> {
  return compare(
    () => rate(ours, options),
    () => rate(theirs, options),
    rounds,
    options.onRound,
  );
}
