import { assert, tryEach } from "#base";
import { SyscallError } from "#sys";
import { MapType } from "#ebpf/spec";
import type { BpfMap, MapShape, RawEntry, UpdateMode } from "#ebpf";

const ENOENT = 2;
const E2BIG = 7;
const EEXIST = 17;
const EINVAL = 22;
const EPERM = 1;

const ARRAYS: ReadonlySet<number> = new Set([MapType.array, MapType.percpuArray]);
const PER_CPU: ReadonlySet<number> = new Set([
  MapType.percpuHash,
  MapType.percpuArray,
  MapType.lruPercpuHash,
]);
const LRU: ReadonlySet<number> = new Set([MapType.lruHash, MapType.lruPercpuHash]);
/** The maps that a fake can be: those that hold plain values. */
const SUPPORTED: ReadonlySet<number> = new Set([
  MapType.hash,
  MapType.lpmTrie,
  ...ARRAYS,
  ...PER_CPU,
  ...LRU,
]);

/** CPUs of the machine that fakes pretend to be. */
const FAKE_CPUS = 2;

/** A map in memory, for tests without a kernel. Everything that the contract says holds. */
export class FakeMap implements BpfMap {
  readonly shape: MapShape;
  readonly valueBytes: number;
  /** By the key's bytes as text; in order of use, oldest first, for those that evict. */
  readonly #elements = new Map<string, RawEntry>();
  #isFrozen = false;
  #isOpen = true;
  readonly #pins: Map<string, FakeMap>;

  /** `pins` is the bpffs that pinned maps stand in; each map has one of its own unless given. */
  constructor(shape: MapShape, pins: Map<string, FakeMap> = new Map()) {
    assert(SUPPORTED.has(shape.type), `a fake cannot be a map of type ${shape.type}`);
    this.shape = shape;
    this.#pins = pins;
    const padded = (shape.valueSize + 7) & ~7;
    this.valueBytes = PER_CPU.has(shape.type) ? padded * FAKE_CPUS : shape.valueSize;
    if (ARRAYS.has(shape.type)) this.#fillArray();
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    this.#check(key);
    if (this.shape.type === MapType.lpmTrie) return this.#longestMatch(key)?.[1].slice();
    const name = key.toString();
    const element = this.#elements.get(name);
    if (element === undefined) return undefined;
    this.#noteUse(name, element);
    return element[1].slice();
  }

  update(key: Uint8Array, value: Uint8Array, mode: UpdateMode = "any"): void {
    this.#check(key, value);
    if (this.#isFrozen) this.#refuse("updating", EPERM);
    const stored = this.shape.type === MapType.lpmTrie ? maskPrefix(key) : key.slice();
    if (stored === undefined) this.#refuse("updating", EINVAL);
    const name = stored.toString();
    const isKnown = this.#elements.has(name);
    // An array's place beyond its end is what the kernel calls too big.
    if (ARRAYS.has(this.shape.type) && !isKnown) this.#refuse("updating", E2BIG);
    if (mode === "create" && isKnown) this.#refuse("updating", EEXIST);
    if (mode === "replace" && !isKnown) this.#refuse("updating", ENOENT);
    if (!isKnown && this.#elements.size >= this.shape.maxEntries) this.#makeRoom();
    this.#elements.set(name, [stored, value.slice()]);
    this.#noteUse(name, [stored, value.slice()]);
  }

  delete(key: Uint8Array): boolean {
    this.#check(key);
    if (this.#isFrozen) this.#refuse("deleting from", EPERM);
    if (ARRAYS.has(this.shape.type)) this.#refuse("deleting from", EINVAL);
    const stored = this.shape.type === MapType.lpmTrie ? maskPrefix(key) : key;
    return stored !== undefined && this.#elements.delete(stored.toString());
  }

  *entries(): Generator<RawEntry, void> {
    // A copy: the caller may write meanwhile.
    for (const [key, value] of Array.from(this.#elements.values()))
      yield [key.slice(), value.slice()];
  }

  updateMany(entries: readonly RawEntry[], mode: UpdateMode = "any"): Map<number, Error> {
    return tryEach(entries, ([key, value]) => this.update(key, value, mode));
  }

  deleteMany(keys: readonly Uint8Array[]): Map<number, Error> {
    return tryEach(keys, (key) => void this.delete(key));
  }

  async updateAsync(key: Uint8Array, value: Uint8Array, mode: UpdateMode = "any"): Promise<void> {
    await Promise.resolve();
    this.update(key, value, mode);
  }

  async deleteAsync(key: Uint8Array): Promise<boolean> {
    await Promise.resolve();
    return this.delete(key);
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  pin(path: string): void {
    if (this.#pins.has(path))
      throw new SyscallError(`pinning map ${this.shape.name} at ${path}`, EEXIST);
    this.#pins.set(path, this);
  }

  [Symbol.dispose](): void {
    this.#isOpen = false;
  }

  #check(key: Uint8Array, value?: Uint8Array): void {
    const { name, keySize } = this.shape;
    assert(
      this.#isOpen || [...this.#pins.values()].includes(this),
      `map ${name}: used after close`,
    );
    assert(key.length === keySize, `map ${name} has keys of ${keySize} bytes, not ${key.length}`);
    const isValueGood = value === undefined || value.length === this.valueBytes;
    assert(isValueGood, `map ${name} has values of ${this.valueBytes} bytes, not ${value?.length}`);
  }

  #fillArray(): void {
    for (let index = 0; index < this.shape.maxEntries; index++) {
      const key = new Uint8Array(4);
      new DataView(key.buffer).setUint32(0, index, true);
      this.#elements.set(key.toString(), [key, new Uint8Array(this.valueBytes)]);
    }
  }

  #longestMatch(key: Uint8Array): RawEntry | undefined {
    let best: RawEntry | undefined;
    for (const element of this.#elements.values()) {
      if (!isPrefixOf(element[0], key)) continue;
      if (best === undefined || prefixLength(element[0]) > prefixLength(best[0])) best = element;
    }
    return best;
  }

  #makeRoom(): void {
    if (!LRU.has(this.shape.type))
      this.#refuse("updating", this.shape.type === MapType.lpmTrie ? 28 : E2BIG);
    const [oldest] = this.#elements.keys();
    if (oldest !== undefined) this.#elements.delete(oldest);
  }

  #noteUse(name: string, element: RawEntry): void {
    if (!LRU.has(this.shape.type)) return;
    this.#elements.delete(name);
    this.#elements.set(name, element);
  }

  #refuse(verb: string, errno: number): never {
    throw new SyscallError(`${verb} map ${this.shape.name}`, errno);
  }
}

function prefixLength(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset).getUint32(0, true);
}

/** The bits of a key behind its prefix do not count: they are zero here. Undefined when too long. */
function maskPrefix(key: Uint8Array): Uint8Array | undefined {
  const bits = prefixLength(key);
  if (bits > (key.length - 4) * 8) return undefined;
  return key.map((byte, at) => (at < 4 ? byte : byte & maskOf(bits - (at - 4) * 8)));
}

/** The mask of a byte of which the first `bits` count. */
function maskOf(bits: number): number {
  if (bits >= 8) return 0xff;
  return bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

function isPrefixOf(prefix: Uint8Array, key: Uint8Array): boolean {
  const bits = prefixLength(prefix);
  if (bits > prefixLength(key)) return false;
  return prefix.every(
    (byte, at) => at < 4 || ((byte ^ (key[at] ?? 0)) & maskOf(bits - (at - 4) * 8)) === 0,
  );
}
