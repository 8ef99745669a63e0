import { isErrno, SyscallError } from "#sys";

interface Explanation {
  readonly kernelMessage?: string | undefined;
  readonly attribute?: string | undefined;
}

/** A request that the kernel refused: what was being done, why, and what it said about it. */
export class NetlinkError extends SyscallError {
  override readonly name: string = "NetlinkError";
  /** What the kernel says about it, in its own words, which differ between versions. */
  readonly kernelMessage: string | undefined;
  /** The attribute of the request that it objects to: `IFLA_MTU`. */
  readonly attribute: string | undefined;

  /** `what` is the request in words: `creating link lxc1`. */
  constructor(what: string, errno: number, explanation: Explanation = {}) {
    const { kernelMessage, attribute } = explanation;
    super(what, errno, {
      capability: "CAP_NET_ADMIN",
      detail: tell(explanation),
      fields: { kernelMessage, attribute },
    });
    this.kernelMessage = kernelMessage;
    this.attribute = attribute;
  }
}

function tell({ kernelMessage, attribute }: Explanation): string | undefined {
  const words = kernelMessage?.replace(/[.\s]+$/, "");
  if (words === undefined) return attribute && `the kernel objects to ${attribute}`;
  return `the kernel says "${words}"${attribute === undefined ? "" : ` about ${attribute}`}`;
}

/** What was to be created is there already. */
export function isAlreadyThere(error: unknown): error is SyscallError {
  return isErrno(error, "EEXIST");
}

/** What was to be changed or deleted is not there: the codes that the kernel uses for it. */
export function isNotThere(error: unknown): error is SyscallError {
  return isErrno(error, "ENOENT", "ENODEV", "ESRCH", "EADDRNOTAVAIL", "ENXIO");
}
