/** Where a device's packets meet a program: as they come from it, or as they go out to it. */
export type Direction = "ingress" | "egress";

/** What of a program matters to where it is attached. */
export interface AttachableProgram {
  readonly name: string;
  /** `ProgramType`. */
  readonly type: number;
  /** Its descriptor; in memory, any number that tells it from others. */
  readonly fd: number;
}

/**
 * A program at its place. Disposed of, it is detached, unless it was attached with a pin: then it
 * stays, and whoever attaches with the same pin next takes it over.
 */
export interface Attachment extends Disposable {
  /** How it is attached. `clsact` stands in for `tcx` before Linux 6.6. */
  readonly kind: "tcx" | "clsact" | "xdp" | "cgroup" | "netns";
  /** In words, for errors and logs: `tc ingress of device 7`. */
  readonly place: string;
  /** Puts another program in its place at once: each packet meets the old or the new one. */
  replace(program: AttachableProgram): void;
  /** False once it, or the device or namespace it was at, is gone. */
  isAttached(): boolean;
  /** Takes it away for good, its pin included. Fine when it is gone already. */
  detach(): void;
}

interface AttachOptions {
  program: AttachableProgram;
  /**
   * A path in bpffs that keeps the attachment beyond this process. When there is one already, it
   * is taken over, and its program replaced at once.
   */
  pin?: string;
}

export interface TcOptions extends AttachOptions {
  ifindex: number;
  direction: Direction;
}

export interface XdpOptions extends AttachOptions {
  ifindex: number;
  /** `native` in the driver, before the kernel has made a socket buffer; `generic` anywhere. */
  mode: "native" | "generic";
}

export interface CgroupOptions extends AttachOptions {
  /** A folder of the cgroup v2 tree. */
  cgroup: string;
  /** `AttachType.cgroup…` */
  attachType: number;
}

export interface NetnsOptions extends AttachOptions {
  /** A descriptor of the namespace. */
  namespaceFd: number;
  /** `AttachType.skLookup` or `AttachType.flowDissector`. */
  attachType: number;
}

/**
 * Everywhere that programs can be put: the seam between what attaches and the kernel. Devices are
 * those of the calling thread's network namespace. Several programs may stand at one place of tc
 * and of a cgroup, in the order in which they came; of xdp and a namespace there is one (EBUSY,
 * EEXIST).
 */
export interface Attacher {
  tc(options: TcOptions): Attachment;
  xdp(options: XdpOptions): Attachment;
  cgroup(options: CgroupOptions): Attachment;
  netns(options: NetnsOptions): Attachment;
}
