import { constants } from "node:os";
import { AppError, type AppErrorOptions } from "#base";

const NAMES = new Map<number, string>(
  Object.entries(constants.errno).map(([name, value]) => [value, name]),
);
// What os.constants leaves out and the kernel uses. ENOTSUPP is not for user space, but bpf(2) returns it.
for (const [name, value] of Object.entries({
  ENOTSUPP: 524,
  EUCLEAN: 117,
  ENOKEY: 126,
  ESHUTDOWN: 108,
  // Of two names for one number, the one that is meant.
  EAGAIN: constants.errno.EAGAIN,
})) {
  NAMES.set(value, name);
}

export const ENOTSUPP = 524;

/** `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  EPERM: "not permitted",
  EACCES: "permission denied",
  ENOENT: "there is no such thing",
  EEXIST: "it is there already",
  EBUSY: "it is in use",
  ENODEV: "there is no such device",
  EINVAL: "the kernel takes an argument for invalid",
  E2BIG: "too long, or full",
  ENOSPC: "no space left",
  ENOMEM: "no memory",
  EAGAIN: "it would have to wait",
  EBADF: "the file descriptor is closed or of another kind",
  EOPNOTSUPP: "not supported",
  ENOTSUPP: "not supported",
  ENETUNREACH: "the network cannot be reached",
  EADDRINUSE: "the address is in use",
};

interface SyscallErrorOptions extends AppErrorOptions {
  /** What one must have for this call, told when it was not permitted. */
  capability?: string | undefined;
  /** What is known beyond the code: `the kernel says "..."`. */
  detail?: string | undefined;
}

/** A system call that failed: which, on what, and why. */
export class SyscallError extends AppError {
  override readonly name: string = "SyscallError";
  readonly errno: number;
  /** `EPERM` and the like. */
  readonly errnoName: string;
  readonly call: string;

  constructor(call: string, errno: number, options: SyscallErrorOptions = {}) {
    const name = errnoName(errno);
    const meaning = MEANINGS[name];
    const isRefused = name === "EPERM" || name === "EACCES";
    const needs =
      isRefused && options.capability !== undefined
        ? `; it needs ${options.capability}, which root has`
        : "";
    const because = meaning === undefined ? "" : `, ${meaning}`;
    const detail = options.detail === undefined ? "" : `; ${options.detail}`;
    super("syscall", `${call}: ${name}${because}${detail}${needs}`, {
      ...options,
      fields: { ...options.fields, call, errno: name },
    });
    this.errno = errno;
    this.errnoName = name;
    this.call = call;
  }
}

/**
 * The result of a system call itself, or its error as an exception. `what` says what was done
 * and on what: `creating map flows`.
 */
export function checkSyscall(result: number, what: string, capability?: string): number {
  if (result < 0) throw new SyscallError(what, -result, { capability });
  return result;
}

/** Whether an error is a system call's with one of these errno names. */
export function isErrno(error: unknown, ...names: string[]): error is SyscallError {
  return error instanceof SyscallError && names.includes(error.errnoName);
}
