import { assert, tryEach } from "#base";
import { checkSyscall, Fd, isErrno, linuxSyscalls, SyscallError } from "#sys";
import type { BpfMap, MapShape, RawEntry, UpdateMode } from "../map-types.ts";
import { MapType } from "#ebpf/spec";
import { Attributes, bpf, BPF_CAPABILITY, bpfAsync, Command, memory } from "./bpf-call.ts";
import { batchDelete, batchEntries, batchUpdate } from "./map-batch.ts";
import { possibleCpus } from "./cpus.ts";
import { openPinned, pinObject } from "./pin.ts";
import { roundUp8 } from "../round-up.ts";

const UPDATE_FLAGS: Readonly<Record<UpdateMode, number>> = { any: 0, create: 1, replace: 2 };
const ENOENT = 2;
const PER_CPU: ReadonlySet<number> = new Set([
  MapType.percpuHash,
  MapType.percpuArray,
  MapType.lruPercpuHash,
]);
/** How often a walk begins anew because the key it stood on was deleted, before it gives up. */
const MAX_RESTARTS = 100;

export interface CreateMapOptions extends MapShape {
  innerMapFd?: number;
  numaNode?: number | undefined;
  extra?: bigint;
  btf?: { fd: number; keyTypeId: number; valueTypeId: number } | undefined;
}

/** A map of the kernel. Not for use from several threads at once. */
export class KernelMap implements BpfMap {
  readonly shape: MapShape;
  readonly valueBytes: number;
  readonly #fd: Fd;
  // One element operation at a time uses these, so that it allocates nothing.
  readonly #attributes: Attributes;
  /** Of a deletion the kernel wants everything behind the key to be zero. */
  readonly #deleteAttributes: Attributes;
  readonly #key: Uint8Array<ArrayBuffer>;
  readonly #value: Uint8Array<ArrayBuffer>;
  /** Unknown until a batch was tried: not every type of map has them in every kernel. */
  #hasBatches: boolean | undefined;

