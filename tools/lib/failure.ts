import { root } from "./files.ts";

/**
 * An error with its causes and the project's own lines of their stacks, with paths from the root:
 * the same text on whichever machine it happened.
 */
export function describeFailure(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  const maxCauses = 8;
  for (let depth = 0; depth < maxCauses && current !== undefined; depth++) {
    parts.push(describeOne(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join("\ncaused by: ");
}

function describeOne(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? String(error)).split("\n");
  const own = lines.filter((line) => !/^\s+at (.*node_modules\/|(.*\()?node:)/.test(line));
  return own.join("\n").replaceAll(`file://${root}/`, "").replaceAll(`${root}/`, "");
}
