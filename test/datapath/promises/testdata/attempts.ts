/** What policy forbids, tried all the time. */
import { Socket } from "../sockets.ts";
import type { TalkReport } from "../talk-options.ts";

type End = Parameters<typeof Socket.open>[0];

const MESSAGE = Buffer.from("let me in");
/** A connection that would come about is there by then. */
const WAIT_MS = 30;

interface Attempt {
  readonly socket: Socket;
  readonly sinceMs: number;
}

export class Attempts {
  readonly #client: End;
  readonly #server: End;
  readonly #port: number;
  readonly #listener: Socket;
  readonly #hearing: Socket;
  readonly #saying: Socket;
  #pending: Attempt[] = [];
  #datagrams = 0;
  #connections = 0;
  #successes = 0;

  constructor(client: End, server: End, port: number) {
    this.#client = client;
    this.#server = server;
    this.#port = port;
    this.#listener = Socket.listen(server, port);
    this.#hearing = Socket.open(server, "udp", port);
    this.#saying = Socket.open(client, "udp");
    this.#saying.connect(server.address, port);
  }

  /** A datagram, and a connection in the place of each that has waited. */
  step(): void {
    if (this.#saying.send(MESSAGE) > 0) this.#datagrams += 1;
    this.#look();
    const nowMs = performance.now();
    const over = this.#pending.filter(({ sinceMs }) => nowMs - sinceMs > WAIT_MS);
    this.#pending = this.#pending.filter((attempt) => !over.includes(attempt));
    for (const { socket } of over) {
      // Only a connection takes anything.
      if (socket.send(MESSAGE) > 0) this.#successes += 1;
      socket[Symbol.dispose]();
    }
    if (this.#pending.length > 0) return;
    const socket = Socket.open(this.#client, "tcp");
    socket.connect(this.#server.address, this.#port);
    this.#connections += 1;
    this.#pending.push({ socket, sinceMs: nowMs });
  }

  outcome(): TalkReport["attempts"] {
    this.#look();
    for (const { socket } of this.#pending.splice(0)) socket[Symbol.dispose]();
    return {
      datagrams: this.#datagrams,
      connections: this.#connections,
      successes: this.#successes,
    };
  }

  #look(): void {
    if (this.#hearing.receive(Buffer.alloc(MESSAGE.length)) > 0) this.#successes += 1;
    const connection = this.#listener.accept();
    if (connection === undefined) return;
    this.#successes += 1;
    connection[Symbol.dispose]();
  }
}