  constructor(fd: Fd, shape: MapShape) {
    this.#fd = fd;
    this.shape = shape;
    this.valueBytes = PER_CPU.has(shape.type)
      ? roundUp8(shape.valueSize) * possibleCpus()
      : shape.valueSize;
    this.#key = memory(Math.max(8, shape.keySize));
    this.#value = memory(Math.max(8, this.valueBytes));
    this.#attributes = new Attributes(32)
      .u32(0, fd.number)
      .pointer(8, this.#key)
      .pointer(16, this.#value);
    this.#deleteAttributes = new Attributes(32).u32(0, fd.number).pointer(8, this.#key);
  }

  static create(options: CreateMapOptions): KernelMap {
    const { name, type, keySize, valueSize, maxEntries, flags, btf } = options;
    const attributes = new Attributes(72).u32(0, type).u32(4, keySize).u32(8, valueSize);
    attributes
      .u32(12, maxEntries)
      .u32(16, flags)
      .u32(20, options.innerMapFd ?? 0);
    attributes
      .u32(24, options.numaNode ?? 0)
      .name(28, name)
      .u64(64, options.extra ?? 0n);
    if (btf !== undefined)
      attributes.u32(48, btf.fd).u32(52, btf.keyTypeId).u32(56, btf.valueTypeId);
    const fd = bpf(Command.mapCreate, attributes, `creating map ${name}`);
    return new KernelMap(new Fd(fd, `map ${name}`), {
      name,
      type,
      keySize,
      valueSize,
      maxEntries,
      flags,
    });
  }

  static openPinned(path: string): KernelMap {
    const fd = openPinned(path, "map");
    try {
      return new KernelMap(fd, readShape(fd.number, path));
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /** By the id that the kernel gave it, as a lookup in a map of maps answers. */
  static openById(id: number): KernelMap {
    const fd = new Fd(
      bpf(Command.mapById, new Attributes(12).u32(0, id), `opening map ${id}`),
      `map ${id}`,
    );
    return new KernelMap(fd, readShape(fd.number, `map ${id}`));
  }

  /** For programs and maps that refer to it. */
  get fd(): number {
    return this.#fd.number;
  }

  get id(): number {
    return readInfo(this.fd, this.#what("reading")).getUint32(4, true);
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    this.#setKey(key);
    if (this.#element(Command.mapLookup, 0, "reading", ENOENT) < 0) return undefined;
    return this.#value.slice(0, this.valueBytes);
  }

  update(key: Uint8Array, value: Uint8Array, mode: UpdateMode = "any"): void {
    this.#setKey(key);
    this.#setValue(value);
    this.#element(Command.mapUpdate, UPDATE_FLAGS[mode], "updating");
  }

  delete(key: Uint8Array): boolean {
    this.#setKey(key);
    return this.#element(Command.mapDelete, 0, "deleting from", ENOENT) >= 0;
  }

  async updateAsync(key: Uint8Array, value: Uint8Array, mode: UpdateMode = "any"): Promise<void> {
    const attributes = this.#ownAttributes(key, value).u64(24, BigInt(UPDATE_FLAGS[mode]));
    await bpfAsync(Command.mapUpdate, attributes, this.#what("updating"));
  }

  async deleteAsync(key: Uint8Array): Promise<boolean> {
    try {
      await bpfAsync(Command.mapDelete, this.#ownAttributes(key), this.#what("deleting from"));
      return true;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  }

  *entries(): Generator<RawEntry, void> {
    if (this.#hasBatches !== false) {
      const batches = batchEntries(this.fd, this.shape, this.valueBytes);
      this.#hasBatches = batches !== undefined;
      if (batches !== undefined) {
        yield* batches;
        return;
      }
    }
    yield* this.#walk();
  }

  updateMany(entries: readonly RawEntry[], mode: UpdateMode = "any"): Map<number, Error> {
    for (const [key, value] of entries) this.#checkSizes(key, value);
    // Batches take no mode.
    if (this.#hasBatches !== false && mode === "any") {
      const failures = batchUpdate(this.fd, this.shape, this.valueBytes, entries);
      this.#hasBatches = failures !== undefined;
      if (failures !== undefined) return failures;
    }
    return tryEach(entries, ([key, value]) => this.update(key, value, mode));
  }

  deleteMany(keys: readonly Uint8Array[]): Map<number, Error> {
    for (const key of keys) this.#checkSizes(key);
    if (this.#hasBatches !== false) {
      const failures = batchDelete(this.fd, this.shape, keys);
      this.#hasBatches = failures !== undefined;
      if (failures !== undefined) return failures;
    }
    return tryEach(keys, (key) => void this.delete(key));
  }

  freeze(): void {
    bpf(Command.mapFreeze, new Attributes(4).u32(0, this.fd), this.#what("freezing"));
  }

  pin(path: string): void {
    pinObject(this.fd, path, `map ${this.shape.name}`);
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }

  /** One key after the other: slower than batches, and on every kernel. */
  *#walk(): Generator<RawEntry, void> {
    const seen = new Set<string>();
    const next = memory(Math.max(8, this.shape.keySize));
    const attributes = new Attributes(32).u32(0, this.fd).pointer(16, next);
    let restarts = 0;
    for (;;) {
      const answer = linuxSyscalls().bpf(Command.mapNextKey, attributes.bytes);
      if (answer === -ENOENT) return;
      checkSyscall(answer, this.#what("walking"), BPF_CAPABILITY);
      const key = next.slice(0, this.shape.keySize);
      const value = this.lookup(key);
      // The key went away in between: the kernel then begins at the first one again.
      if (value === undefined)
        assert(++restarts <= MAX_RESTARTS, `${this.#what("walking")} while it changes`);
      const name = key.toString();
      if (value !== undefined && !seen.has(name)) yield [key, value];
      seen.add(name);
      attributes.pointer(8, next);
    }
  }

  #element(command: number, flags: number, verb: string, allowed?: number): number {
    const isDelete = command === Command.mapDelete;
    const attributes = isDelete ? this.#deleteAttributes : this.#attributes;
    if (!isDelete) attributes.u32(24, flags);
    // Throws after close, when the number may be somebody else's.
    attributes.u32(0, this.#fd.number);
    const answer = linuxSyscalls().bpf(command, attributes.bytes);
    if (answer >= 0 || -answer === allowed) return answer;
    throw new SyscallError(this.#what(verb), -answer, { capability: BPF_CAPABILITY });
  }

  #setKey(key: Uint8Array): void {
    this.#checkSizes(key);
    this.#key.set(key);
  }

  #setValue(value: Uint8Array): void {
    this.#checkSizes(undefined, value);
    this.#value.set(value);
  }

  /** For calls that others may overtake: memory of their own. */
  #ownAttributes(key: Uint8Array, value?: Uint8Array): Attributes {
    this.#checkSizes(key, value);
    const attributes = new Attributes(32).u32(0, this.fd).pointer(8, Uint8Array.from(key));
    return value === undefined ? attributes : attributes.pointer(16, Uint8Array.from(value));
  }

  #checkSizes(key?: Uint8Array, value?: Uint8Array): void {
    const { name, keySize } = this.shape;
    const isKeyGood = key === undefined || key.length === keySize;
    assert(isKeyGood, `map ${name} has keys of ${keySize} bytes, not ${key?.length}`);
    const isValueGood = value === undefined || value.length === this.valueBytes;
    assert(isValueGood, `map ${name} has values of ${this.valueBytes} bytes, not ${value?.length}`);
  }

  #what(verb: string): string {
    return `${verb} map ${this.shape.name}`;
  }
}

const MAP_INFO_BYTES = 88;

function readInfo(fd: number, what: string): DataView {
  const info = memory(MAP_INFO_BYTES);
  bpf(Command.info, new Attributes(16).u32(0, fd).u32(4, info.length).pointer(8, info), what);
  return new DataView(info.buffer);
}

/** `struct bpf_map_info` */
function readShape(fd: number, what: string): MapShape {
  const info = readInfo(fd, `reading about ${what}`);
  const name = new TextDecoder().decode(new Uint8Array(info.buffer, 24, 16));
  return {
    type: info.getUint32(0, true),
    keySize: info.getUint32(8, true),
    valueSize: info.getUint32(12, true),
    maxEntries: info.getUint32(16, true),
    flags: info.getUint32(20, true),
    name: name.slice(0, name.indexOf("\0")),
  };
}
