import { closeSync, openSync, writeSync } from "node:fs";
import { assert } from "#base";
import { checkSyscall, linuxSyscalls } from "#sys";
import type { NamespaceRef } from "../model/link.ts";
import { warmThreadPool } from "./thread-pool.ts";

export const CLONE_NEWNET = 0x4000_0000;
/** The namespace of the thread that asks; `/proc/self` would be that of the main thread. */
export const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/**
 * Runs `body` with the calling thread in a network namespace, and comes back. It must do its work
 * before it returns: what it starts and leaves for later happens outside. Sockets stay in the
 * namespace where they were made, so making one is enough.
 */
export function withNamespace<T>(namespace: NamespaceRef, body: () => T): T {
  warmThreadPool();
  const syscalls = linuxSyscalls();
  const home = openSync(OWN_NAMESPACE, "r");
  try {
    const entered = syscalls.setns(namespace.fd, CLONE_NEWNET);
    checkSyscall(entered, "entering a network namespace", "CAP_SYS_ADMIN");
    let result: T;
    try {
      result = body();
    } finally {
      comeHome(home);
    }
    const isLater = typeof (result as { then?: unknown } | undefined)?.then === "function";
    assert(!isLater, "a promise does its work outside the namespace: withNamespace is synchronous");
    return result;
  } finally {
    closeSync(home);
  }
}

/** Puts the calling thread back. A thread left in a foreign namespace would configure the wrong one. */
export function comeHome(home: number): void {
  const left = linuxSyscalls().setns(home, CLONE_NEWNET);
  if (left === 0) return;
  writeSync(2, `A thread cannot leave a network namespace (errno ${-left}): giving up.\n`);
  process.abort();
}
