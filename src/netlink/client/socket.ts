import { AppError, assert, NotSupportedError } from "#base";
import { checkSyscall, errnoName, Fd, type Syscalls } from "#sys";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x8_0000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NetlinkOption = { addMembership: 1, capAck: 10, extendedAck: 11, strictCheck: 12 } as const;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const EINTR = 4;

/** Which part of the kernel a socket speaks with. */
export const NetlinkProtocol = { route: 0, generic: 16 } as const;

/** The kernel sends lists in pieces of at most 32 KiB. */
const DATAGRAM_BYTES = 64 * 1024;
const DEFAULT_RECEIVE_BYTES = 1024 * 1024;
/** The kernel answers at once; what takes this long will never come. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface SocketOptions {
  readonly protocol: number;
  /** Multicast groups to join. */
  readonly groups?: readonly number[];
  readonly receiveBytes?: number;
  /** For errors. */
  readonly what: string;
}

/** A netlink socket in the namespace of the thread that made it. */
export class NetlinkSocket implements Disposable {
  readonly #syscalls: Syscalls;
  readonly #fd: Fd;
  readonly #buffer = new Uint8Array(DATAGRAM_BYTES);

  constructor(syscalls: Syscalls, options: SocketOptions) {
    const { protocol, what, groups = [], receiveBytes = DEFAULT_RECEIVE_BYTES } = options;
    const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
    if (!isLittleEndian) throw new NotSupportedError("netlink on a big-endian machine");
    this.#syscalls = syscalls;
    const number = syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    this.#fd = new Fd(checkSyscall(number, `opening ${what}`), what);
    try {
      this.#setUp(receiveBytes, groups);
    } catch (error) {
      this.#fd.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#fd.number;
  }

  send(bytes: Uint8Array): void {
    checkSyscall(this.#syscalls.send(this.fd, bytes, 0), `sending to ${this.#fd.what}`);
  }

  /** From another thread. The kernel has done all that was asked when this resolves. */
  async sendAsync(bytes: Uint8Array): Promise<void> {
    const sent = await this.#syscalls.sendAsync(this.fd, bytes, 0);
    // Kept until here: the other thread reads them in place.
    assert(sent < 0 || sent === bytes.length, "netlink takes a request whole or not at all");
    checkSyscall(sent, `sending to ${this.#fd.what}`);
  }

  /** The next datagram, good until the next call. */
  receive(): Uint8Array {
    const received = this.#receive(0);
    if (typeof received !== "string") return received;
    const why =
      received === "EAGAIN"
        ? `no answer within ${ANSWER_TIMEOUT_MS} ms`
        : `${received} while an answer was waited for`;
    throw new AppError("netlink", `${this.#fd.what}: ${why}`);
  }

  /** The next datagram if there is one; else the name of the error, mostly EAGAIN. */
  tryReceive(): Uint8Array | string {
    return this.#receive(MSG_DONTWAIT);
  }

  /** Calls back when there is something to receive, until it is disposed of. */
  watch(callback: () => void): Disposable {
    return this.#syscalls.watchReadable(this.fd, callback);
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }

  #receive(flags: number): Uint8Array | string {
    let length: number;
    do length = this.#syscalls.recv(this.fd, this.#buffer, flags | MSG_TRUNC);
    while (length === -EINTR);
    if (length < 0) return errnoName(-length);
    if (length > this.#buffer.length) {
      const why = `a message of ${length} bytes, where ${this.#buffer.length} fit`;
      throw new AppError("limit", `${this.#fd.what}: ${why}`);
    }
    return this.#buffer.subarray(0, length);
  }

  #setUp(receiveBytes: number, groups: readonly number[]): void {
    const { what } = this.#fd;
    const set = (level: number, option: number, value: Uint8Array): number =>
      this.#syscalls.setsockopt(this.fd, level, option, value);
    const size = word(receiveBytes);
    // Beyond the system's limit only with CAP_NET_ADMIN; what is granted must do.
    if (set(SOL_SOCKET, SO_RCVBUFFORCE, size) < 0) set(SOL_SOCKET, SO_RCVBUF, size);
    checkSyscall(set(SOL_SOCKET, SO_RCVTIMEO, timeval(ANSWER_TIMEOUT_MS)), `timeout of ${what}`);
    const { extendedAck, capAck, strictCheck, addMembership } = NetlinkOption;
    for (const option of [extendedAck, capAck, strictCheck]) {
      checkSyscall(set(SOL_NETLINK, option, word(1)), `setting up ${what}`);
    }
    checkSyscall(this.#syscalls.bind(this.fd, kernelAddress()), `binding ${what}`);
    // Connected to the kernel, it takes nothing from other processes.
    checkSyscall(this.#syscalls.connect(this.fd, kernelAddress()), `connecting ${what}`);
    for (const group of groups) {
      checkSyscall(set(SOL_NETLINK, addMembership, word(group)), `joining group ${group}`);
    }
  }
}

/** sockaddr_nl with port 0: the kernel, or any port for ourselves. */
function kernelAddress(): Uint8Array {
  const address = new Uint8Array(12);
  address[0] = AF_NETLINK;
  return address;
}

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function timeval(ms: number): Uint8Array {
  const value = BigInt(ms);
  return new Uint8Array(BigInt64Array.of(value / 1000n, (value % 1000n) * 1000n).buffer);
}
