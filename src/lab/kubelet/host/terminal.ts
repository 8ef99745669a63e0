import { Buffer } from "node:buffer";
import { closeSync, constants, openSync, readlinkSync, writeSync } from "node:fs";
import { checkSyscall, linuxSyscalls } from "#sys";
import { DescriptorReader } from "./descriptor-reader.ts";

const TIOCSPTLCK = 0x4004_5431;
const TIOCGPTN = 0x8004_5430;
const TIOCSWINSZ = 0x5414;
/** How much may be typed ahead of a program that does not read. */
const MAX_TYPED_BYTES = 1024 * 1024;
const RETRY_MS = 10;

/** A terminal: one end is held by this process, the other given to a program. */
export class Terminal implements Disposable {
  /** What the program writes; closed when it, and all that it started, have gone. */
  readonly reader: DescriptorReader;
  /** To be given to the program, and closed then. */
  readonly slave: number;
  readonly #master: number;
  #typed: Buffer = Buffer.alloc(0);
  #isWaiting = false;

  /** One of those of the container that `pid` runs in: there its name in /dev/pts is found. */
  constructor(pid: number, onData: (bytes: Buffer) => void) {
    const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
    const folder = `/proc/${pid}/root/dev/pts`;
    this.#master = openSync(`${folder}/ptmx`, O_RDWR | O_NOCTTY | O_NONBLOCK);
    try {
      this.slave = openSync(`${folder}/${slaveNumber(this.#master)}`, O_RDWR | O_NOCTTY);
    } catch (error) {
      closeSync(this.#master);
      throw error;
    }
    this.reader = new DescriptorReader(this.#master, onData);
  }

  /** What is typed: as fast as the terminal takes it. */
  write(bytes: Buffer): void {
    if (this.#typed.length + bytes.length > MAX_TYPED_BYTES) return;
    this.#typed = Buffer.concat([this.#typed, bytes]);
    if (!this.#isWaiting) this.#push();
  }

  #push(): void {
    this.#isWaiting = false;
    try {
      while (this.#typed.length > 0 && !this.reader.isClosed) {
        this.#typed = this.#typed.subarray(writeSync(this.#master, this.#typed));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      this.#isWaiting = true;
      setTimeout(() => this.#push(), RETRY_MS);
    }
  }

  resize(columns: number, rows: number): void {
    if (!this.reader.isClosed) setSize(this.#master, columns, rows);
  }

  /** Hangs up. */
  [Symbol.dispose](): void {
    this.reader[Symbol.dispose]();
  }
}

function slaveNumber(master: number): number {
  const syscalls = linuxSyscalls();
  const number = new Uint8Array(4);
  checkSyscall(syscalls.ioctl(master, TIOCSPTLCK, new Uint8Array(4)), "unlocking a terminal");
  checkSyscall(syscalls.ioctl(master, TIOCGPTN, number), "asking a terminal for its number");
  return new DataView(number.buffer).getUint32(0, true);
}

/** The size of the terminal that a process has as its standard input, if it has one. */
export function resizeTerminalOf(pid: number, columns: number, rows: number): void {
  const path = `/proc/${pid}/fd/0`;
  let fd: number | undefined;
  try {
    if (!readlinkSync(path).startsWith("/dev/pts/")) return;
    fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    setSize(fd, columns, rows);
  } catch {
    // It has ended meanwhile.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function setSize(fd: number, columns: number, rows: number): void {
  const size = new Uint8Array(Uint16Array.of(rows, columns, 0, 0).buffer);
  linuxSyscalls().ioctl(fd, TIOCSWINSZ, size);
}
