/** What pods say to each other, through real sockets. */
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import type { AsyncScope, IpAddress, IpFamily } from "#base";
import { bindUdp, listenTcp, withNamespace } from "#netlink";
import { checkSyscall, linuxSyscalls } from "#sys";
import type { Place } from "./world.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_FLAGS = 0x8_0800;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
/** Enough on a busy machine, for what is answered; what is not costs it. */
const PATIENCE_MS = 800;

/** `blocked`: no answer at all. `refused`: nobody listens. `unreachable`: a router knows no way. */
export type Reach = "reached" | "blocked" | "refused" | "unreachable";

const ANSWERS: Readonly<Record<string, Reach>> = {
  ECONNREFUSED: "refused",
  ENETUNREACH: "unreachable",
  EHOSTUNREACH: "unreachable",
};

export const addressOf = ({ ipv4, ipv6 }: Place, family: IpFamily): IpAddress =>
  family === 4 ? ipv4 : ipv6;

function openSocket({ namespace }: Place, family: IpFamily, type: number, protocol = 0): number {
  const domain = family === 4 ? AF_INET : AF_INET6;
  return withNamespace(namespace, () =>
    checkSyscall(linuxSyscalls().socket(domain, type | SOCK_FLAGS, protocol), "opening a socket"),
  );
}

/** Says back what it hears, by TCP and UDP, on both families. */
export async function serve(scope: AsyncScope, place: Place, port: number): Promise<void> {
  for (const family of [4, 6] as const) {
    const endpoint = { address: addressOf(place, family), port };
    const sockets = new Set<net.Socket>();
    const server = await listenTcp(place.namespace, endpoint, (socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
      socket.pipe(socket);
    });
    const udp = await bindUdp(place.namespace, endpoint);
    udp.on("message", (bytes, from) => udp.send(bytes, from.port, from.address, () => {}));
    scope.defer(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      udp.close();
      await once(server, "close");
    });
  }
}

/** An open connection, or why there is none. */
export async function dial(
  from: Place,
  to: IpAddress,
  port: number,
  patienceMs = PATIENCE_MS,
): Promise<net.Socket | Exclude<Reach, "reached">> {
  const options = { fd: openSocket(from, to.family, SOCK_STREAM), manualStart: true };
  const socket = new net.Socket(options);
  const timer = setTimeout(() => socket.destroy(new Error("timeout")), patienceMs);
  try {
    socket.connect({ host: to.key, port });
    await once(socket, "connect");
    return socket;
  } catch (error) {
    socket.destroy();
    const { code = "", message } = error as NodeJS.ErrnoException;
    const answer = message === "timeout" ? "blocked" : ANSWERS[code];
    if (answer === undefined || answer === "reached") throw error;
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

/** Says something and waits to hear it back: false where that does not come. */
export async function exchange(socket: net.Socket, text: string): Promise<boolean> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const heard = once(socket, "data", { signal });
    socket.write(text);
    const [bytes] = (await heard) as [Buffer];
    return bytes.toString() === text;
  } catch {
    return false;
  }
}

export async function tryTcp(from: Place, to: IpAddress, port: number): Promise<Reach> {
  const socket = await dial(from, to, port);
  if (typeof socket === "string") return socket;
  const isHeard = await exchange(socket, `hello from ${from.name}`);
  socket.destroy();
  return isHeard ? "reached" : "blocked";
}

export async function tryUdp(from: Place, to: IpAddress, port: number): Promise<Reach> {
  const socket = await bindUdp(from.namespace, { address: addressOf(from, to.family), port: 0 });
  try {
    socket.connect(port, to.key);
    await once(socket, "connect");
    return await ask(socket, Buffer.from(`hello from ${from.name}`), (bytes) =>
      bytes.equals(Buffer.from(`hello from ${from.name}`)),
    );
  } finally {
    socket.close();
  }
}

/** An echo request, by a socket of the kernel's for just that. */
export async function ping(from: Place, to: IpAddress, size = 56): Promise<Reach> {
  const { family } = to;
  const protocol = family === 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  const fd = openSocket(from, family, SOCK_DGRAM, protocol);
  const socket = dgram.createSocket(family === 4 ? "udp4" : "udp6");
  try {
    const bound = once(socket, "listening");
    socket.bind({ fd, exclusive: true });
    await bound;
    const request = Buffer.alloc(8 + size, 0x61);
    request.fill(0, 0, 8);
    request[0] = ECHO_REQUEST[family];
    request.writeUInt16BE(1, 6);
    const isReply = (bytes: Buffer): boolean =>
      bytes[0] === (family === 4 ? 0 : 129) && bytes.subarray(8).equals(request.subarray(8));
    // The port says nothing, but Node wants one.
    return await ask(socket, request, isReply, { port: 1, address: to.key });
  } finally {
    socket.close();
  }
}

async function ask(
  socket: dgram.Socket,
  question: Buffer,
  isAnswer: (bytes: Buffer) => boolean,
  to?: { port: number; address: string },
): Promise<Reach> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const heard = once(socket, "message", { signal });
    if (to === undefined) socket.send(question);
    else socket.send(question, to.port, to.address);
    const [bytes] = (await heard) as [Buffer];
    return isAnswer(bytes) ? "reached" : "blocked";
  } catch (error) {
    const { code = "", name } = error as NodeJS.ErrnoException;
    const answer = name === "AbortError" ? "blocked" : ANSWERS[code];
    if (answer === undefined) throw error;
    return answer;
  }
}

/** Sends so many bytes and says what came back of them, both ways at once. */
export async function transfer(socket: net.Socket, bytes: number): Promise<number> {
  const chunk = Buffer.alloc(256 * 1024);
  let received = 0;
  const isDone = new Promise<number>((resolve, reject) => {
    socket.on("data", (data: Buffer) => {
      received += data.length;
      if (received >= bytes) resolve(received);
    });
    socket.once("close", () => resolve(received));
    socket.once("error", reject);
  });
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, bytes - sent));
    if (!socket.write(part)) await once(socket, "drain");
  }
  return isDone;
}

/** As connect(2) takes it: sockaddr_in or sockaddr_in6. */
export function socketAddress(address: IpAddress, port: number): Uint8Array {
  const isV4 = address.family === 4;
  const bytes = new Uint8Array(isV4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isV4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(address.wireBytes, isV4 ? 4 : 8);
  return bytes;
}
