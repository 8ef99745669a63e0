// Versions of a group, the preferred one first.
const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** Stable versions first, then beta, then alpha, newer before older, then all others by name. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [VERSION.exec(left), VERSION.exec(right)];
  if (a === null || b === null) {
    if (a === null && b === null) return left < right ? -1 : Number(left > right);
    return a === null ? 1 : -1;
  }
  const stability = (match: RegExpExecArray): number =>
    match[2] === undefined ? 2 : Number(match[2] === "beta");
  return (
    stability(b) - stability(a) ||
    Number(b[1]) - Number(a[1]) ||
    Number(b[3] ?? 0) - Number(a[3] ?? 0)
  );
}
