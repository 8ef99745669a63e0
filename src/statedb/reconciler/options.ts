import { ConfigError } from "#base";
import type { ReconcilerOptions } from "./types.ts";

/** The options themselves, or an error that names the one that cannot be. */
export function checkOptions(reconciler: string, options: ReconcilerOptions): ReconcilerOptions {
  const least = {
    batchSize: 1,
    minBackoffMs: 1,
    maxBackoffMs: options.minBackoffMs,
    pruneIntervalMs: 0,
    refreshIntervalMs: 0,
  };
  for (const [key, min] of Object.entries(least)) {
    const value = options[key as keyof typeof least];
    if (!Number.isSafeInteger(value) || value < min) {
      throw new ConfigError(
        `${reconciler}.${key}`,
        `a whole number of at least ${min}, not ${value}`,
      );
    }
  }
  return options;
}
