import { readFileSync } from "node:fs";
import { Fd, isErrno } from "#sys";
import { Attributes, bpf, Command } from "./bpf-call.ts";

/**
 * Gives the kernel the types of an object, so that its maps can be read by people and its logs quote
 * source lines. Undefined where the kernel does not take them: programs load without, too, unless
 * they need it (timers, spin locks), in which case the map's creation says so.
 */
export function loadBtf(blob: Uint8Array | undefined): Fd | undefined {
  if (blob === undefined) return undefined;
  const attributes = new Attributes(32).pointer(0, Uint8Array.from(blob)).u32(16, blob.length);
  try {
    return new Fd(bpf(Command.btfLoad, attributes, "loading BTF"), "BTF");
  } catch (error) {
    if (isErrno(error, "EINVAL", "E2BIG", "EOPNOTSUPP")) return undefined;
    throw error;
  }
}

/** The running kernel's own types. */
export function readKernelBtf(): Uint8Array {
  return readFileSync("/sys/kernel/btf/vmlinux");
}
