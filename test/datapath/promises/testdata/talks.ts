/** Kinds of conversations, a step at a time. */
import type { Conversation, Socket } from "../sockets.ts";
import type { TalkKind, TalkOutcome } from "../talk-options.ts";

const MESSAGE_BYTES = 64;
const CHUNK_BYTES = 32 * 1024;
const DATAGRAMS = 8;
const ROOM_BYTES = 4 << 20;
/** What is not there by then is lost. */
const PATIENCE_MS = 3000;
const SPINS = 50;
const PAUSE_MS = 0.05;
/** Of the time between two looks, no more is counted: else this process was not running. */
const MOST_MS = 1;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

export abstract class Talk {
  protected readonly conversation: Conversation;
  protected sent = 0;
  protected received = 0;
  readonly #name: string;
  readonly #errors: string[] = [];
  #worstGapMs = 0;

  constructor(name: string, conversation: Conversation) {
    this.#name = name;
    this.conversation = conversation;
  }

  abstract step(): void;

  /** What is under way arrives. */
  end(): void {}

  outcome(): TalkOutcome {
    const { sent, received } = this;
    const { client, server } = this.conversation;
    const errors = [...this.#errors, client.error() ?? [], server.error() ?? []].flat();
    return { name: this.#name, sent, received, worstGapMs: this.#worstGapMs, errors };
  }

  /** Until `act` answers true; whether it did. */
  protected await(act: () => boolean): boolean {
    let waitedMs = 0;
    let lastMs = performance.now();
    for (let spins = 0; !act(); spins++) {
      const nowMs = performance.now();
      waitedMs += Math.min(nowMs - lastMs, MOST_MS);
      lastMs = nowMs;
      this.#worstGapMs = Math.max(this.#worstGapMs, waitedMs);
      if (waitedMs > PATIENCE_MS) return false;
      if (spins > SPINS) Atomics.wait(PAUSE, 0, 0, PAUSE_MS);
    }
    return true;
  }

  protected note(outcome: number): number {
    if (outcome < 0 && this.#errors.length < 3) this.#errors.push(`errno ${-outcome}`);
    return outcome;
  }
}

class Asking extends Talk {
  readonly #message = Buffer.alloc(MESSAGE_BYTES);
  readonly #room = Buffer.alloc(MESSAGE_BYTES);

  step(): void {
    const { client, server } = this.conversation;
    this.sent += 1;
    this.#message.writeUInt32LE(this.sent);
    if (this.#bring(client, server) && this.#bring(server, client)) this.received += 1;
  }

  #bring(from: Socket, to: Socket): boolean {
    this.note(from.send(this.#message));
    // An answer to a question that was given up is not this one's.
    return this.await(
      () => this.note(to.receive(this.#room)) > 0 && this.#room.readUInt32LE() === this.sent,
    );
  }
}

class Streaming extends Talk {
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  readonly #room = Buffer.alloc(2 * CHUNK_BYTES);

  step(): void {
    this.sent += Math.max(0, this.note(this.conversation.client.send(this.#chunk)));
    this.await(() => this.#take() || this.received === this.sent);
  }

  override end(): void {
    this.await(() => {
      this.#take();
      return this.received === this.sent;
    });
  }

  #take(): boolean {
    const bytes = this.note(this.conversation.server.receive(this.#room));
    this.received += Math.max(0, bytes);
    return bytes > 0;
  }
}

class Counting extends Talk {
  readonly #message = Buffer.alloc(MESSAGE_BYTES);

  constructor(name: string, conversation: Conversation) {
    super(name, conversation);
    conversation.server.setReceiveBuffer(ROOM_BYTES);
  }

  step(): void {
    const { client } = this.conversation;
    for (let datagram = 0; datagram < DATAGRAMS; datagram++)
      if (this.note(client.send(this.#message)) > 0) this.sent += 1;
    this.#take();
  }

  override end(): void {
    this.await(() => {
      this.#take();
      return this.received === this.sent;
    });
  }

  #take(): void {
    while (this.note(this.conversation.server.receive(this.#message)) > 0) this.received += 1;
  }
}

export const kinds: Readonly<Record<TalkKind, (name: string, conversation: Conversation) => Talk>> =
  {
    ask: (name, conversation) => new Asking(name, conversation),
    stream: (name, conversation) => new Streaming(name, conversation),
    count: (name, conversation) => new Counting(name, conversation),
  };
