import { assert, DecodeError } from "#base";
import { readMessages } from "../codec/message.ts";
import { readEvent } from "../codec/objects.ts";
import { MULTICAST_GROUPS } from "../codec/wire.ts";
import type { EventGroup, NetlinkEvent, Subscription, SubscriptionOptions } from "../types.ts";
import { EventQueue } from "../event-queue.ts";
import type { NetlinkSocket } from "./socket.ts";

/** Datagrams taken at a time, so that a storm of events does not keep everybody else waiting. */
const MAX_DATAGRAMS_A_TURN = 64;

export function groupNumbers(groups: readonly EventGroup[]): number[] {
  return groups.flatMap((group) => [...MULTICAST_GROUPS[group]]);
}

/** The kernel's events, from a socket that has joined their groups. */
export class KernelSubscription implements Subscription {
  readonly #socket: NetlinkSocket;
  readonly #events: EventQueue;
  readonly #watch: Disposable;
  #isClosed = false;
  /** Between a loss and the first moment with nothing to receive: what comes is from before it. */
  #isDiscarding = false;

  constructor(socket: NetlinkSocket, options: SubscriptionOptions) {
    this.#socket = socket;
    this.#events = new EventQueue(options);
    this.#watch = socket.watch(() => this.#drain());
  }

  get losses(): number {
    return this.#events.losses;
  }

  [Symbol.asyncIterator](): AsyncIterator<NetlinkEvent> {
    assert(!this.#isClosed, "read from a subscription after its end");
    return this.#events[Symbol.asyncIterator]();
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch[Symbol.dispose]();
    this.#socket[Symbol.dispose]();
    this.#events[Symbol.dispose]();
  }

  #drain(): void {
    for (let turn = 0; turn < MAX_DATAGRAMS_A_TURN && !this.#isClosed; turn++) {
      const received = this.#socket.tryReceive();
      if (typeof received !== "string") {
        if (!this.#isDiscarding) this.#take(received);
      } else if (received === "EAGAIN") {
        if (this.#isDiscarding) this.#events.lose();
        this.#isDiscarding = false;
        return;
      } else {
        // ENOBUFS: the kernel had events and no room. Those that still wait are older than those
        // that are gone: told after a new list, they would undo it.
        this.#isDiscarding = true;
      }
    }
  }

  #take(datagram: Uint8Array): void {
    try {
      for (const message of readMessages(datagram)) {
        const event = readEvent(message);
        if (event !== undefined) this.#events.push(event);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // What was in it is not known: the same as lost.
      this.#events.lose();
    }
  }
}
