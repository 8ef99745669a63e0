import { Buffer } from "node:buffer";
import { closeSync, readSync } from "node:fs";
import { linuxSyscalls } from "#sys";

const CHUNK_BYTES = 64 * 1024;
/** Of one descriptor at a time, so that others get their turn. */
const MAX_CHUNKS_A_TURN = 16;

/** Reads a pipe or a terminal until all who write it have gone. The descriptor is non-blocking. */
export class DescriptorReader implements Disposable {
  /** Settled when there is nothing more, or it was disposed of. */
  readonly closed: Promise<void>;
  readonly #fd: number;
  readonly #onData: (bytes: Buffer) => void;
  #watch: Disposable | undefined;
  #isClosed = false;
  #settle: () => void = () => {};

  /** Takes the descriptor over. */
  constructor(fd: number, onData: (bytes: Buffer) => void) {
    this.#fd = fd;
    this.#onData = onData;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.resume();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Leaves what comes where it is, so that whoever writes it has to wait. */
  pause(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  resume(): void {
    if (this.#isClosed) return;
    this.#watch ??= linuxSyscalls().watchReadable(this.#fd, () => this.#drain());
  }

  #drain(): void {
    for (let chunk = 0; chunk < MAX_CHUNKS_A_TURN && this.#watch !== undefined; chunk++) {
      const bytes = Buffer.alloc(CHUNK_BYTES);
      const length = this.#read(bytes);
      if (length === undefined) return;
      if (length === 0) this[Symbol.dispose]();
      else this.#onData(bytes.subarray(0, length));
    }
  }

  /** Undefined where there is nothing at the moment, 0 where there never will be. */
  #read(bytes: Buffer): number | undefined {
    try {
      return readSync(this.#fd, bytes, 0, bytes.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") return undefined;
      // A terminal that nobody has open any more.
      if (code === "EIO") return 0;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.pause();
    closeSync(this.#fd);
    this.#settle();
  }
}
