import assert from "node:assert/strict";
import { test } from "node:test";
import { defineSoak, soakOf } from "#test";

const counting = defineSoak({
  summary: "counts",
  small: { steps: 3 },
  large: { steps: 1000 },
  run({ random, size, isOver, progress }) {
    const drawn: number[] = [];
    while (drawn.length < size.steps && !isOver()) {
      drawn.push(random.uint32());
      progress(`${drawn.length} steps`);
    }
    return { drawn };
  },
});

test("the seed decides what a soak does, and the size how much of it", async () => {
  const small = await counting.run("small", { seed: 5 });
  assert.deepEqual(await counting.run("small", { seed: 5 }), small);
  assert.notDeepEqual(await counting.run("small", { seed: 6 }), small);
  const large = (await counting.run("large", { seed: 5 })) as { drawn: number[] };
  assert.deepEqual({ drawn: large.drawn.slice(0, 3) }, small);
  assert.equal(large.drawn.length, 1000);
});

test("a soak is over at its deadline, and reports its progress before", async () => {
  const words: string[] = [];
  const options = { seed: 1, progress: (text: string) => void words.push(text) };
  assert.deepEqual(await counting.run("large", { ...options, deadlineMs: Date.now() }), {
    drawn: [],
  });
  await counting.run("small", options);
  assert.deepEqual(words, ["1 steps", "2 steps", "3 steps"]);
});

test("a soak with no small size has no small run", async () => {
  const onlyLarge = defineSoak({
    summary: "large only",
    small: undefined,
    large: 1,
    run: () => ({}),
  });
  assert.deepEqual([counting.hasSmall, onlyLarge.hasSmall], [true, false]);
  await assert.rejects(onlyLarge.run("small", { seed: 1 }), /no small run/);
});

test("what a file exports is a soak, or gets a sentence with the file's name", () => {
  assert.equal(soakOf("x.soak.ts", counting), counting);
  assert.throws(() => soakOf("x.soak.ts", undefined), /x\.soak\.ts has no default export made by/);
  assert.throws(() => soakOf("x.soak.ts", { run: () => {} }), /no default export/);
});
