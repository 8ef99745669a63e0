import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runSteps, type Step } from "./steps.ts";

test("steps run no more than so many at a time, and the results come in their order", async () => {
  let running = 0;
  let most = 0;
  const step = (name: string, ms: number): Step => ({
    name,
    run: async () => {
      most = Math.max(most, ++running);
      await sleep(ms);
      running -= 1;
      return { isOk: true, output: "" };
    },
  });
  const ended: string[] = [];
  const results = await runSteps([step("slow", 30), step("a", 5), step("b", 5)], 2, {
    onEnd: ({ name }) => ended.push(name),
  });
  assert.equal(most, 2);
  assert.deepEqual(
    results.map(({ name }) => name),
    ["slow", "a", "b"],
  );
  assert.deepEqual(ended, ["a", "b", "slow"]);
});

test("a step that throws has failed, and the others go on", async () => {
  const results = await runSteps(
    [
      { name: "bad", run: () => Promise.reject(new Error("broken")) },
      { name: "good", run: async () => ({ isOk: true, output: "" }) },
    ],
    1,
  );
  assert.deepEqual(
    results.map(({ isOk }) => isOk),
    [false, true],
  );
  assert.match(results[0]?.output ?? "", /broken/);
});
