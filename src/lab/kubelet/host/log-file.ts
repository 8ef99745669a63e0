import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { EventEmitter } from "node:events";
import { dirname } from "node:path";
import type { Clock } from "#base";
import { LogEncoder, logTime } from "../core/log-line.ts";

/** A log that grows beyond is put aside, and the one put aside before is gone. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** The log of one run of a container, as it is written; `appended` tells who follows it. */
export class LogFile extends EventEmitter<{ appended: []; finished: [] }> implements Disposable {
  readonly path: string;
  readonly #clock: Clock;
  readonly #encoders = { stdout: new LogEncoder("stdout"), stderr: new LogEncoder("stderr") };
  #fd: number | undefined;
  #bytes: number;

  constructor(path: string, clock: Clock) {
    super();
    this.setMaxListeners(0);
    this.path = path;
    this.#clock = clock;
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, "a", 0o640);
    this.#bytes = statSync(path).size;
  }

  get isFinished(): boolean {
    return this.#fd === undefined;
  }

  write(stream: "stdout" | "stderr", bytes: Buffer): void {
    this.#append(this.#encoders[stream].encode(bytes, logTime(this.#clock.nowMs())));
  }

  /** Nothing more comes. */
  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    const now = logTime(this.#clock.nowMs());
    this.#append(this.#encoders.stdout.finish(now));
    this.#append(this.#encoders.stderr.finish(now));
    closeSync(this.#fd);
    this.#fd = undefined;
    this.emit("finished");
  }

  #append(bytes: Buffer): void {
    if (this.#fd === undefined || bytes.length === 0) return;
    if (this.#bytes > MAX_LOG_BYTES) this.#rotate();
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      // A full disk costs the lines, and must not cost the containers.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
    this.#bytes += bytes.length;
    this.emit("appended");
  }

  #rotate(): void {
    renameSync(this.path, `${this.path}.old`);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = openSync(this.path, "a", 0o640);
    this.#bytes = 0;
  }
}
