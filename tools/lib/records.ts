import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./files.ts";

/** Writes what a run found as JSON that reads well in a diff; `path` is from the root. */
export function writeRecord(path: string, record: object): void {
  const absolute = join(root, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, `${JSON.stringify(record, null, 2)}\n`);
}

/** Prints a line at most every two seconds; says itself how long it has been. */
export function progressPrinter(name: string): (text: string) => void {
  const everyMs = 2_000;
  const began = performance.now();
  let last = -Infinity;
  return (text) => {
    const now = performance.now();
    if (now - last < everyMs) return;
    last = now;
    console.log(`  ${name} ${((now - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
  };
}
