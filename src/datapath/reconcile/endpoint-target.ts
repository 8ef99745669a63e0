import { type Endpoint, endpointsMap, localAddressesMap } from "#abi";
import { AppError, bytesEqual, toHex } from "#base";
import type { BpfMap } from "#ebpf";
import type { Failures, Target } from "#statedb";
import type { Epoch } from "../epoch.ts";
import type { EndpointRow } from "../tables.ts";
import {
  addressesOfRecord,
  addressesOfRow,
  EMPTY_RECORD,
  isInUse,
  isSamePod,
  policyIn,
  recordOf,
  withPolicyIn,
} from "./endpoint-record.ts";

/** Which policy the endpoints of a subject have; told which subjects have endpoints. */
interface SubjectPolicies {
  /** The subject has an endpoint now: its policy is made, where it is not there yet. */
  install(subject: string): void;
  /** The number for an endpoint whose record has the number `present`; 0 for none. */
  numberFor(subject: string, present: number): number;
  /** The same, once what is prepared for the subject is in force. */
  nextNumberFor(subject: string, present: number): number;
  /** The subject may have no endpoint any more. */
  release(subject: string): void;
  /** Records went that no table knew of. */
  sweep(): void;
}

interface EndpointMaps {
  readonly endpoints: BpfMap;
  readonly localAddresses: BpfMap;
}

/** Keeps the records of pods, and their slots by address, as the table says. */
export class EndpointTarget implements Target<EndpointRow> {
  readonly #maps: EndpointMaps;
  readonly #epoch: Epoch;
  readonly #policies: SubjectPolicies;
  /** Slots whose records may be in use, whoever wrote them. */
  readonly #slots = new Set<number>();
  /** What the table says, by slot; a record may be behind it. */
  readonly #rows = new Map<number, EndpointRow>();
  readonly #slotsOfSubject = new Map<string, Set<number>>();

  /** Takes over the records that are there, and changes none of them. */
  constructor(maps: EndpointMaps, epoch: Epoch, policies: SubjectPolicies) {
    this.#maps = maps;
    this.#epoch = epoch;
    this.#policies = policies;
    for (const [slot, record] of this.#records()) if (isInUse(record)) this.#slots.add(slot);
  }

  async update(rows: readonly EndpointRow[]): Promise<Failures<EndpointRow>> {
    const left = rows.flatMap((row) => this.#enter(row) ?? []);
    const isNew = rows.some((row) => !isSamePod(this.#record(row.slot), row));
    // So that no flow judged before is taken for the new pod's.
    if (isNew) this.#epoch.raise();
    const failures = this.#forEach(rows, (row) => this.#write(row));
    this.#leave(left);
    return failures;
  }

  async delete(rows: readonly EndpointRow[]): Promise<Failures<EndpointRow>> {
    const failures = this.#forEach(rows, (row) => {
      const record = this.#record(row.slot);
      const addresses = [...addressesOfRecord(record), ...addressesOfRow(row)];
      return this.#clear(row.slot, addresses);
    });
    const left: string[] = [];
    for (const row of rows) {
      const known = failures.has(row) ? undefined : this.#rows.get(row.slot);
      if (known === undefined) continue;
      this.#rows.delete(row.slot);
      this.#slotsOfSubject.get(known.subject)?.delete(row.slot);
      left.push(known.subject);
    }
    this.#leave(left);
    return failures;
  }

  async prune(rows: Iterable<EndpointRow>): Promise<void> {
    const slots = new Set<number>();
    const wanted = new Map<string, number>();
    for (const row of rows) {
      slots.add(row.slot);
      for (const address of addressesOfRow(row)) wanted.set(toHex(address), row.slot);
    }
    const stale = [...this.#maps.localAddresses.entries()].filter(([address, value]) => {
      return wanted.get(toHex(address)) !== localAddressesMap.value.decode(value).slot;
    });
    const empty = [...this.#records()].filter(
      ([slot, record]) => isInUse(record) && !slots.has(slot),
    );
    if (stale.length + empty.length === 0) return;
    try {
      for (const [address] of stale) this.#maps.localAddresses.delete(address);
      for (const [slot, record] of empty) this.#clear(slot, addressesOfRecord(record));
    } finally {
      this.#epoch.raise();
      this.#policies.sweep();
    }
  }

  hasSubject(subject: string): boolean {
    return (this.#slotsOfSubject.get(subject)?.size ?? 0) > 0;
  }

  subjects(): Iterable<string> {
    return this.#slotsOfSubject.keys();
  }

  /** Has the records of a subject's endpoints name its next policy, where it does not hold yet. */
  stage(subject: string): void {
    const { generation } = this.#epoch;
    for (const slot of this.#slotsOfSubject.get(subject) ?? []) {
      const row = this.#rows.get(slot);
      const record = this.#record(slot);
      // Where it is another's still, the reconciler has yet to write it.
      if (row === undefined || !isSamePod(record, row)) continue;
      const next = this.#policies.nextNumberFor(subject, policyIn(record, generation));
      this.#put(slot, withPolicyIn(record, generation + 1, next));
    }
  }

  /** Whether it makes no difference which of their two policies holds. */
  areSettled(): boolean {
    return [...this.#slots].every((slot) => {
      const { policy } = this.#record(slot);
      return policy[0] === policy[1];
    });
  }

  /** Has records name what holds, and nothing else. */
  settle(): void {
    const { generation } = this.#epoch;
    for (const slot of this.#slots) {
      const record = this.#record(slot);
      this.#put(slot, withPolicyIn(record, generation + 1, policyIn(record, generation)));
    }
  }

  /** The policies that records name, held or not, also those of pods that no table knows yet. */
  policiesInUse(): Set<number> {
    const used = new Set<number>();
    for (const slot of this.#slots)
      for (const number of this.#record(slot).policy) used.add(number);
    return used;
  }

  /** Answers the subject that the slot's endpoint had before, where it was another. */
  #enter(row: EndpointRow): string | undefined {
    const before = this.#rows.get(row.slot)?.subject;
    this.#rows.set(row.slot, row);
    if (before !== undefined) this.#slotsOfSubject.get(before)?.delete(row.slot);
    const slots = this.#slotsOfSubject.get(row.subject) ?? new Set<number>();
    this.#slotsOfSubject.set(row.subject, slots.add(row.slot));
    this.#policies.install(row.subject);
    return before === row.subject ? undefined : before;
  }

  #leave(subjects: Iterable<string>): void {
    for (const subject of new Set(subjects)) {
      if (this.hasSubject(subject)) continue;
      this.#slotsOfSubject.delete(subject);
      this.#policies.release(subject);
    }
  }

  /** Raises the epoch if anything changed, also where some of it failed. */
  #forEach(
    rows: readonly EndpointRow[],
    write: (row: EndpointRow) => boolean,
  ): Map<EndpointRow, AppError> {
    const failures = new Map<EndpointRow, AppError>();
    let isChanged = false;
    for (const row of rows) {
      try {
        isChanged = write(row) || isChanged;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        failures.set(row, error);
        isChanged = true;
      }
    }
    if (isChanged) this.#epoch.raise();
    return failures;
  }

