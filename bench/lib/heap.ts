import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What of this process's memory is in use, once what is not has been collected. */
export function heapBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The collector's own function, without which a heap is as large as chance has it. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}
