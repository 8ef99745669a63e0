import { checkSyscall, ENOTSUPP, linuxSyscalls, SyscallError } from "#sys";
import type { MapShape, RawEntry } from "../map-types.ts";
import { Attributes, BPF_CAPABILITY, Command, memory } from "./bpf-call.ts";

// Operations on many elements in one call: a quarter to a seventh of the cost of single ones.
// Where a kernel lacks them for a type of map, each function answers undefined.

const CHUNK = 4096;
const ENOENT = 2;
const EFAULT = 14;
const EINVAL = 22;
const ENOSPC = 28;
const EOPNOTSUPP = 95;
/** The most elements asked for at once when a bucket does not fit. */
const MAX_CHUNK = 1 << 20;

interface BatchAttributes {
  fd: number;
  count: number;
  keys: Uint8Array;
  values?: Uint8Array;
  inToken?: Uint8Array | undefined;
  outToken?: Uint8Array;
}

/** Runs one batch call: its answer, and of how many elements the kernel says it did them. */
function batch(command: number, options: BatchAttributes): { answer: number; done: number } {
  const attributes = new Attributes(56)
    .pointer(0, options.inToken)
    .pointer(8, options.outToken)
    .pointer(16, options.keys)
    .pointer(24, options.values)
    .u32(32, options.count)
    .u32(36, options.fd);
  const answer = linuxSyscalls().bpf(command, attributes.bytes);
  return { answer, done: attributes.getU32(32) };
}

function isUnsupported(answer: number): boolean {
  return [ENOTSUPP, EOPNOTSUPP, EINVAL].includes(-answer);
}

export function batchEntries(
  fd: number,
  shape: MapShape,
  valueBytes: number,
): Generator<RawEntry, void> | undefined {
  const { keySize, name } = shape;
  const tokenBytes = Math.max(8, keySize);
  let outToken = memory(tokenBytes);
  const first = readChunk(undefined, outToken, CHUNK);
  if (first === undefined) return undefined;
  return walk(first);

  function readChunk(
    inToken: Uint8Array | undefined,
    token: Uint8Array,
    size: number,
  ): { entries: RawEntry[]; isLast: boolean } | undefined {
    const keys = memory(size * keySize);
    const values = memory(size * valueBytes);
    const { answer, done } = batch(Command.mapLookupBatch, {
      fd,
      count: size,
      keys,
      values,
      inToken,
      outToken: token,
    });
    // A bucket of the hash holds more than was asked for.
    if (answer === -ENOSPC && size < MAX_CHUNK) return readChunk(inToken, token, size * 2);
    if (inToken === undefined && isUnsupported(answer)) return undefined;
    if (answer !== -ENOENT) checkSyscall(answer, `reading map ${name}`, BPF_CAPABILITY);
    const entries = Array.from(
      { length: done },
      (_, at): RawEntry => [
        keys.subarray(at * keySize, (at + 1) * keySize),
        values.subarray(at * valueBytes, (at + 1) * valueBytes),
      ],
    );
    return { entries, isLast: answer === -ENOENT };
  }

  function* walk(chunk: { entries: RawEntry[]; isLast: boolean }): Generator<RawEntry, void> {
    for (let current = chunk; ; ) {
      yield* current.entries;
      if (current.isLast) return;
      const inToken = outToken;
      outToken = memory(tokenBytes);
      const next = readChunk(inToken, outToken, CHUNK);
      if (next === undefined) return;
      current = next;
    }
  }
}

export function batchUpdate(
  fd: number,
  shape: MapShape,
  valueBytes: number,
  entries: readonly RawEntry[],
): Map<number, Error> | undefined {
  return inChunks(entries.length, `updating map ${shape.name}`, (from, count) => {
    const keys = memory(count * shape.keySize);
    const values = memory(count * valueBytes);
    for (let at = 0; at < count; at++) {
      const entry = entries[from + at];
      if (entry === undefined) continue;
      keys.set(entry[0], at * shape.keySize);
      values.set(entry[1], at * valueBytes);
    }
    return batch(Command.mapUpdateBatch, { fd, count, keys, values });
  });
}

export function batchDelete(
  fd: number,
  shape: MapShape,
  keys: readonly Uint8Array[],
): Map<number, Error> | undefined {
  const failures = inChunks(keys.length, `deleting from map ${shape.name}`, (from, count) => {
    const bytes = memory(count * shape.keySize);
    for (let at = 0; at < count; at++) bytes.set(keys[from + at] ?? [], at * shape.keySize);
    return batch(Command.mapDeleteBatch, { fd, count, keys: bytes });
  });
  // What is not there need not be deleted.
  for (const [at, error] of failures ?? []) {
    if (error.errno === ENOENT) failures?.delete(at);
  }
  return failures;
}

/**
 * Goes through `length` elements in chunks. The kernel stops at the first element that fails and
 * tells how many it did; that one is noted and the rest goes on behind it.
 */
function inChunks(
  length: number,
  what: string,
  run: (from: number, count: number) => { answer: number; done: number },
): Map<number, SyscallError> | undefined {
  const failures = new Map<number, SyscallError>();
  for (let from = 0; from < length; ) {
    const count = Math.min(CHUNK, length - from);
    const { answer, done } = run(from, count);
    if (answer >= 0) {
      from += count;
      continue;
    }
    if (answer === -EFAULT) checkSyscall(answer, what);
    // A count that is as it was means that the call was not begun.
    if (from === 0 && isUnsupported(answer) && done === count) return undefined;
    if (isUnsupported(answer) && done === count) checkSyscall(answer, what);
    failures.set(from + done, new SyscallError(what, -answer, { capability: BPF_CAPABILITY }));
    from += done + 1;
  }
  return failures;
}
