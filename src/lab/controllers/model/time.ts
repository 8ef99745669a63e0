/** Kubernetes writes times in whole seconds, and leases in microseconds. */

export const SECOND_MS = 1_000;

export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

export function microTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/Z$/, "000Z");
}

/** Undefined for what is not there or is no time. */
export function parseTime(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
