import { AppError } from "#base";
import type { NetlinkSocket } from "./socket.ts";

/** More that wait at once would be a loop somewhere that does not wait. */
const MAX_PENDING = 10_000;

/** A socket for tasks that take time, one after the other in the order they came. */
export class SerialSocket implements Disposable {
  readonly #socket: NetlinkSocket;
  #tail: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #isClosed = false;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  use<T>(task: (socket: NetlinkSocket) => Promise<T>): Promise<T> {
    if (this.#pending >= MAX_PENDING) {
      const what = `${MAX_PENDING} netlink requests are waiting already`;
      return Promise.reject(new AppError("limit", what));
    }
    this.#pending += 1;
    const result = this.#tail.then(() => this.#run(task));
    this.#tail = result.catch(() => {});
    return result;
  }

  /** What is under way is finished; what waits is refused. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    // Another thread may be using the descriptor right now.
    if (this.#pending === 0) this.#socket[Symbol.dispose]();
  }

  async #run<T>(task: (socket: NetlinkSocket) => Promise<T>): Promise<T> {
    try {
      if (this.#isClosed) throw new AppError("closed", "the netlink socket is closed");
      return await task(this.#socket);
    } finally {
      this.#pending -= 1;
      if (this.#isClosed && this.#pending === 0) this.#socket[Symbol.dispose]();
    }
  }
}
