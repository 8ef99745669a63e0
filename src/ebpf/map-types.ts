/** How an update treats what is there: puts it in any case, or only a new key, or only a known one. */
export type UpdateMode = "any" | "create" | "replace";

/** What a map is, whoever holds it. */
export interface MapShape {
  readonly name: string;
  /** `MapType`. */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** `map_flags` */
  readonly flags: number;
}

/** An element as bytes. The caller's own. */
export type RawEntry = readonly [key: Uint8Array, value: Uint8Array];

/**
 * A map of bytes: the seam between what uses maps and the kernel. One implementation is the
 * kernel's, one is in memory; one contract holds for both.
 *
 * Keys have `keySize` bytes. Values have `valueBytes`, which for per-CPU maps is one value for each
 * possible CPU, each padded to 8 bytes. What the kernel refuses is a SyscallError: E2BIG for a full
 * map, EEXIST and ENOENT as the mode asks.
 */
export interface BpfMap extends Disposable {
  readonly shape: MapShape;
  readonly valueBytes: number;

  /** Undefined when there is none. An array has all of its elements, always. */
  lookup(key: Uint8Array): Uint8Array | undefined;
  update(key: Uint8Array, value: Uint8Array, mode?: UpdateMode): void;
  /** Whether it was there. */
  delete(key: Uint8Array): boolean;
  /**
   * Every element, in no order. What changes meanwhile may be seen or not; what does not change is
   * seen exactly once.
   */
  entries(): Iterable<RawEntry>;
  /** Many updates. Answers those that failed, by their place. */
  updateMany(entries: readonly RawEntry[], mode?: UpdateMode): Map<number, Error>;
  /** Many deletions; a key that is not there is no failure. */
  deleteMany(keys: readonly Uint8Array[]): Map<number, Error>;
  /** Off this thread, for maps whose updates wait for RCU: those that hold maps. */
  updateAsync(key: Uint8Array, value: Uint8Array, mode?: UpdateMode): Promise<void>;
  deleteAsync(key: Uint8Array): Promise<boolean>;
  /** No more writes from user space. */
  freeze(): void;
  /** Puts it into bpffs, where it outlives this process. */
  pin(path: string): void;
}
