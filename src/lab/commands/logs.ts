/** The logs of the lab's own processes. */
import type { Clock } from "#base";
import { logsIn, readLogAfter, readLogTail } from "../supervisor/log-file.ts";
import { openLab } from "./access.ts";

const POLL_MS = 200;
/** How much of a file is looked at for its last lines. */
const MAX_TAIL_BYTES = 1024 * 1024;

/** The processes of a lab that have a log. */
export function processLogs(name: string): string[] {
  return logsIn(openLab(name).places.logFolder);
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
  let { text, end } = readLogTail(path, MAX_TAIL_BYTES);
  yield lastLines(text, lines);
  while (isFollowing && !signal.aborted) {
    await clock.sleep(POLL_MS, signal).catch(() => {});
    ({ text, end } = readLogAfter(path, end));
    if (text !== "") yield text;
  }
}

function lastLines(text: string, count: number): string {
  const lines = text.split("\n");
  return lines.slice(Math.max(0, lines.length - 1 - count)).join("\n");
}
