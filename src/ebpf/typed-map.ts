import { roundUp8 } from "./round-up.ts";
import type { BpfMap, RawEntry, UpdateMode } from "./map-types.ts";

/** Turns values into bytes and back; made from an object's types, or generated. */
export interface ValueCodec<T> {
  readonly size: number;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** A map of values instead of bytes. Borrows the map. */
export class TypedMap<K, V> {
  readonly raw: BpfMap;
  readonly #key: ValueCodec<K>;
  readonly #value: ValueCodec<V>;

  constructor(raw: BpfMap, key: ValueCodec<K>, value: ValueCodec<V>) {
    this.raw = raw;
    this.#key = key;
    this.#value = value;
  }

  get(key: K): V | undefined {
    const bytes = this.raw.lookup(this.#key.encode(key));
    return bytes === undefined ? undefined : this.#value.decode(bytes);
  }

  set(key: K, value: V, mode?: UpdateMode): void {
    this.raw.update(this.#key.encode(key), this.#value.encode(value), mode);
  }

  delete(key: K): boolean {
    return this.raw.delete(this.#key.encode(key));
  }

  *entries(): Generator<[K, V], void> {
    for (const [key, value] of this.raw.entries())
      yield [this.#key.decode(key), this.#value.decode(value)];
  }

  /** Answers those that failed, by their place. */
  setMany(entries: readonly (readonly [K, V])[]): Map<number, Error> {
    const raw = entries.map(
      ([key, value]): RawEntry => [this.#key.encode(key), this.#value.encode(value)],
    );
    return this.raw.updateMany(raw);
  }

  deleteMany(keys: readonly K[]): Map<number, Error> {
    return this.raw.deleteMany(keys.map((key) => this.#key.encode(key)));
  }
}

/** A codec for a per-CPU map: one value for each CPU. */
export function perCpu<T>(codec: ValueCodec<T>): ValueCodec<T[]> {
  const stride = roundUp8(codec.size);
  return {
    size: stride,
    encode(values) {
      const bytes = new Uint8Array(stride * values.length);
      for (const [at, value] of values.entries()) bytes.set(codec.encode(value), at * stride);
      return bytes;
    },
    decode(bytes) {
      const count = bytes.length / stride;
      return Array.from({ length: count }, (_, at) =>
        codec.decode(bytes.subarray(at * stride, at * stride + codec.size)),
      );
    },
  };
}