  #write(row: EndpointRow): boolean {
    const { slot } = row;
    const present = this.#record(slot);
    const isSame = isSamePod(present, row);
    const addresses = addressesOfRow(row);
    const stale = addressesOfRecord(present).filter(
      (old) => !addresses.some((address) => bytesEqual(old, address)),
    );
    let isChanged = this.#forgetAddresses(slot, stale);
    const since = isSame ? present.since : this.#epoch.current;
    const policies = this.#policiesFor(row, isSame ? present : undefined);
    isChanged = this.#put(slot, recordOf(row, policies, since)) || isChanged;
    for (const address of addresses) {
      if (this.#slotOf(address) === slot) continue;
      this.#maps.localAddresses.update(address, localAddressesMap.value.encode({ slot }));
      isChanged = true;
    }
    return isChanged;
  }

  /** Where what holds stays, what programs that began earlier go by stays as well. */
  #policiesFor({ subject }: EndpointRow, present: Endpoint | undefined): readonly number[] {
    const held = present === undefined ? 0 : policyIn(present, this.#epoch.generation);
    const number = this.#policies.numberFor(subject, held);
    return present !== undefined && held === number ? present.policy : [number, number];
  }

  #clear(slot: number, addresses: readonly Uint8Array[]): boolean {
    const isChanged = this.#forgetAddresses(slot, addresses);
    const isThere = isInUse(this.#record(slot));
    if (isThere) this.#maps.endpoints.update(endpointsMap.key.encode(slot), EMPTY_RECORD);
    this.#slots.delete(slot);
    return isThere || isChanged;
  }

  /** Those of them that another slot has taken over stay. */
  #forgetAddresses(slot: number, addresses: readonly Uint8Array[]): boolean {
    let isChanged = false;
    for (const address of addresses) {
      if (this.#slotOf(address) !== slot) continue;
      isChanged = this.#maps.localAddresses.delete(address) || isChanged;
    }
    return isChanged;
  }

  #slotOf(address: Uint8Array): number | undefined {
    const value = this.#maps.localAddresses.lookup(address);
    return value && localAddressesMap.value.decode(value).slot;
  }

  #record(slot: number): Endpoint {
    const value = this.#maps.endpoints.lookup(endpointsMap.key.encode(slot));
    return endpointsMap.value.decode(value ?? EMPTY_RECORD);
  }

  #put(slot: number, record: Endpoint): boolean {
    const key = endpointsMap.key.encode(slot);
    const value = endpointsMap.value.encode(record);
    if (bytesEqual(this.#maps.endpoints.lookup(key) ?? EMPTY_RECORD, value)) return false;
    this.#maps.endpoints.update(key, value);
    this.#slots.add(slot);
    return true;
  }

  *#records(): Generator<[slot: number, record: Endpoint]> {
    for (const [key, value] of this.#maps.endpoints.entries()) {
      yield [endpointsMap.key.decode(key), endpointsMap.value.decode(value)];
    }
  }
}
