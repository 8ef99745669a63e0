import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryMiB, processesBy, pssKibibytes } from "./processes.ts";

test("a process's memory is its proportional set size, and the dead have none", () => {
  const rollup =
    "55d0-7ffc ---p 00000000 00:00 0 [rollup]\nRss:   900 kB\nPss:    412 kB\nPss_Dirty: 8 kB\n";
  assert.equal(pssKibibytes(rollup), 412);
  assert.throws(() => pssKibibytes("Rss: 1 kB"));
  const self = process.pid;
  assert.ok(memoryMiB([self, self]) < 1.5 * memoryMiB([self]));
  assert.equal(memoryMiB([0x7fff_fffe]), 0);
});

test("processes are found by their command lines", () => {
  assert.ok(processesBy(([program]) => program === process.argv0).includes(process.pid));
  assert.deepEqual(
    processesBy(() => false),
    [],
  );
});
