/** SCTP where the kernel has none: its first packet and the answer, through raw sockets. */
import type { IpFamily } from "#base";
import { withNamespace } from "#netlink";
import { checkSyscall, Fd, linuxSyscalls } from "#sys";
import { addressOf, type Reach, socketAddress } from "./traffic.ts";
import type { Place } from "./world.ts";

const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x8_0000;
const IPPROTO_SCTP = 132;
const HEADER_BYTES = 12;
const INIT = 1;
const INIT_ACK = 2;
const SENDER_PORT = 40_000;
const POLLS = 60;
const POLL_MS = 5;

/** Whether the first packet comes through, and what would answer it. */
export async function trySctp(
  from: Place,
  to: Place,
  family: IpFamily,
  port: number,
): Promise<Reach> {
  using asking = rawSocket(from, to, family);
  using answering = rawSocket(to, from, family);
  const syscalls = linuxSyscalls();
  checkSyscall(syscalls.send(asking.number, packet(SENDER_PORT, port, INIT), 0), "sending");
  if (!(await isHeard(answering, port, INIT, family))) return "blocked";
  checkSyscall(syscalls.send(answering.number, packet(port, SENDER_PORT, INIT_ACK), 0), "sending");
  return (await isHeard(asking, SENDER_PORT, INIT_ACK, family)) ? "reached" : "blocked";
}

/** Hears all of the protocol that comes from the peer. */
function rawSocket(place: Place, peer: Place, family: IpFamily): Fd {
  const domain = family === 4 ? 2 : 10;
  const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const number = withNamespace(place.namespace, () =>
    checkSyscall(linuxSyscalls().socket(domain, type, IPPROTO_SCTP), "opening a raw socket"),
  );
  const address = socketAddress(addressOf(peer, family), 0);
  checkSyscall(linuxSyscalls().connect(number, address), "connecting a raw socket");
  return new Fd(number, "raw socket");
}

/** A chunk with no parameters; nobody here looks at the checksum. */
function packet(sourcePort: number, destinationPort: number, chunk: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + 20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint8(HEADER_BYTES, chunk);
  view.setUint16(HEADER_BYTES + 2, 20);
  return bytes;
}

async function isHeard(
  socket: Fd,
  port: number,
  chunk: number,
  family: IpFamily,
): Promise<boolean> {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  for (let poll = 0; poll < POLLS; poll++) {
    const length = linuxSyscalls().recv(socket.number, bytes, 0);
    // IPv4 comes with its header, IPv6 without.
    const at = family === 4 ? 20 : 0;
    const isOurs = length > 0 && view.getUint16(at + 2) === port;
    if (isOurs && view.getUint8(at + HEADER_BYTES) === chunk) return true;
    if (length > 0) continue;
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
  return false;
}
