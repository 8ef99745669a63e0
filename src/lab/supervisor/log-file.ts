/**
 * Logs of the lab's processes, which do not grow without end. Whoever writes one appends to a
 * descriptor that he keeps; the supervisor cuts it under him, and keeps what it held in one older
 * file beside it.
 */
import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";

/** They may lie in memory: /run is no disk. A process has up to twice that. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;
const SUFFIX = ".log";

/** The names of the processes that have a log in the folder. */
export function logsIn(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(SUFFIX));
  return files.map((file) => file.slice(0, -SUFFIX.length)).toSorted();
}

/** Where the older part is. Up to its end it is what the log was, byte for byte. */
export function olderLog(path: string): string {
  return `${path}.1`;
}

export function cutLogs(folder: string): void {
  for (const name of logsIn(folder)) cutLog(join(folder, `${name}${SUFFIX}`));
}

/**
 * Empties a log that is too long, in the place of whose older part it moves. By a copy, since its
 * writer would go on writing to a file that has another name; what he writes in the moment between
 * the copy and the cut is lost.
 */
export function cutLog(path: string, maxBytes = MAX_LOG_BYTES): void {
  if (sizeOf(path) <= maxBytes) return;
  const older = olderLog(path);
  try {
    copyFileSync(path, older);
  } catch {
    // As on a full disk, where a log that is cut is what helps.
    rmSync(older, { recursive: true, force: true });
  }
  truncateSync(path);
}

/** A piece of a log, and how long the log is then. */
interface LogPiece {
  readonly text: string;
  readonly end: number;
}

/** The last bytes of a log, also where they go back into its older part. */
export function readLogTail(path: string, maxBytes: number): LogPiece {
  const size = sizeOf(path);
  const recent = readPart(path, Math.max(0, size - maxBytes), size);
  const older = olderLog(path);
  const olderSize = sizeOf(older);
  const wanted = Math.min(olderSize, maxBytes - recent.length);
  const tail = Buffer.concat([readPart(older, olderSize - wanted, olderSize), recent]);
  return { text: tail.toString("utf8"), end: size };
}

/** What was added after `offset`, and where it ends; also where the log was cut since. */
export function readLogAfter(path: string, offset: number): LogPiece {
  const size = sizeOf(path);
  if (size >= offset) return { text: readPart(path, offset, size).toString("utf8"), end: size };
  const older = olderLog(path);
  const rest = readPart(older, offset, Math.max(offset, sizeOf(older)));
  const text = Buffer.concat([rest, readPart(path, 0, size)]).toString("utf8");
  return { text, end: size };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readPart(path: string, from: number, to: number): Buffer {
  if (to <= from) return Buffer.alloc(0);
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(to - from);
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}
