/**
 * What Linux offers and Node does not: system calls, through the only FFI in the tree.
 *
 * Not here: what the calls are for. `ebpf` makes maps and programs of bpf(2), `netlink` makes
 * links and routes of a socket; each has an interface of its own with a fake for tests.
 *
 * Invariants:
 * - Calls answer -errno and never throw for what the kernel says; `checkSyscall` makes it an error
 *   that names the call and, where it was not permitted, the capability that it takes.
 * - A file descriptor is an `Fd` as soon as somebody keeps it.
 */
export { checkSyscall, ENOTSUPP, errnoName, isErrno, SyscallError } from "./errors.ts";
export { Fd } from "./fd.ts";
export { linuxSyscalls } from "./linux.ts";
export type { Mapping, MapMemoryOptions, Syscalls } from "./syscalls.ts";
