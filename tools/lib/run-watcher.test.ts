import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "#base";
import { RunWatcher } from "./run-watcher.ts";

test("a file that takes long is named, and a test that holds its process ends it", async () => {
  const clock = new FakeClock();
  const said: string[] = [];
  const say = (sentence: string): void => void said.push(sentence);
  const end = (): void => void said.push("ended");
  const watcher = new RunWatcher({ timeoutMs: 60_000, clock, say, end });
  watcher.onRunning({ file: "a.ts", test: "one" });
  await clock.advance(4_000);
  watcher.onRunning({ file: "b.ts", test: "two" });
  await clock.advance(4_000);
  assert.deepEqual(said, []);
  watcher.onRunning({ file: "b.ts", test: "three" });
  await clock.advance(1_000);
  assert.deepEqual(said.splice(0), ["b.ts has been running for 5 s, now: three"]);
  await clock.advance(75_000);
  assert.deepEqual(said.slice(-2), [
    'b.ts: "three" has held the process for 75 s, so it is ended.',
    "ended",
  ]);
  watcher.stop();
  const before = said.length;
  await clock.advance(300_000);
  assert.equal(said.length, before);
});
