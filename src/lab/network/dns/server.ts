import type { Socket as UdpSocket, RemoteInfo } from "node:dgram";
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { AsyncScope, DecodeError, type IpAddress } from "#base";
import type { Logger } from "#base/log";
import { bindUdp, listenTcp, type NamespaceRef } from "#netlink";
import { DnsResponseCode, Port } from "#packet";
import {
  type DnsAnswer,
  type DnsQuery,
  encodeAnswer,
  encodeFormatError,
  MAX_DNS_BYTES,
  parseQuery,
  udpLimit,
} from "./message.ts";

export type Transport = "udp" | "tcp";

/** A question with what it takes to pass it on as it came. */
export interface Asked {
  readonly query: DnsQuery;
  readonly bytes: Uint8Array;
  readonly transport: Transport;
}

/** An answer to be written, or one that is ready. */
export type Answer = DnsAnswer | { readonly bytes: Uint8Array };
export type Resolve = (asked: Asked) => Answer | Promise<Answer>;

interface DnsServerOptions {
  /** Where its sockets are; needed only while it starts. */
  readonly namespace: NamespaceRef;
  readonly addresses: readonly IpAddress[];
  /** 53 without it. */
  readonly port?: number;
  readonly resolve: Resolve;
  readonly logger: Logger;
}

/** A client that neither asks nor goes. */
const IDLE_TCP_MS = 10_000;
const MAX_TCP_CLIENTS = 256;
const OPCODE_QUERY = 0;

/** Answers by UDP and TCP on each of its addresses, whatever it is sent. */
export async function startDnsServer(options: DnsServerOptions): Promise<AsyncDisposable> {
  const { namespace, addresses, port = Port.dns } = options;
  await using scope = new AsyncScope();
  for (const address of addresses) {
    const udp = await bindUdp(namespace, { address, port });
    scope.defer(() => closeUdp(udp));
    serveUdp(udp, options);
    const tcp = await listenTcp(namespace, { address, port: udp.address().port });
    const clients = new Set<Socket>();
    scope.defer(() => closeTcp(tcp, clients));
    tcp.maxConnections = MAX_TCP_CLIENTS;
    tcp.on("connection", (socket) => {
      clients.add(socket);
      socket.on("close", () => clients.delete(socket));
      serveTcp(socket, options);
    });
  }
  return scope.move();
}

function serveUdp(socket: UdpSocket, options: DnsServerOptions): void {
  socket.on("error", (error) => options.logger.warn("a DNS socket failed", { error }));
  socket.on("message", (bytes: Buffer, from: RemoteInfo) => {
    void answer(bytes, "udp", options).then((reply) => {
      // The socket may be closed by now.
      if (reply !== undefined) socket.send(reply, from.port, from.address, () => {});
    });
  });
}

/** Messages with their length before them, one after the other (RFC 1035, 4.2.2). */
function serveTcp(socket: Socket, options: DnsServerOptions): void {
  let buffered = Buffer.alloc(0);
  let turn: Promise<void> = Promise.resolve();
  socket.setTimeout(IDLE_TCP_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2) {
      const end = 2 + buffered.readUInt16BE(0);
      if (buffered.length < end) break;
      const bytes = buffered.subarray(2, end);
      buffered = buffered.subarray(end);
      turn = turn.then(() => answerTcp(socket, bytes, options));
    }
  });
}

async function answerTcp(
  socket: Socket,
  bytes: Uint8Array,
  options: DnsServerOptions,
): Promise<void> {
  const reply = await answer(bytes, "tcp", options);
  if (reply === undefined) socket.destroy();
  else if (socket.writable) socket.write(withLength(reply));
}

export function withLength(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

async function answer(
  bytes: Uint8Array,
  transport: Transport,
  { resolve, logger }: DnsServerOptions,
): Promise<Uint8Array | undefined> {
  let query: DnsQuery;
  try {
    query = parseQuery(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return encodeFormatError(bytes);
  }
  const limit = transport === "udp" ? udpLimit(query) : MAX_DNS_BYTES;
  if (query.opcode !== OPCODE_QUERY) {
    return encodeAnswer(query, failure(DnsResponseCode.NOTIMP), limit);
  }
  try {
    const found = await resolve({ query, bytes, transport });
    return "bytes" in found ? found.bytes : encodeAnswer(query, found, limit);
  } catch (error) {
    logger.warn("a DNS question was not answered", { name: query.name, error });
    return encodeAnswer(query, failure(DnsResponseCode.SERVFAIL), limit);
  }
}

export function failure(code: number): DnsAnswer {
  return { code, isAuthoritative: false, answers: [], authority: [], additional: [] };
}

async function closeUdp(socket: UdpSocket): Promise<void> {
  const closed = once(socket, "close");
  socket.close();
  await closed;
}

async function closeTcp(server: Server, clients: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, "close");
  server.close();
  for (const socket of clients) socket.destroy();
  await closed;
}
