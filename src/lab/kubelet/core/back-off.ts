/**
 * How long a container that ended waits before it is started again: ten seconds, doubled with
 * each end up to five minutes, and from the beginning after ten minutes without one. The first
 * restart is at once.
 */
const FIRST_MS = 10_000;
const MOST_MS = 300_000;
const FORGOTTEN_AFTER_MS = 2 * MOST_MS;

export interface BackOff {
  readonly delayMs: number;
  /** When the end came from which `delayMs` counts. */
  readonly sinceMs: number;
}

/** What the next wait is, once a container that ended at `endMs` has been started again. */
export function nextBackOff(last: BackOff | undefined, endMs: number): BackOff {
  const isForgotten = last === undefined || endMs - last.sinceMs > FORGOTTEN_AFTER_MS;
  const delayMs = isForgotten ? FIRST_MS : Math.min(MOST_MS, last.delayMs * 2);
  return { delayMs, sinceMs: endMs };
}

/** When a container that ended at `endMs` may start. */
export function backOffUntil(last: BackOff | undefined, endMs: number): number {
  if (last === undefined || endMs - last.sinceMs > FORGOTTEN_AFTER_MS) return endMs;
  return endMs + last.delayMs;
}

/** As Go prints a duration of whole seconds: 10s, 1m20s, 5m0s. */
export function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
