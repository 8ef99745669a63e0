/**
 * Sockets whose calls answer at once, so that a test, and not an event loop, says what comes after
 * what. Between namespaces of a machine a packet is delivered before its sender's call returns,
 * or a moment later on a busy one.
 */
import type { IpAddress } from "#base";
import { type NamespaceRef, withNamespace } from "#netlink";
import { checkSyscall, errnoName, Fd, linuxSyscalls } from "#sys";
import { socketAddress } from "../world/traffic.ts";

const DOMAINS = { 4: 2, 6: 10 } as const;
const TYPES = { tcp: 1, udp: 2 } as const;
const SOCKET_FLAGS = 0x8_0800;
const NO_SIGNAL = 0x4000;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_SNDBUF = 7;
const SO_RCVBUFFORCE = 33;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const BACKLOG = 64;
const PATIENCE_MS = 2000;
const PAUSE_MS = 0.05;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

export type Transport = keyof typeof TYPES;

/** `address` is its own at first. */
interface End {
  readonly namespace: NamespaceRef;
  readonly address: IpAddress;
}

export class Socket implements Disposable {
  readonly transport: Transport;
  readonly #fd: Fd;

  constructor(transport: Transport, fd: Fd) {
    this.transport = transport;
    this.#fd = fd;
  }

  static open({ namespace, address }: End, transport: Transport, port = 0): Socket {
    const type = TYPES[transport] | SOCKET_FLAGS;
    const calls = linuxSyscalls();
    const number = withNamespace(namespace, () =>
      checkSyscall(calls.socket(DOMAINS[address.family], type, 0), "opening a socket"),
    );
    const socket = new Socket(transport, new Fd(number, `${transport} socket`));
    if (transport === "tcp") socket.#set(IPPROTO_TCP, TCP_NODELAY, 1);
    const bound = calls.bind(number, socketAddress(address, port));
    if (bound < 0) socket[Symbol.dispose]();
    checkSyscall(bound, "binding a socket");
    return socket;
  }

  static listen(end: End, port: number): Socket {
    const socket = Socket.open(end, "tcp", port);
    checkSyscall(linuxSyscalls().listen(socket.fd, BACKLOG), "listening");
    return socket;
  }

  get fd(): number {
    return this.#fd.number;
  }

  /** Of a connection: begins it. */
  connect(address: IpAddress, port: number): void {
    const outcome = linuxSyscalls().connect(this.fd, socketAddress(address, port));
    if (outcome < 0 && errnoName(-outcome) !== "EINPROGRESS")
      checkSyscall(outcome, "connecting a socket");
  }

  /** Of a server, who wants to be answered; undefined where there is nobody. */
  accept(): Socket | undefined {
    const number = linuxSyscalls().accept(this.fd, SOCKET_FLAGS);
    if (number < 0 && errnoName(-number) === "EAGAIN") return undefined;
    const fd = new Fd(checkSyscall(number, "accepting a connection"), "accepted socket");
    const socket = new Socket("tcp", fd);
    socket.#set(IPPROTO_TCP, TCP_NODELAY, 1);
    return socket;
  }

  /** What the kernel has to say against it by now: `ECONNRESET`. */
  error(): string | undefined {
    const value = new Uint8Array(4);
    linuxSyscalls().getsockopt(this.fd, SOL_SOCKET, SO_ERROR, value);
    const [number = 0] = new Uint32Array(value.buffer);
    return number === 0 ? undefined : errnoName(number);
  }

  port(): number {
    const address = new Uint8Array(28);
    checkSyscall(linuxSyscalls().getsockname(this.fd, address), "asking for an address");
    return new DataView(address.buffer).getUint16(2);
  }

  /** Answers how many bytes went, 0 where there is no room, and -errno. */
  send(bytes: Uint8Array): number {
    return orNone(linuxSyscalls().send(this.fd, bytes, NO_SIGNAL));
  }

  receive(bytes: Uint8Array): number {
    return orNone(linuxSyscalls().recv(this.fd, bytes, 0));
  }

  /** Room for what comes while nobody reads. */
  setReceiveBuffer(bytes: number): void {
    this.#set(SOL_SOCKET, SO_RCVBUFFORCE, bytes);
  }

  setSendBuffer(bytes: number): void {
    this.#set(SOL_SOCKET, SO_SNDBUF, bytes);
  }

  #set(level: number, option: number, value: number): void {
    const bytes = new Uint8Array(new Uint32Array([value]).buffer);
    checkSyscall(linuxSyscalls().setsockopt(this.fd, level, option, bytes), "setting an option");
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}

function orNone(outcome: number): number {
  return outcome < 0 && errnoName(-outcome) === "EAGAIN" ? 0 : outcome;
}

/** Two ends that talk to each other. */
export class Conversation implements Disposable {
  readonly client: Socket;
  readonly server: Socket;

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
    this.server[Symbol.dispose]();
  }
}

/** Gives up when neither side gets anywhere: the path is meant to be open. */
export function converse(
  client: End,
  server: End,
  transport: Transport,
  port: number,
): Conversation {
  if (transport === "tcp") return converseByTcp(client, server, port);
  const here = Socket.open(client, "udp");
  const there = Socket.open(server, "udp", port);
  here.connect(server.address, port);
  there.connect(client.address, here.port());
  return new Conversation(here, there);
}

function converseByTcp(client: End, server: End, port: number): Conversation {
  using listener = Socket.listen(server, port);
  const here = Socket.open(client, "tcp");
  here.connect(server.address, port);
  const there = waitFor(() => listener.accept());
  if (there !== undefined) return new Conversation(here, there);
  here[Symbol.dispose]();
  throw new Error(`no connection from ${client.address.key} to ${server.address.key}`);
}

/** Whether the other end hears it, in the time that this takes on a busy machine. */
export function isHeard(from: Socket, to: Socket, text: string, patienceMs = PATIENCE_MS): boolean {
  const sent = Buffer.from(text);
  const heard = Buffer.alloc(sent.length);
  if (from.send(sent) !== sent.length) return false;
  const length = waitFor(() => to.receive(heard) || undefined, patienceMs);
  return length === sent.length && heard.equals(sent);
}

/** Without yielding to the event loop. */
function waitFor<T>(ask: () => T | undefined, patienceMs = PATIENCE_MS): T | undefined {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const answer = ask();
    if (answer !== undefined || performance.now() > untilMs) return answer;
    Atomics.wait(PAUSE, 0, 0, PAUSE_MS);
  }
}
