import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, compareRates, rate, rates } from "./measure.ts";

/** Keeps the processor busy: what is measured must take its time without waiting. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("compare throws one round away and takes turns as to who comes first", async () => {
  const calls: string[] = [];
  const side = (name: string, value: number) => async (): Promise<number> => {
    calls.push(name);
    return value;
  };
  const result = await compare(side("ours", 6), side("theirs", 3), 3);
  assert.deepEqual(result, { ratios: [2, 2, 2], ours: [6, 6, 6], theirs: [3, 3, 3] });
  assert.deepEqual(
    calls.join(" "),
    "ours theirs ours theirs theirs ours ours theirs",
    "warm-up, then three rounds",
  );
});

test("a rate counts what the body says it did, or one a call", async () => {
  const body = (): number => {
    spin(1);
    return 100;
  };
  const many = await rate(body, { minimumMs: 20 });
  assert.ok(many > 1_000 && many <= 100_000, `about 100,000/s, not ${many}`);
  const one = await rate(async () => spin(1), { minimumMs: 20 });
  assert.ok(one > 10 && one <= 1000, `about 1,000/s, not ${one}`);
});

test("rates has a sample for each round", async () => {
  const rounds: number[] = [];
  const samples = await rates(() => spin(0.1), 4, {
    minimumMs: 1,
    onRound: (round) => rounds.push(round),
  });
  assert.equal(samples.length, 4);
  assert.deepEqual(rounds, [0, 1, 2, 3]);
});

test("what does half the work is faster", async () => {
  const { ratios } = await compareRates(
    () => spin(0.5),
    () => spin(1),
    5,
    { minimumMs: 10 },
  );
  const sorted = ratios.toSorted((a, b) => a - b);
  const middle = sorted[2] ?? 0;
  // How much faster is the machine's to say, and what else runs on it.
  assert.ok(middle > 1.05, `about 2, not ${middle}`);
});
