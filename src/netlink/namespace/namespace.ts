import { closeSync, fstatSync, openSync } from "node:fs";
import { AppError } from "#base";
import { checkSyscall, Fd, linuxSyscalls } from "#sys";
import type { NamespaceRef } from "../model/link.ts";
import { CLONE_NEWNET, comeHome, OWN_NAMESPACE } from "./enter.ts";
import { warmThreadPool } from "./thread-pool.ts";

const NS_GET_NSTYPE = 0xb703;
const SIOCGSKNS = 0x894c;

/**
 * A network namespace, held by a descriptor. It lives as long as somebody holds it: a descriptor,
 * a process in it, a socket, or the path that it is bound at.
 */
export class Namespace implements NamespaceRef, Disposable {
  readonly name: string;
  readonly #fd: Fd;

  /** Takes the descriptor over. */
  constructor(name: string, fd: Fd) {
    this.name = name;
    this.#fd = fd;
  }

  get fd(): number {
    return this.#fd.number;
  }

  /** Names the namespace on this machine, whoever holds it and wherever it is bound. */
  get inode(): number {
    return fstatSync(this.fd).ino;
  }

  /** Lets go of it. One that is bound at a path stays. */
  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Where a namespace is bound, or `/proc/PID/ns/net`. */
export function openNamespace(path: string): Namespace {
  let number: number;
  try {
    number = openSync(path, "r");
  } catch (cause) {
    throw AppError.wrap(`opening network namespace ${path}`, cause);
  }
  // An ordinary file opens just as well.
  const type = linuxSyscalls().ioctl(number, NS_GET_NSTYPE, new Uint8Array(8));
  if (type === CLONE_NEWNET) return hold(path, number);
  closeSync(number);
  throw new AppError("namespace", `${path} is not a network namespace, or not one any more`);
}

/** That of a process's main thread. */
export function openNamespaceOfProcess(pid: number): Namespace {
  return openNamespace(`/proc/${pid}/ns/net`);
}

/** That of the calling thread. */
export function currentNamespace(): Namespace {
  return openNamespace(OWN_NAMESPACE);
}

/** Where a socket of this process was made. */
export function namespaceOfSocket(socket: number): Namespace {
  const number = linuxSyscalls().ioctl(socket, SIOCGSKNS, new Uint8Array(8));
  checkSyscall(number, "asking a socket for its network namespace", "CAP_NET_ADMIN");
  return hold("a socket's", number);
}

/**
 * A new one, bound nowhere: it goes with the last descriptor, process or socket that holds it, so
 * that nothing of it can be left behind. `name` is for messages.
 */
export function createAnonymousNamespace(name: string): Namespace {
  return makeNamespace(name, (fd) => new Namespace(name, fd));
}

/**
 * Makes a namespace and hands its descriptor to `use`, with the calling thread still in it. The
 * thread is back where it was when this returns, whatever happens.
 */
export function makeNamespace<T>(name: string, use: (fd: Fd) => T): T {
  warmThreadPool();
  const home = openSync(OWN_NAMESPACE, "r");
  try {
    const made = linuxSyscalls().unshare(CLONE_NEWNET);
    checkSyscall(made, "creating a network namespace", "CAP_SYS_ADMIN");
    let fd: Fd;
    try {
      fd = new Fd(openSync(OWN_NAMESPACE, "r"), `network namespace ${name}`);
      try {
        return use(fd);
      } catch (error) {
        fd.close();
        throw error;
      }
    } finally {
      comeHome(home);
    }
  } finally {
    closeSync(home);
  }
}

function hold(name: string, number: number): Namespace {
  return new Namespace(name, new Fd(number, `network namespace ${name}`));
}
