/** Where a device's clsact qdisc runs filters: on what comes in from it, or on what goes out. */
export type FilterHook = "ingress" | "egress";

/** Handles and parents of qdiscs: the upper 16 bits are the qdisc, the lower its class. */
export const TrafficHandle = {
  root: 0xffff_ffff,
  /** The parent that clsact and ingress qdiscs hang from, and clsact's own handle above it. */
  clsact: 0xffff_fff1,
  clsactHandle: 0xffff_0000,
  ingressFilters: 0xffff_fff2,
  egressFilters: 0xffff_fff3,
} as const;

/** A queueing discipline of a device. */
export interface Qdisc {
  /** The index of the device. */
  readonly link: number;
  readonly handle: number;
  readonly parent: number;
  /** `clsact`, `fq`, `noqueue`, ... */
  readonly kind: string;
  /** TCA_OPTIONS as they came; empty where there are none. */
  readonly options: Uint8Array;
}

export interface QdiscSpec {
  readonly link: number;
  readonly kind: string;
  /** Without them, those of clsact for clsact, else the root and a handle of the kernel's choice. */
  readonly parent?: number;
  readonly handle?: number;
  /** TCA_OPTIONS, for kinds that take some. */
  readonly options?: Uint8Array;
}

export interface QdiscFilter {
  readonly link?: number;
}

/** Which filter: the place in the order of its hook, and the handle within that place. */
export interface FilterKey {
  /** The index of the device, which needs a clsact qdisc. */
  readonly link: number;
  readonly hook: FilterHook;
  /** 1 to 65535: filters run in its order, the lowest first. */
  readonly priority: number;
  /** 1 or more. */
  readonly handle: number;
}

/** A BPF program on a hook, in direct-action mode: what it returns is the verdict. */
export interface BpfFilterSpec extends FilterKey {
  /** A descriptor of a loaded program of type sched_cls, borrowed for the call. */
  readonly programFd: number;
  /** What `tc filter show` calls it. */
  readonly name: string;
}

/** A filter as reported: of any kind, on any qdisc. */
export interface Filter {
  readonly link: number;
  readonly parent: number;
  /** Undefined where it hangs elsewhere than on clsact. */
  readonly hook: FilterHook | undefined;
  readonly priority: number;
  readonly handle: number;
  readonly chain: number;
  /** ETH_P_*: 3 is all. */
  readonly protocol: number;
  readonly kind: string;
  /** Of the kind `bpf` only. */
  readonly bpf: BpfFilter | undefined;
}

export interface BpfFilter {
  readonly name: string;
  readonly programId: number | undefined;
  /** Hexadecimal, 16 digits. */
  readonly programTag: string | undefined;
  readonly isDirectAction: boolean;
}

export interface FilterFilter {
  readonly link: number;
  readonly hook?: FilterHook;
}
