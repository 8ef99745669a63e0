import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogFile } from "../host/log-file.ts";
import { decodeLogLine, type LogLine } from "../core/log-line.ts";

/** Which part of a log is asked for, as in the API server's query. */
export interface LogQuery {
  readonly isFollowed: boolean;
  readonly tailLines: number | undefined;
  readonly sinceMs: number | undefined;
  readonly limitBytes: number | undefined;
  readonly hasTimestamps: boolean;
}

const CHUNK_BYTES = 64 * 1024;
/** Nobody tells of a log of a run that has ended without us; and a missed call must not hang. */
const POLL_MS = 1_000;
const NEWLINE = 10;

/** A log's text, as it is asked for; `live` is the log while it is written, for who follows it. */
export async function* readLog(
  path: string,
  query: LogQuery,
  live: LogFile | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  if (!existsSync(path)) return;
  const file = await open(path, "r");
  try {
    let left = query.limitBytes ?? Infinity;
    let offset = query.tailLines === undefined ? 0 : await tailOffset(file, query.tailLines);
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const isLast = !query.isFollowed || live === undefined || live.isFinished;
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset);
      offset += bytesRead;
      if (bytesRead > 0) {
        const { texts, remainder } = textsOf(
          Buffer.concat([rest, chunk.subarray(0, bytesRead)]),
          query,
        );
        rest = remainder;
        const text = texts.subarray(0, left);
        left -= text.length;
        if (text.length > 0) yield text;
        if (left <= 0) return;
        continue;
      }
      if (isLast || signal.aborted) return;
      await appended(live, signal);
    }
  } finally {
    await file.close();
  }
}

function textsOf(bytes: Buffer, query: LogQuery): { texts: Buffer; remainder: Buffer } {
  const texts: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const line = decodeLogLine(bytes.subarray(start, end));
    start = end + 1;
    if (
      line === undefined ||
      (query.sinceMs !== undefined && Date.parse(line.time) < query.sinceMs)
    )
      continue;
    texts.push(textOf(line, query));
  }
  return { texts: Buffer.concat(texts), remainder: Buffer.from(bytes.subarray(start)) };
}

function textOf({ time, isFull, text }: LogLine, { hasTimestamps }: LogQuery): Buffer {
  const parts = hasTimestamps ? [Buffer.from(`${time} `), text] : [text];
  return Buffer.concat(isFull ? [...parts, Buffer.from("\n")] : parts);
}

/** Where the last so many lines begin. */
async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  let end = size;
  let found = 0;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = Buffer.alloc(end - start);
    await file.read(chunk, 0, chunk.length, start);
    for (let at = chunk.length - 1; at >= 0; at--) {
      // The line end of the last line begins no further one.
      if (chunk[at] !== NEWLINE || start + at === size - 1) continue;
      found += 1;
      if (found === lines) return start + at + 1;
    }
    end = start;
  }
  return lines === 0 ? size : 0;
}

async function appended(live: LogFile | undefined, signal: AbortSignal): Promise<void> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  live?.once("appended", stop);
  live?.once("finished", stop);
  signal.addEventListener("abort", stop, { once: true });
  await sleep(POLL_MS, undefined, { signal: abort.signal }).catch(() => {});
  live?.off("appended", stop);
  live?.off("finished", stop);
  signal.removeEventListener("abort", stop);
}
