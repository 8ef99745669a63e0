import { AppError } from "#base";
import { isErrno, SyscallError } from "#sys";

export interface NetlinkErrorDetails {
  /** What the kernel says about it, in its own words. */
  readonly kernelMessage: string | undefined;
  /** The attribute that it objects to, by name where that is known. */
  readonly attribute: string | undefined;
}

/** A request that the kernel refused: what was being done, why, and what it said about it. */
export class NetlinkError extends SyscallError {
  override readonly name: string = "NetlinkError";
  readonly kernelMessage: string | undefined;
  readonly attribute: string | undefined;

  /** `what` is the request in words: `creating link lxc1`. */
  constructor(what: string, errno: number, details?: Partial<NetlinkErrorDetails>) {
    const { kernelMessage, attribute } = details ?? {};
    super(what, errno, {
      capability: "CAP_NET_ADMIN",
      detail: tell(kernelMessage, attribute),
      fields: { kernelMessage, attribute },
    });
    this.kernelMessage = kernelMessage;
    this.attribute = attribute;
  }
}

function tell(message: string | undefined, attribute: string | undefined): string | undefined {
  if (message === undefined && attribute === undefined) return undefined;
  const words = message === undefined ? "" : ` says "${message.replace(/[.\s]+$/, "")}"`;
  const about = attribute === undefined ? "" : ` about ${attribute}`;
  return message === undefined
    ? `the kernel objects to ${attribute}`
    : `the kernel${words}${about}`;
}

/** What was to be created is there already. */
export function isAlreadyThere(error: unknown): error is SyscallError {
  return isErrno(error, "EEXIST");
}

/** What was to be changed or deleted is not there: the codes that the kernel uses for it. */
export function isNotThere(error: unknown): error is SyscallError {
  return isErrno(error, "ENOENT", "ENODEV", "ESRCH", "EADDRNOTAVAIL", "ENXIO");
}

/** An answer of the kernel that cannot be used: too long, too late, or never whole. */
export function unusableAnswer(what: string, why: string): AppError {
  return new AppError("netlink", `${what}: ${why}`);
}
