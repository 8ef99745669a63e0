import { AppError, assert } from "#base";
import {
  type Acknowledgement,
  type Message,
  readAcknowledgement,
  readDone,
  readMessages,
} from "../codec/message.ts";
import { ControlType, MessageFlag } from "../codec/wire.ts";
import type { NetlinkSocket } from "./socket.ts";

/** What was asked in one send, and takes the answers until it has them all. */
export interface Exchange {
  readonly request: Uint8Array;
  /** Answers whether all has come. */
  accept(message: Message): boolean;
}

/** On the calling thread. */
export function run(socket: NetlinkSocket, exchange: Exchange): void {
  socket.send(exchange.request);
  while (!acceptAll(exchange, socket.receive()));
}

/** On another thread where it takes long; long lists let others in between their pieces. */
export async function runAsync(socket: NetlinkSocket, exchange: Exchange): Promise<void> {
  await socket.sendAsync(exchange.request);
  while (!acceptAll(exchange, socket.receive())) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

function acceptAll(exchange: Exchange, datagram: Uint8Array): boolean {
  let isComplete = false;
  for (const message of readMessages(datagram)) {
    if (exchange.accept(message)) isComplete = true;
  }
  return isComplete;
}

/** A list, or one object: all messages with one sequence number. */
export class ListExchange implements Exchange {
  readonly request: Uint8Array;
  readonly #sequence: number;
  readonly #take: (message: Message) => void;
  #result: Acknowledgement | undefined;
  #isInterrupted = false;

  constructor(request: Uint8Array, sequence: number, take: (message: Message) => void) {
    this.request = request;
    this.#sequence = sequence;
    this.#take = take;
  }

  /** What changed while it was listed may be in it twice or not at all. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  get result(): Acknowledgement {
    assert(this.#result !== undefined, "the list is not complete yet");
    return this.#result;
  }

  accept(message: Message): boolean {
    // Answers to a request that was given up.
    if (message.sequence !== this.#sequence) return false;
    if ((message.flags & MessageFlag.dumpInterrupted) !== 0) this.#isInterrupted = true;
    if (message.type === ControlType.error) this.#result = readAcknowledgement(message);
    else if (message.type === ControlType.done) this.#result = readDone(message);
    else if (message.type === ControlType.overrun) {
      throw new AppError("netlink", "the kernel lost parts of an answer");
    } else if (message.type !== ControlType.noop) {
      this.#take(message);
      const isMany = (message.flags & MessageFlag.multi) !== 0;
      if (!isMany) this.#result = { errno: 0, extended: undefined };
    }
    return this.#result !== undefined;
  }
}

/**
 * Many requests in one send, of which only the last asks to be told of success: the kernel works
 * in order, so that an answer to it ends all.
 */
export class BatchExchange implements Exchange {
  readonly request: Uint8Array;
  readonly failures: Map<number, Acknowledgement> = new Map();
  readonly #firstSequence: number;
  readonly #count: number;

  /** The requests have the sequence numbers from `firstSequence` on. */
  constructor(request: Uint8Array, firstSequence: number, count: number) {
    this.request = request;
    this.#firstSequence = firstSequence;
    this.#count = count;
  }

  accept(message: Message): boolean {
    const index = message.sequence - this.#firstSequence;
    if (index < 0 || index >= this.#count || message.type !== ControlType.error) return false;
    const result = readAcknowledgement(message);
    if (result.errno !== 0) this.failures.set(index, result);
    return index === this.#count - 1;
  }
}
