import { AppError } from "#base";
import type { BpfMap, RawEntry } from "#ebpf";
import { MapType } from "#ebpf/spec";
import { isErrno } from "#sys";

/** As many as are handed to the kernel at once. */
const CHUNK = 4096;

/** Elements of these are always there, and zero in a new map. */
const ARRAYS: ReadonlySet<number> = new Set([MapType.array, MapType.percpuArray]);

/**
 * Puts all that `old` has into `fresh`, which is new; answers the keys. An LRU map that is too
 * small for them keeps some; another is refused.
 */
export function copyEntries(old: BpfMap, fresh: BpfMap, pin: string): Set<string> {
  const keys = new Set<string>();
  if (old.shape.type === MapType.ringbuf) return keys;
  const flush = (chunk: readonly RawEntry[]): void => {
    for (const error of fresh.updateMany(chunk).values()) refuse(error, fresh, pin);
  };
  let chunk: RawEntry[] = [];
  for (const entry of old.entries()) {
    if (isUntouched(old, entry)) continue;
    keys.add(keyText(entry[0]));
    chunk.push(entry);
    if (chunk.length < CHUNK) continue;
    flush(chunk);
    chunk = [];
  }
  flush(chunk);
  return keys;
}

/** What came into `old` after it was copied, and has not come into `fresh` since. */
export function copyLateEntries(old: BpfMap, fresh: BpfMap, copied: ReadonlySet<string>): void {
  if (old.shape.type === MapType.ringbuf) return;
  for (const entry of old.entries()) {
    if (isUntouched(old, entry) || copied.has(keyText(entry[0]))) continue;
    try {
      fresh.update(entry[0], entry[1], ARRAYS.has(old.shape.type) ? "any" : "create");
    } catch (error) {
      // A program that uses the new map knows better.
      if (!isErrno(error, "EEXIST")) throw error;
    }
  }
}

function isUntouched(map: BpfMap, [, value]: RawEntry): boolean {
  return ARRAYS.has(map.shape.type) && value.every((byte) => byte === 0);
}

/** Bytes as a key of a Set, one character each. */
function keyText(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function refuse(error: Error, { shape }: BpfMap, pin: string): never {
  if (!isErrno(error, "E2BIG")) throw error;
  throw new AppError(
    "map-too-small",
    `the map ${shape.name} pinned at ${pin} holds more than the ${shape.maxEntries} entries of ` +
      `its setting: set it to more`,
    { cause: error, fields: { map: shape.name, pin, maxEntries: shape.maxEntries } },
  );
}
