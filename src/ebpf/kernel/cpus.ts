import { readFileSync } from "node:fs";
import { assert } from "#base";

let known: number | undefined;

/** How many CPUs this machine could have: per-CPU maps hold a value for each, there or not. */
export function possibleCpus(): number {
  return (known ??= parseCpuList(readFileSync("/sys/devices/system/cpu/possible", "utf8")));
}

/** `0-3` or `0,2-5`: how many. */
function parseCpuList(text: string): number {
  let count = 0;
  for (const range of text.trim().split(",")) {
    const [first, last = first] = range.split("-").map(Number);
    assert(Number.isInteger(first) && Number.isInteger(last), `a list of CPUs: ${text}`);
    count += (last ?? 0) - (first ?? 0) + 1;
  }
  return count;
}
