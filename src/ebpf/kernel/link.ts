import { existsSync } from "node:fs";
import { AppError } from "#base";
import { Fd, isErrno } from "#sys";
import type { AttachableProgram, Attachment } from "../attach-types.ts";
import { Attributes, bpf, Command, memory } from "./bpf-call.ts";
import { openPinned, pinObject, unpin } from "./pin.ts";

interface LinkTarget {
  kind: Attachment["kind"];
  place: string;
  /** A device's index, or a descriptor of a cgroup or namespace. */
  target: number;
  attachType: number;
  flags?: number;
  pin: string | undefined;
}

/** `struct bpf_link_info`: type, id, program, then by type; the device of tcx and xdp comes first. */
const LINK_INFO_BYTES = 64;
const LINK_INFO_DEVICE = 16;

/** A BPF link: an attachment that is an object of the kernel. */
export class KernelLink implements Attachment {
  readonly kind: Attachment["kind"];
  readonly place: string;
  readonly #fd: Fd;
  readonly #pin: string | undefined;

  private constructor(fd: Fd, { kind, place, pin }: LinkTarget) {
    this.#fd = fd;
    this.kind = kind;
    this.place = place;
    this.#pin = pin;
  }

  /** Takes over what is pinned, when it still stands at this place; else attaches anew. */
  static attach(program: AttachableProgram, target: LinkTarget): KernelLink {
    return KernelLink.#takeOver(program, target) ?? KernelLink.#create(program, target);
  }

  replace(program: AttachableProgram): void {
    const attributes = new Attributes(16).u32(0, this.#fd.number).u32(4, program.fd);
    bpf(Command.linkUpdate, attributes, `putting program ${program.name} at ${this.place}`);
  }

  isAttached(): boolean {
    if (!this.#fd.isOpen) return false;
    const info = this.#info();
    // The kernel lets a link live on when its device goes, and tells 0 for the device.
    const isOfDevice = this.kind === "tcx" || this.kind === "xdp";
    return !isOfDevice || info.getUint32(LINK_INFO_DEVICE, true) !== 0;
  }

  detach(): void {
    if (this.#pin !== undefined) unpin(this.#pin);
    if (!this.#fd.isOpen) return;
    try {
      bpf(
        Command.linkDetach,
        new Attributes(4).u32(0, this.#fd.number),
        `detaching from ${this.place}`,
      );
    } catch (error) {
      // Gone with its device, or of a kind that goes with its last descriptor.
      if (!isErrno(error, "ENOLINK", "EOPNOTSUPP", "ENODEV", "EINVAL")) throw error;
    }
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }

  static #takeOver(program: AttachableProgram, target: LinkTarget): KernelLink | undefined {
    const { pin } = target;
    if (pin === undefined || !existsSync(pin)) return undefined;
    const link = new KernelLink(openPinned(pin, `link ${target.place}`), target);
    try {
      if (link.#standsAt(target)) {
        link.replace(program);
        return link;
      }
      link.detach();
      return undefined;
    } catch (error) {
      link[Symbol.dispose]();
      throw error;
    }
  }

  static #create(program: AttachableProgram, target: LinkTarget): KernelLink {
    const { place, pin } = target;
    const attributes = new Attributes(64).u32(0, program.fd).u32(4, target.target);
    attributes.u32(8, target.attachType).u32(12, target.flags ?? 0);
    const fd = new Fd(
      bpf(Command.linkCreate, attributes, `attaching program ${program.name} to ${place}`),
      `link ${place}`,
    );
    try {
      if (pin !== undefined) pinObject(fd.number, pin, `link ${place}`);
    } catch (error) {
      fd.close();
      throw error;
    }
    return new KernelLink(fd, target);
  }

  /** A pin may be of a device that is gone, or whose number another has got. */
  #standsAt(target: LinkTarget): boolean {
    if (target.kind !== "tcx" && target.kind !== "xdp") return true;
    return this.#info().getUint32(LINK_INFO_DEVICE, true) === target.target;
  }

  #info(): DataView {
    const info = memory(LINK_INFO_BYTES);
    const attributes = new Attributes(16)
      .u32(0, this.#fd.number)
      .u32(4, info.length)
      .pointer(8, info);
    bpf(Command.info, attributes, `reading about the link at ${this.place}`);
    return new DataView(info.buffer);
  }
}

/** For attachments of a kind that takes one program only, told in words. */
export function explainOccupied(error: unknown, place: string): unknown {
  if (!isErrno(error, "EBUSY", "EEXIST")) return error;
  return new AppError("occupied", `${place} has a program already, which is not ours to replace`, {
    cause: error,
    fields: { place },
  });
}
