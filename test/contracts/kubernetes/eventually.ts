/** Waiting for what a cluster does in its own time. */
import assert from "node:assert/strict";
import { systemClock } from "#base";

const RETRY_MS = 50;

/** What `look` finds; it is asked again while that is undefined or false. */
export async function eventually<T>(
  what: string,
  patienceMs: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = systemClock.monotonicMs() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonicMs() > deadline) assert.fail(`not within ${patienceMs} ms: ${what}`);
    await systemClock.sleep(RETRY_MS);
  }
}
