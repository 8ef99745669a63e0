import { Buffer } from "node:buffer";

/**
 * Lines of container logs as runtimes write and kubelets read them: a time, a stream, F for a
 * full line or P for a part of one, and the text.
 */
export interface LogLine {
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly isFull: boolean;
  readonly text: Buffer;
}

/** Longer lines are written in parts. */
const MAX_LINE_BYTES = 16 * 1024;
const NEWLINE = 10;
const SPACE = 32;

/** What a container writes to one stream, made into lines of its log. */
export class LogEncoder {
  readonly #stream: "stdout" | "stderr";
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: "stdout" | "stderr") {
    this.#stream = stream;
  }

  encode(bytes: Buffer, time: string): Buffer {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const parts: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = all.indexOf(NEWLINE, start);
      const stop = end < 0 ? all.length : end;
      while (stop - start > MAX_LINE_BYTES) {
        parts.push(this.#line(all.subarray(start, start + MAX_LINE_BYTES), time, false));
        start += MAX_LINE_BYTES;
      }
      if (end < 0) break;
      parts.push(this.#line(all.subarray(start, end), time, true));
      start = end + 1;
    }
    this.#rest = Buffer.from(all.subarray(start));
    return Buffer.concat(parts);
  }

  /** What has no line end at the end of a run is a part that nothing follows. */
  finish(time: string): Buffer {
    if (this.#rest.length === 0) return this.#rest;
    const line = this.#line(this.#rest, time, false);
    this.#rest = Buffer.alloc(0);
    return line;
  }

  #line(text: Buffer, time: string, isFull: boolean): Buffer {
    const head = Buffer.from(`${time} ${this.#stream} ${isFull ? "F" : "P"} `);
    return Buffer.concat([head, text, Buffer.from("\n")]);
  }
}

/** One line of a log without its line end; undefined where it is none, as after a crash. */
export function decodeLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first < 1 || second < 0 || third < 0) return undefined;
  const time = line.toString("latin1", 0, first);
  const stream = line.toString("latin1", first + 1, second);
  const tag = line.toString("latin1", second + 1, third).split(":", 1)[0];
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  if (tag !== "F" && tag !== "P") return undefined;
  return { time, stream, isFull: tag === "F", text: line.subarray(third + 1) };
}

/** RFC 3339 with nine digits, as runtimes stamp; milliseconds are what we have. */
export function logTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000000Z");
}
