import { assert } from "#base";

/** Turns values of one C type into bytes and back. */
export interface Codec<T> {
  readonly size: number;
  /** `bytes` are `size` long. What is read of them is a copy. */
  decode: (bytes: Uint8Array) => T;
  encode: (value: T) => Uint8Array;
  /** The same in the middle of something larger. */
  read: (view: DataView, at: number) => T;
  /** The bytes there are zero before. */
  write: (view: DataView, at: number, value: T) => void;
}

/** A map as the programs define it. */
export interface MapAbi<K, V> {
  readonly name: string;
  /** `BPF_MAP_TYPE_*` */
  readonly type: number;
  /** Whether there is a value for each CPU. */
  readonly isPerCpu: boolean;
  readonly key: Codec<K>;
  readonly value: Codec<V>;
}

/** A ring buffer, and what is in it. */
export interface RingAbi<T> {
  readonly name: string;
  readonly event: Codec<T>;
}

/** A variable that is one for all CPUs, and where it stands. */
export interface VariableAbi<T> {
  readonly name: string;
  /** The map that holds the section: `.data`, `.bss`. */
  readonly map: string;
  readonly offset: number;
  readonly codec: Codec<T>;
}

export function defineCodec<T>(
  size: number,
  read: Codec<T>["read"],
  write: Codec<T>["write"],
): Codec<T> {
  return {
    size,
    read,
    write,
    decode(bytes) {
      assert(bytes.length === size, `${bytes.length} bytes, where a value has ${size}`);
      return read(new DataView(bytes.buffer, bytes.byteOffset, size), 0);
    },
    encode(value) {
      const bytes = new Uint8Array(size);
      write(new DataView(bytes.buffer), 0, value);
      return bytes;
    },
  };
}

// Numbers that fit their field, or a mistake of the program.

export function u8(value: number): number {
  if ((value & 0xff) !== value) refuse("__u8", value);
  return value;
}

export function u16(value: number): number {
  if ((value & 0xffff) !== value) refuse("__u16", value);
  return value;
}

export function u32(value: number): number {
  if (value >>> 0 !== value) refuse("__u32", value);
  return value;
}

export function u64(value: bigint): bigint {
  if (BigInt.asUintN(64, value) !== value) refuse("__u64", value);
  return value;
}

export function s8(value: number): number {
  if ((value << 24) >> 24 !== value) refuse("__s8", value);
  return value;
}

export function s16(value: number): number {
  if ((value << 16) >> 16 !== value) refuse("__s16", value);
  return value;
}

export function s32(value: number): number {
  if ((value | 0) !== value) refuse("__s32", value);
  return value;
}

export function s64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) refuse("__s64", value);
  return value;
}

function refuse(type: string, value: number | bigint): never {
  assert(false, `${value} is no ${type}`);
}

/** A copy: what is read into is used again. */
export function readBytes(view: DataView, at: number, count: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, count).slice();
}

export function writeBytes(view: DataView, at: number, count: number, bytes: Uint8Array): void {
  assert(bytes.length === count, `${bytes.length} bytes, where a field has ${count}`);
  new Uint8Array(view.buffer, view.byteOffset + at, count).set(bytes);
}

export function readArray<T>(count: number, read: (index: number) => T): readonly T[] {
  const values: T[] = [];
  for (let index = 0; index < count; index++) values.push(read(index));
  return values;
}

export function writeArray<T>(
  count: number,
  values: readonly T[],
  write: (index: number, value: T) => void,
): void {
  assert(values.length === count, `${values.length} values, where an array has ${count}`);
  for (const [index, value] of values.entries()) write(index, value);
}
