import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { assert, type IpAddress, type IpFamily } from "#base";
import { checkSyscall, Fd, linuxSyscalls, SyscallError } from "#sys";
import type { NamespaceRef } from "../model/link.ts";
import { withNamespace } from "./enter.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x8_0000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const DEFAULT_BACKLOG = 511;

/** One end of a connection. */
export interface Endpoint {
  readonly address: IpAddress;
  /** 0: any that is free. */
  readonly port: number;
}

/**
 * A TCP server in a namespace. Node makes sockets where its thread is, which for a main thread is
 * always home, so the socket is made by hand and given to it.
 */
export async function listenTcp(
  namespace: NamespaceRef,
  endpoint: Endpoint,
  onConnection?: (socket: net.Socket) => void,
): Promise<net.Server> {
  const fd = boundSocket(namespace, endpoint, SOCK_STREAM);
  const listening = linuxSyscalls().listen(fd.number, DEFAULT_BACKLOG);
  if (listening < 0) {
    fd.close();
    throw new SyscallError(`listening on ${text(endpoint)}`, -listening);
  }
  const server = net.createServer(onConnection);
  server.listen({ fd: fd.release() });
  await once(server, "listening");
  return server;
}

export interface ConnectOptions {
  /** Which of the namespace's addresses it comes from; without it the kernel chooses. */
  readonly from?: Endpoint;
}

/** A TCP connection out of a namespace, to an address in words of that namespace. */
export async function connectTcp(
  namespace: NamespaceRef,
  to: Endpoint,
  { from }: ConnectOptions = {},
): Promise<net.Socket> {
  const fd =
    from === undefined
      ? openSocket(namespace, to.address.family, SOCK_STREAM)
      : boundSocket(namespace, from, SOCK_STREAM);
  // manualStart, which the types do not know: nothing is read before it is connected.
  const options = { fd: fd.release(), manualStart: true };
  const socket = new net.Socket(options);
  try {
    // An address, never a name: names would be looked up at home.
    socket.connect({ host: to.address.key, port: to.port });
    await once(socket, "connect");
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A UDP socket in a namespace, bound. */
export async function bindUdp(namespace: NamespaceRef, endpoint: Endpoint): Promise<dgram.Socket> {
  const fd = boundSocket(namespace, endpoint, SOCK_DGRAM);
  const socket = dgram.createSocket(endpoint.address.family === 4 ? "udp4" : "udp6");
  // Given a descriptor, it is bound at once, and says so only once.
  const bound = once(socket, "listening");
  socket.bind({ fd: fd.release(), exclusive: true });
  await bound;
  return socket;
}

function openSocket(namespace: NamespaceRef, family: IpFamily, type: number): Fd {
  const domain = family === 4 ? AF_INET : AF_INET6;
  const number = withNamespace(namespace, () =>
    linuxSyscalls().socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
  );
  return new Fd(checkSyscall(number, "opening a socket in a namespace"), "socket in a namespace");
}

function boundSocket(namespace: NamespaceRef, endpoint: Endpoint, type: number): Fd {
  const { address } = endpoint;
  const syscalls = linuxSyscalls();
  const fd = openSocket(namespace, address.family, type);
  try {
    const on = new Uint8Array(Uint32Array.of(1).buffer);
    if (type === SOCK_STREAM) {
      const reused = syscalls.setsockopt(fd.number, SOL_SOCKET, SO_REUSEADDR, on);
      checkSyscall(reused, "reusing an address");
    }
    // One family a socket, whatever the system's default.
    if (address.family === 6) {
      const alone = syscalls.setsockopt(fd.number, IPPROTO_IPV6, IPV6_V6ONLY, on);
      checkSyscall(alone, "binding to IPv6 only");
    }
    const bound = syscalls.bind(fd.number, socketAddress(endpoint));
    checkSyscall(bound, `binding to ${text(endpoint)}`);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** sockaddr_in or sockaddr_in6, as bind(2) and connect(2) take it. */
function socketAddress({ address, port }: Endpoint): Uint8Array {
  assert(port >>> 0 === port && port <= 0xffff, `${port} is no port`);
  const isV4 = address.family === 4;
  const bytes = new Uint8Array(isV4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isV4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port, false);
  bytes.set(address.wireBytes, isV4 ? 4 : 8);
  return bytes;
}

function text({ address, port }: Endpoint): string {
  return address.family === 4 ? `${address.key}:${port}` : `[${address.key}]:${port}`;
}
