import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "#base";
import { type ClockReading, measureHertz } from "./hertz.ts";

const START = 4_294_900_000n;

/** A clock that is read every `everyNs`, ticks at `hertz`, and now and then is away for a while. */
function clock(
  hertz: number,
  everyNs: number,
  awayNs: (reading: number) => number = () => 0,
): () => ClockReading {
  let readings = 0;
  let now = 12_345_678;
  return () => {
    now += everyNs + awayNs(readings++);
    return {
      jiffies: START + BigInt(Math.floor((now * hertz) / 1e9)),
      timeNs: BigInt(now),
    };
  };
}

for (const hertz of [100, 250, 300, 1000]) {
  test(`a kernel of ${hertz} jiffies a second is told by its ticks`, () => {
    assert.equal(measureHertz(clock(hertz, 10_000)), hertz);
  });

  test(`so it is where reading the clock takes long: ${hertz}`, () => {
    assert.equal(measureHertz(clock(hertz, 450_000)), hertz);
  });

  test(`so it is where others take the CPU away now and then: ${hertz}`, () => {
    const away = clock(hertz, 10_000, (reading) => (reading % 500 === 0 ? 7_000_000 : 0));
    assert.equal(measureHertz(away), hertz);
  });
}

test("a clock that stands still is refused, and not waited for", () => {
  let timeNs = 0n;
  const standing = (): ClockReading => ({ jiffies: START, timeNs: (timeNs += 100_000n) });
  assert.throws(() => measureHertz(standing), AppError);
});
