import { ByteWriter } from "#base";
import { type NamespaceRef, withNamespace } from "#netlink";
import { checkSyscall, Fd, linuxSyscalls } from "#sys";
import { type Flow, readFlows } from "./flows.ts";
import type { ServicePort } from "./service-ports.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x8_0003;
const NETLINK_NETFILTER = 12;
const CT_GET = 0x0101;
const CT_DELETE = 0x0102;
const REQUEST = 0x01;
const ACKNOWLEDGE = 0x04;
const DUMP = 0x300;
const ORIGINAL_NESTED = 0x8001;
const FAMILIES = { 4: 2, 6: 10 } as const;
const UDP = 17;
const DATAGRAM_BYTES = 64 * 1024;
/** More pieces than a listing of any node of a lab has. */
const MAX_DATAGRAMS = 10_000;
const MAX_REQUEST_BYTES = 4_096;

/**
 * Makes the kernel forget datagram flows to endpoints that a service has no more. A connection
 * ends by itself when nobody answers; datagrams to an endpoint that is gone would go on for ever.
 */
export function forgetStaleFlows(namespace: NamespaceRef, ports: readonly ServicePort[]): number {
  const isStale = staleness(ports);
  const syscalls = linuxSyscalls();
  using socket = withNamespace(namespace, () => {
    const number = syscalls.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER);
    return new Fd(checkSyscall(number, "asking for tracked connections"), "conntrack socket");
  });
  const stale = [4, 6].flatMap((family) => listFlows(socket, family as 4 | 6).filter(isStale));
  for (const flow of stale) {
    send(socket, request({ type: CT_DELETE, flags: REQUEST | ACKNOWLEDGE, flow }));
    // Whatever it says: one that ended by itself meanwhile is gone as well.
    receive(socket);
  }
  return stale.length;
}

/** A flow to a service's address, or to a node's port, that none of its endpoints answers. */
function staleness(ports: readonly ServicePort[]): (flow: Flow) => boolean {
  const endpoints = new Map<string, Set<string>>();
  for (const { protocol, family, port, clusterIps, externalIps, nodePort, ...to } of ports) {
    if (protocol !== "udp") continue;
    const add = (place: string, backends: ServicePort["internal"]): void => {
      const all = endpoints.get(place) ?? new Set();
      for (const backend of backends) all.add(`${backend.address.key} ${backend.port}`);
      endpoints.set(place, all);
    };
    for (const { key } of clusterIps) add(`${key} ${port}`, to.internal);
    for (const { key } of externalIps) add(`${key} ${port}`, [...to.external, ...to.internal]);
    if (nodePort !== undefined) add(`IPv${family} ${nodePort}`, [...to.external, ...to.internal]);
  }
  return ({ protocol, family, destination, port, answerer, answererPort }) => {
    if (protocol !== UDP) return false;
    const isTranslated = !answerer.equals(destination);
    const byPort = isTranslated ? endpoints.get(`IPv${family} ${port}`) : undefined;
    const known = endpoints.get(`${destination.key} ${port}`) ?? byPort;
    return known !== undefined && !known.has(`${answerer.key} ${answererPort}`);
  };
}

function listFlows(socket: Fd, family: 4 | 6): Flow[] {
  const flows: Flow[] = [];
  send(socket, request({ type: CT_GET, flags: REQUEST | DUMP, family }));
  for (let count = 0; count < MAX_DATAGRAMS; count++) {
    const piece = readFlows(receive(socket));
    flows.push(...piece.flows);
    if (piece.isLast) break;
  }
  return flows;
}

function request(what: {
  readonly type: number;
  readonly flags: number;
  readonly family?: 4 | 6;
  readonly flow?: Flow;
}): Uint8Array {
  const { type, flags, flow, family = flow?.family ?? 4 } = what;
  const writer = new ByteWriter({ what: "conntrack request", maxBytes: MAX_REQUEST_BYTES });
  writer.u32le(0).u16le(type).u16le(flags).u32le(0).u32le(0);
  writer.u8(FAMILIES[family]).u8(0).u16be(0);
  if (flow !== undefined) {
    writer
      .u16le(4 + flow.key.length)
      .u16le(ORIGINAL_NESTED)
      .bytes(flow.key)
      .align(4);
  }
  writer.patchU32le(0, writer.length);
  return writer.finish();
}

function send(socket: Fd, bytes: Uint8Array): void {
  checkSyscall(linuxSyscalls().send(socket.number, bytes, 0), "asking for tracked connections");
}

function receive(socket: Fd): Uint8Array {
  const buffer = new Uint8Array(DATAGRAM_BYTES);
  const length = linuxSyscalls().recv(socket.number, buffer, 0);
  return buffer.slice(0, checkSyscall(length, "listing tracked connections"));
}
