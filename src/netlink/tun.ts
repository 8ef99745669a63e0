import { constants, openSync } from "node:fs";
import { AppError } from "#base";
import { checkSyscall, Fd, linuxSyscalls, type Syscalls } from "#sys";
import type { NamespaceRef } from "./model/link.ts";
import { withNamespace } from "./namespace/enter.ts";

const TUN_DEVICE = "/dev/net/tun";
const TUNSETIFF = 0x4004_54ca;
const TUNSETPERSIST = 0x4004_54cb;
const SIOCGIFINDEX = 0x8933;
const IFF_TUN = 0x0001;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_VNET_HDR = 0x4000;
const IFREQ_BYTES = 40;
const NAME_BYTES = 16;
const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0x8_0002;

export interface TunOptions {
  /** `%d` in it becomes the first free number. */
  readonly name: string;
  /** Whether it carries IP packets ("tun") or Ethernet frames ("tap"). */
  readonly mode: "tun" | "tap";
  /** Without it, the namespace of the calling thread. */
  readonly namespace?: NamespaceRef;
  /** Whether it stays when the descriptor is closed; then it is deleted as any link. */
  readonly isPersistent?: boolean;
  /** Several descriptors may be opened, each with packets of its own. */
  readonly isMultiQueue?: boolean;
  /** A virtio-net header before each packet, as wants who moves large segments. */
  readonly hasVnetHeader?: boolean;
}

/** A device whose packets a program reads and writes. Disposing of it deletes the device. */
export interface TunDevice extends Disposable {
  /** A packet a read, a packet a write; EAGAIN where there is none to read. */
  readonly fd: Fd;
  readonly name: string;
  readonly index: number;
}

/** Makes a TUN or TAP device, down and without addresses. EBUSY where the name is taken. */
export function createTun(options: TunOptions): TunDevice {
  const { namespace } = options;
  const create = (): TunDevice => createHere(linuxSyscalls(), options);
  return namespace === undefined ? create() : withNamespace(namespace, create);
}

function createHere(syscalls: Syscalls, options: TunOptions): TunDevice {
  const { name, mode } = options;
  const fd = new Fd(openDevice(), `${mode} device ${name}`);
  try {
    const request = interfaceRequest(name);
    new DataView(request.buffer).setUint16(NAME_BYTES, flagsOf(options), true);
    const made = syscalls.ioctl(fd.number, TUNSETIFF, request);
    checkSyscall(made, `creating ${mode} device ${name}`, "CAP_NET_ADMIN");
    if (options.isPersistent === true) {
      // Its argument is a number, and any but 0 means yes: an address does.
      const kept = syscalls.ioctl(fd.number, TUNSETPERSIST, request);
      checkSyscall(kept, `making ${mode} device ${name} stay`);
    }
    const zero = request.indexOf(0);
    const given = Buffer.from(request.subarray(0, zero)).toString();
    const index = indexOf(syscalls, given);
    return { fd, name: given, index, [Symbol.dispose]: () => fd.close() };
  } catch (error) {
    fd.close();
    throw error;
  }
}

function openDevice(): number {
  try {
    return openSync(TUN_DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw AppError.wrap(`opening ${TUN_DEVICE}, which the kernel's module "tun" offers`, cause);
  }
}

function flagsOf({ mode, isMultiQueue, hasVnetHeader }: TunOptions): number {
  let flags = IFF_NO_PI | (mode === "tun" ? IFF_TUN : IFF_TAP);
  if (isMultiQueue === true) flags |= IFF_MULTI_QUEUE;
  if (hasVnetHeader === true) flags |= IFF_VNET_HDR;
  return flags;
}

/** struct ifreq: a name, and room for what is asked or answered. */
function interfaceRequest(name: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length >= NAME_BYTES) {
    throw new AppError("tun", `a device's name has at most ${NAME_BYTES - 1} bytes: ${name}`);
  }
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(bytes);
  return request;
}

/** Any socket of the namespace can be asked. */
function indexOf(syscalls: Syscalls, name: string): number {
  const number = syscalls.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  using socket = new Fd(checkSyscall(number, `asking for the index of ${name}`), "socket");
  const request = interfaceRequest(name);
  const answer = syscalls.ioctl(socket.number, SIOCGIFINDEX, request);
  checkSyscall(answer, `asking for the index of ${name}`);
  return new DataView(request.buffer).getInt32(NAME_BYTES, true);
}
