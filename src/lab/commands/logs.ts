/** The logs of the lab's own processes. */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import type { Clock } from "#base";
import { openLab } from "./access.ts";

const POLL_MS = 200;
/** How much of a file is looked at for its last lines. */
const MAX_TAIL_BYTES = 1024 * 1024;

/** The processes of a lab that have a log. */
export function processLogs(name: string): string[] {
  const { places } = openLab(name);
  const files = readdirSync(places.logFolder).filter((file) => file.endsWith(".log"));
  return files.map((file) => file.slice(0, -".log".length)).toSorted();
}

interface FollowOptions {
  readonly lines: number;
  readonly isFollowing: boolean;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The last lines, and what comes after them until the signal. */
export async function* readProcessLog(
  name: string,
  process: string,
  { lines, isFollowing, signal, clock }: FollowOptions,
): AsyncGenerator<string> {
  const path = openLab(name).places.logFile(process);
  let offset = statSync(path).size;
  yield lastLines(readPart(path, Math.max(0, offset - MAX_TAIL_BYTES), offset), lines);
  while (isFollowing && !signal.aborted) {
    await clock.sleep(POLL_MS, signal).catch(() => {});
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    // A log that was put aside begins anew.
    if (size < offset) offset = 0;
    if (size > offset) yield readPart(path, offset, size);
    offset = size;
  }
}

function lastLines(text: string, count: number): string {
  const lines = text.split("\n");
  return lines.slice(Math.max(0, lines.length - 1 - count)).join("\n");
}

function readPart(path: string, from: number, to: number): string {
  const buffer = Buffer.alloc(to - from);
  const file = openSync(path, "r");
  try {
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}
