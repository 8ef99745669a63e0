import { readFileSync, writeFileSync } from "node:fs";
import { AppError } from "#base";
import { SyscallError } from "#sys";
import type { NamespaceRef } from "./model/link.ts";
import { withNamespace } from "./namespace/enter.ts";

export interface SysctlOptions {
  /** Those below `net` differ by namespace. Without it, that of the calling thread. */
  readonly namespace?: NamespaceRef;
}

/**
 * A setting of the kernel, without the newline at its end. Keys are written with dots
 * (`net.ipv4.ip_forward`), or with slashes where a part has a dot in itself
 * (`net/ipv4/conf/eth0.100/forwarding`).
 */
export function readSysctl(key: string, options: SysctlOptions = {}): string {
  const path = pathOf(key);
  return attempt(`reading sysctl ${key}`, options, () =>
    readFileSync(path, "utf8").replace(/\n$/, ""),
  );
}

/** Undefined where this kernel has no such setting. */
export function tryReadSysctl(key: string, options: SysctlOptions = {}): string | undefined {
  try {
    return readSysctl(key, options);
  } catch (error) {
    if (error instanceof SyscallError && error.errnoName === "ENOENT") return undefined;
    throw error;
  }
}

export function writeSysctl(
  key: string,
  value: string | number,
  options: SysctlOptions = {},
): void {
  const path = pathOf(key);
  // The kernel takes a value whole, in one write.
  attempt(`setting sysctl ${key} to ${value}`, options, () => writeFileSync(path, `${value}\n`));
}

function attempt<T>(what: string, { namespace }: SysctlOptions, action: () => T): T {
  try {
    return namespace === undefined ? action() : withNamespace(namespace, action);
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined || error instanceof SyscallError) throw error;
    throw new SyscallError(what, -errno, {
      cause: error,
      capability: "CAP_NET_ADMIN",
      fields: { path: (error as NodeJS.ErrnoException).path },
    });
  }
}

function pathOf(key: string): string {
  const parts = key.split(key.includes("/") ? "/" : ".");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new AppError("sysctl", `${JSON.stringify(key)} is no name of a sysctl`);
  }
  return `/proc/sys/${parts.join("/")}`;
}
