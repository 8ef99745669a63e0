import { closeSync, openSync } from "node:fs";
import { type Netlink, openNetlink } from "#netlink";
import { isErrno, SyscallError } from "#sys";
import { AttachType } from "#ebpf/spec";
import type {
  Attacher,
  Attachment,
  CgroupOptions,
  NetnsOptions,
  TcOptions,
  XdpOptions,
} from "../attach-types.ts";
import { ClsactAttachment } from "./clsact.ts";
import { hasFeature } from "./features.ts";
import { explainOccupied, KernelLink } from "./link.ts";

const ENODEV = 19;
const XDP_GENERIC = 1 << 1;
const XDP_NATIVE = 1 << 2;

export interface KernelAttacherOptions {
  /** Opens netlink in the namespace of the calling thread, for clsact. */
  openNetlink?: () => Netlink;
  /** How programs get to tc; `tcx` where the kernel has it, unless given. */
  tc?: "tcx" | "clsact";
}

/** Attaches in the kernel. */
export class KernelAttacher implements Attacher {
  readonly #tc: "tcx" | "clsact" | undefined;
  readonly #openNetlink: () => Netlink;

  constructor(options: KernelAttacherOptions = {}) {
    this.#tc = options.tc;
    this.#openNetlink = options.openNetlink ?? openNetlink;
  }

  tc(options: TcOptions): Attachment {
    const { ifindex, direction, program, pin } = options;
    const place = `tc ${direction} of device ${ifindex}`;
    if ((this.#tc ?? (hasFeature("tcx") ? "tcx" : "clsact")) === "clsact") {
      const netlink = this.#openNetlink();
      try {
        return ClsactAttachment.attach(netlink, options, place);
      } catch (error) {
        netlink[Symbol.dispose]();
        throw error;
      }
    }
    const attachType = direction === "ingress" ? AttachType.tcxIngress : AttachType.tcxEgress;
    return KernelLink.attach(program, { kind: "tcx", place, target: ifindex, attachType, pin });
  }

  xdp({ ifindex, program, mode, pin }: XdpOptions): Attachment {
    const flags = mode === "native" ? XDP_NATIVE : XDP_GENERIC;
    const place = `${mode} xdp of device ${ifindex}`;
    const target = {
      kind: "xdp",
      place,
      target: ifindex,
      attachType: AttachType.xdp,
      flags,
      pin,
    } as const;
    try {
      return KernelLink.attach(program, target);
    } catch (error) {
      // The kernel does not tell a device that is missing from other mistakes.
      if (isErrno(error, "EINVAL")) this.#requireDevice(ifindex, place);
      throw explainOccupied(error, place);
    }
  }

  cgroup({ cgroup, attachType, program, pin }: CgroupOptions): Attachment {
    const fd = openSync(cgroup, "r");
    try {
      const place = `cgroup ${cgroup}`;
      return KernelLink.attach(program, { kind: "cgroup", place, target: fd, attachType, pin });
    } finally {
      closeSync(fd);
    }
  }

  netns({ namespaceFd, attachType, program, pin }: NetnsOptions): Attachment {
    const place = `network namespace (descriptor ${namespaceFd})`;
    return KernelLink.attach(program, {
      kind: "netns",
      place,
      target: namespaceFd,
      attachType,
      pin,
    });
  }

  #requireDevice(ifindex: number, place: string): void {
    using netlink = this.#openNetlink();
    if (netlink.links.get(ifindex) === undefined)
      throw new SyscallError(`attaching to ${place}`, ENODEV);
  }
}
