import { policyEntriesMap } from "#abi";
import { AppError } from "#base";
import type { BpfMap } from "#ebpf";
import { orderChanges, reversed } from "./edit-order.ts";
import { encodeKeys, type ProxyPort, ValueEncoder } from "./encode.ts";
import type { EntryChange, HeldPolicy } from "./held-policy.ts";

/** Writes the entries of all policies into their one map, and knows how full it is. */
export class EntryStore {
  readonly #map: BpfMap;
  readonly #values: ValueEncoder;
  /** How many entries there are at most, by policy number. */
  readonly #sizes = new Map<number, number>();
  #count = 0;

  constructor(map: BpfMap, proxyPort: ProxyPort) {
    this.#map = map;
    this.#values = new ValueEncoder(proxyPort);
    const sizes = new Map<number, number>();
    for (const [key] of map.entries()) {
      const number = numberOf(key);
      sizes.set(number, (sizes.get(number) ?? 0) + 1);
    }
    for (const [number, size] of sizes) this.#setSize(number, size);
  }

  get count(): number {
    return this.#count;
  }

  get capacity(): number {
    return this.#map.shape.maxEntries;
  }

  /** Numbers that there are entries of. */
  numbers(): number[] {
    return [...this.#sizes.keys()];
  }

  /** Takes out all entries of these numbers, whatever they are. */
  sweep(numbers: ReadonlySet<number>): void {
    const keys: Uint8Array[] = [];
    for (const [key] of this.#map.entries()) if (numbers.has(numberOf(key))) keys.push(key.slice());
    this.#delete(keys);
    for (const number of numbers) this.#setSize(number, 0);
  }

  /** Writes the entries of a number that nobody uses yet. After an error some may be there. */
  write(held: HeldPolicy): void {
    const entries = held.entries();
    this.#requireRoom(held, entries.length);
    this.#setSize(held.number, entries.length);
    const error = this.#upsert(held, entries);
    if (error !== undefined) throw failure(held, error);
  }

  /** To be called when nobody uses the number any more. */
  remove(held: HeldPolicy): void {
    this.#delete(encodeKeys(held.number, held.places()));
    this.#setSize(held.number, 0);
  }

  /** Edits a policy in use. After an error it is as it was, or stricter in places. */
  edit(held: HeldPolicy, changes: readonly EntryChange[]): void {
    const added = changes.filter(({ before }) => before === undefined).length;
    const removed = changes.filter(({ after }) => after === undefined).length;
    this.#requireRoom(held, added);
    const done: EntryChange[] = [];
    try {
      this.#applyInOrder(held, changes, done);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Whatever becomes of the way back, these places are known when the number goes.
      held.addLeftovers(done);
      this.#undo(held, done);
      throw failure(held, error);
    }
    this.#setSize(held.number, (this.#sizes.get(held.number) ?? 0) + added - removed);
  }

  #undo(held: HeldPolicy, done: readonly EntryChange[]): void {
    try {
      this.#applyInOrder(held, reversed(done), []);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }

  #applyInOrder(held: HeldPolicy, changes: readonly EntryChange[], done: EntryChange[]): void {
    const { raised, lowered } = orderChanges(changes);
    for (const group of [...raised, ...lowered]) {
      done.push(...group);
      const error = this.#upsert(
        held,
        group.filter(({ after }) => after !== undefined),
      );
      if (error !== undefined) throw error;
      const gone = group.filter(({ after }) => after === undefined);
      this.#delete(encodeKeys(held.number, gone));
    }
  }

  /** Answers the first failure; the others have been written. */
  #upsert(held: HeldPolicy, changes: readonly EntryChange[]): Error | undefined {
    if (changes.length === 0) return undefined;
    const keys = encodeKeys(held.number, changes);
    const failures = this.#map.updateMany(
      changes.flatMap(({ after }, at) => {
        const key = keys[at];
        return key === undefined || after === undefined
          ? []
          : [[key, this.#values.encode(after)] as const];
      }),
    );
    return failures.values().next().value;
  }

  #delete(keys: readonly Uint8Array[]): void {
    if (keys.length === 0) return;
    for (const error of this.#map.deleteMany(keys).values()) throw error;
  }

  #setSize(number: number, size: number): void {
    this.#count += size - (this.#sizes.get(number) ?? 0);
    if (size === 0) this.#sizes.delete(number);
    else this.#sizes.set(number, size);
  }

  #requireRoom(held: HeldPolicy, needed: number): void {
    const room = Math.max(0, this.capacity - this.#count);
    if (needed <= room) return;
    const subject = held.state.subject.key;
    throw new AppError(
      "policy-too-large",
      `the policy of ${subject} needs ${needed} more entries, and ${policyEntriesMap.name} has ` +
        `room for ${room} of ${this.capacity}; what was in force stays: have policies select ` +
        "fewer peers, or make the table larger",
      { fields: { subject, needed, room, capacity: this.capacity } },
    );
  }
}

function failure(held: HeldPolicy, cause: unknown): AppError {
  const subject = held.state.subject.key;
  return AppError.wrap(`writing the policy of ${subject}; what was in force stays`, cause, {
    subject,
  });
}

function numberOf(key: Uint8Array): number {
  return policyEntriesMap.key.decode(key).policy;
}
