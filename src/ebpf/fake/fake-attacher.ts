import { AppError } from "#base";
import { SyscallError } from "#sys";
import type {
  AttachableProgram,
  Attacher,
  Attachment,
  CgroupOptions,
  Direction,
  NetnsOptions,
  TcOptions,
  XdpOptions,
} from "#ebpf";

const ENODEV = 19;

class FakeAttachment implements Attachment {
  readonly kind: Attachment["kind"];
  readonly place: string;
  program: AttachableProgram;
  /** Those at the same place, in order. */
  readonly #chain: FakeAttachment[];
  readonly #forget: (() => void) | undefined;

  constructor(
    kind: Attachment["kind"],
    place: string,
    program: AttachableProgram,
    chain: FakeAttachment[],
    forget: (() => void) | undefined,
  ) {
    this.kind = kind;
    this.place = place;
    this.program = program;
    this.#chain = chain;
    this.#forget = forget;
    chain.push(this);
  }

  replace(program: AttachableProgram): void {
    this.program = program;
  }

  isAttached(): boolean {
    return this.#chain.includes(this);
  }

  detach(): void {
    this.#forget?.();
    if (this.isAttached()) this.#chain.splice(this.#chain.indexOf(this), 1);
  }

  [Symbol.dispose](): void {
    if (this.#forget === undefined) this.detach();
  }
}

/** Places for programs in memory. Tells what stands where, so that tests can look. */
export class FakeAttacher implements Attacher {
  readonly #devices: Set<number>;
  readonly #chains = new Map<string, FakeAttachment[]>();
  readonly #pins = new Map<string, FakeAttachment>();

  /** Devices by index. */
  constructor(devices: Iterable<number>) {
    this.#devices = new Set(devices);
  }

  tc({ ifindex, direction, program, pin }: TcOptions): Attachment {
    this.#requireDevice(ifindex);
    return this.#attach("tcx", `tc ${direction} of device ${ifindex}`, program, pin);
  }

  xdp({ ifindex, program, mode, pin }: XdpOptions): Attachment {
    this.#requireDevice(ifindex);
    return this.#attachAlone("xdp", `${mode} xdp of device ${ifindex}`, program, pin);
  }

  cgroup({ cgroup, program, pin }: CgroupOptions): Attachment {
    return this.#attach("cgroup", `cgroup ${cgroup}`, program, pin);
  }

  netns({ namespaceFd, program, pin }: NetnsOptions): Attachment {
    const place = `network namespace (descriptor ${namespaceFd})`;
    return this.#attach("netns", place, program, pin);
  }

  /** The programs that a packet meets, in order. */
  programsAt(ifindex: number, direction: Direction): AttachableProgram[] {
    const chain = this.#chains.get(`tc ${direction} of device ${ifindex}`) ?? [];
    return chain.map((attachment) => attachment.program);
  }

  /** As the kernel does when a device goes: with all that is attached to it. */
  deleteDevice(ifindex: number): void {
    this.#devices.delete(ifindex);
    for (const [place, chain] of this.#chains) {
      if (place.endsWith(` of device ${ifindex}`)) chain.length = 0;
    }
  }

  #attachAlone(
    kind: "xdp",
    place: string,
    program: AttachableProgram,
    pin: string | undefined,
  ): Attachment {
    const isOurs = pin !== undefined && this.#pins.has(pin);
    if (!isOurs && (this.#chains.get(place)?.length ?? 0) > 0) {
      throw new AppError(
        "occupied",
        `${place} has a program already, which is not ours to replace`,
        { fields: { place } },
      );
    }
    return this.#attach(kind, place, program, pin);
  }

  #attach(
    kind: Attachment["kind"],
    place: string,
    program: AttachableProgram,
    pin: string | undefined,
  ): Attachment {
    const pinned = pin === undefined ? undefined : this.#pins.get(pin);
    if (pinned?.isAttached() === true && pinned.place === place) {
      pinned.replace(program);
      return pinned;
    }
    pinned?.detach();
    const chain = this.#chains.get(place) ?? [];
    this.#chains.set(place, chain);
    const forget = pin === undefined ? undefined : (): void => void this.#pins.delete(pin);
    const attachment = new FakeAttachment(kind, place, program, chain, forget);
    if (pin !== undefined) this.#pins.set(pin, attachment);
    return attachment;
  }

  #requireDevice(ifindex: number): void {
    if (!this.#devices.has(ifindex))
      throw new SyscallError(`attaching to device ${ifindex}`, ENODEV);
  }
}
