/** Spans of time as kubectl shows them: `5m`, `3d4h`. */
const SECOND = 1_000;

/** Since a timestamp; `<unknown>` of none. */
export function ageOf(timestamp: string | undefined | null, nowMs: number): string {
  const then = timestamp === undefined || timestamp === null ? NaN : Date.parse(timestamp);
  return Number.isNaN(then) ? "<unknown>" : durationText(nowMs - then);
}

/** With two units while they are small, as the reference words it. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / SECOND);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return joined(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return joined(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return joined(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? joined(years, "y", days % 365, "d") : `${years}y`;
}

function joined(much: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${much}${unit}` : `${much}${unit}${rest}${restUnit}`;
}
