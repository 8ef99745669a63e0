import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "#base";
import { FlowCollector } from "#datapath";
import { FakeDatapath } from "#datapath/fake";

// The interval alone; what is collected is the kernel's to say, and tested there.

test("flows are collected at once, then in intervals, and failures do not end it", async () => {
  const clock = new FakeClock();
  using datapath = new FakeDatapath();
  let calls = 0;
  const collectFlows = datapath.collectFlows.bind(datapath);
  datapath.collectFlows = async (table) => {
    calls += 1;
    if (calls === 3) throw new Error("not now");
    return collectFlows(table);
  };
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  await using collector = new FlowCollector({ datapath, clock, intervalMs: 1000, onFailure });
  assert.equal(collector.report("tcp").kept, undefined);
  await clock.advance(0);
  assert.deepEqual(collector.report("tcp"), { kept: 0, collected: 0, evicted: 0n });
  await clock.advance(1000);
  assert.deepEqual([calls, failures.length], [3, 1]);
  await clock.advance(1000);
  assert.equal(calls, 5);
});
