import { checkSyscall, linuxSyscalls } from "#sys";

/** `enum bpf_cmd` */
export const Command = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  mapNextKey: 4,
  programLoad: 5,
  pin: 6,
  openPin: 7,
  testRun: 10,
  programById: 13,
  mapById: 14,
  info: 15,
  query: 16,
  btfLoad: 18,
  mapLookupAndDelete: 21,
  mapFreeze: 22,
  mapLookupBatch: 24,
  mapUpdateBatch: 26,
  mapDeleteBatch: 27,
  linkCreate: 28,
  linkUpdate: 29,
  linkDetach: 34,
} as const;

/** What bpf(2) wants of a process that is not root, since Linux 5.8. */
export const BPF_CAPABILITY = "CAP_BPF (with CAP_NET_ADMIN for network programs)";

/** A `union bpf_attr` under construction; what it points to is kept alive with it. */
export class Attributes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #pointedTo: Uint8Array[] = [];

  constructor(length: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(length));
    this.#view = new DataView(this.bytes.buffer);
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  u64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, true);
    return this;
  }

  /** The address of `target`; of none or no bytes, null. */
  pointer(offset: number, target: Uint8Array | undefined): this {
    if (target === undefined || target.length === 0) return this;
    this.#pointedTo.push(target);
    return this.u64(offset, linuxSyscalls().addressOf(target));
  }

  /** A name of at most 15 characters of those that the kernel takes. */
  name(offset: number, name: string): this {
    const kept = name.replaceAll(/[^A-Za-z0-9_.]/g, "_").slice(0, NAME_LENGTH - 1);
    this.bytes.set(new TextEncoder().encode(kept), offset);
    return this;
  }

  getU32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }
}

const NAME_LENGTH = 16;

/** bpf(2), with an error that says what was being done. */
export function bpf(command: number, attributes: Attributes, what: string): number {
  return checkSyscall(linuxSyscalls().bpf(command, attributes.bytes), what, BPF_CAPABILITY);
}

/** The same on another thread, for what waits in the kernel. */
export async function bpfAsync(
  command: number,
  attributes: Attributes,
  what: string,
): Promise<number> {
  const answer = await linuxSyscalls().bpfAsync(command, attributes.bytes);
  return checkSyscall(answer, what, BPF_CAPABILITY);
}

/** A path as bpf(2) takes it. */
export function pathBytes(path: string): Uint8Array {
  return new TextEncoder().encode(`${path}\0`);
}

/** Zeroed memory at an address that stays. */
export function memory(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}
