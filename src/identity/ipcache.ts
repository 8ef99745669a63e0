import { assert, type Cidr, type IpAddress } from "#base";
import {
  type AddressLabelOptions,
  cidrOfIdentity,
  inheritLabels,
  settleLabels,
} from "./address-labels.ts";
import type { IdentityAllocator } from "./allocator.ts";
import { Labels, SOURCE } from "./labels.ts";
import { type Metadata, type MetadataOrigin, PrefixMetadata } from "./metadata.ts";
import { PrefixTable } from "./prefix-table.ts";
import {
  RESERVED,
  reservedIdentities,
  reservedLabel,
  reservedLabels,
  worldIdentity,
} from "./reserved.ts";

export interface IpcacheOptions extends AddressLabelOptions {
  /** Where the numbers of ranges, names and nodes come from. */
  readonly allocator: IdentityAllocator;
}

/** An identity that addresses have, with what selectors ask. */
export interface AddressIdentity {
  readonly id: number;
  readonly labels: Labels;
  /** What CIDR selectors compare; absent of what they do not match. */
  readonly cidr?: Cidr;
}

export interface PrefixChange {
  readonly prefix: Cidr;
  readonly before: number | undefined;
  /** Undefined: the range is no longer told apart from those around it. */
  readonly after: number | undefined;
}

/**
 * In the order in which they are to take effect: policies know an identity before an address has
 * it, and forget it only when none has.
 */
export interface IpcacheDelta {
  readonly upserted: readonly AddressIdentity[];
  readonly prefixes: readonly PrefixChange[];
  readonly released: readonly number[];
}

interface Entry {
  readonly metadata: PrefixMetadata;
  /** The number as of the last commit. */
  current: number | undefined;
}

interface Held {
  readonly labels: Labels;
  /** Ranges with this number. */
  count: number;
}

/**
 * Which identity an address has: that of the longest range it is in, whose labels are merged from
 * all that tell of it. Changes gather until `commit`, which tells what became of them.
 */
export class IpcacheModel {
  readonly #options: IpcacheOptions;
  readonly #entries = new PrefixTable<Entry>();
  readonly #dirty = new Map<string, Cidr>();
  readonly #held = new Map<number, Held>();
  readonly #reservedByText = new Map<string, number>();
  /** Labels of the ranges that are this node: its identity has one number and all their labels. */
  readonly #hostLabels = new Map<string, Labels>();
  #hostText: string = reservedLabels("host").text;

  constructor(options: IpcacheOptions) {
    this.#options = options;
    for (const { id, labels } of reservedIdentities(options)) {
      this.#reservedByText.set(labels.text, id);
    }
  }

  /** Replaces what that origin told of the range. */
  upsert(prefix: Cidr, origin: MetadataOrigin, metadata: Metadata): void {
    let entry = this.#entries.get(prefix);
    if (entry === undefined) {
      entry = { metadata: new PrefixMetadata(), current: undefined };
      this.#entries.set(prefix, entry);
    }
    if (entry.metadata.set(origin, metadata)) this.#touch(prefix);
  }

  /** Forgets what that origin told of the range. */
  remove(prefix: Cidr, origin: MetadataOrigin): void {
    if (this.#entries.get(prefix)?.metadata.delete(origin) === true) this.#touch(prefix);
  }

  /** As of the last commit. An address in no range is of the world. */
  lookup(address: IpAddress): { readonly identity: number; readonly prefix: Cidr | undefined } {
    const longest = this.#entries.lookup(address);
    if (longest?.value.current !== undefined) {
      return { identity: longest.value.current, prefix: longest.prefix };
    }
    if (longest !== undefined) {
      // It was told of since the last commit only: what is around it still counts.
      for (const { prefix, value } of this.#entries.covering(longest.prefix)) {
        if (value.current !== undefined) return { identity: value.current, prefix };
      }
    }
    return { identity: worldIdentity(address.family, this.#options.families), prefix: undefined };
  }

  /** Labels of an identity that was allocated here, or of this node. */
  labelsOf(id: number): Labels | undefined {
    return id === RESERVED.host ? this.#mergedHostLabels() : this.#held.get(id)?.labels;
  }

  /** All ranges that are told apart, with their numbers as of the last commit. */
  *prefixes(): Generator<{ readonly prefix: Cidr; readonly identity: number }> {
    for (const { prefix, value } of this.#entries) {
      if (value.current !== undefined) yield { prefix, identity: value.current };
    }
  }

  commit(): IpcacheDelta {
    const upserted = new Map<number, AddressIdentity>();
    const prefixes: PrefixChange[] = [];
    const dropped: number[] = [];
    const dirty = [...this.#dirty.values()].toSorted((left, right) => left.compare(right));
    this.#dirty.clear();
    for (const prefix of dirty) {
      const entry = this.#entries.get(prefix);
      if (entry === undefined) continue;
      const before = entry.current;
      const after = entry.metadata.isEmpty ? undefined : this.#resolve(prefix, entry, upserted);
      if (after !== RESERVED.host) this.#hostLabels.delete(prefix.key);
      entry.current = after;
      // Even where the number stays, it was acquired once more.
      if (before !== undefined) dropped.push(before);
      if (after === undefined) this.#entries.delete(prefix);
      if (before !== after) prefixes.push({ prefix, before, after });
    }
    this.#noteHost(upserted);
    const released = this.#drop(dropped);
    for (const id of released) upserted.delete(id);
    return { upserted: [...upserted.values()], prefixes, released };
  }

  /** What is told of a range is told of all ranges in it. */
  #touch(prefix: Cidr): void {
    for (const { prefix: inner } of this.#entries.within(prefix)) this.#dirty.set(inner.key, inner);
  }

  #resolve(prefix: Cidr, entry: Entry, upserted: Map<number, AddressIdentity>): number {
    const { identity } = entry.metadata.merged;
    if (identity !== undefined) return identity;
    const covering = this.#entries
      .covering(prefix)
      .map(({ prefix: outer, value }) => ({ prefix: outer, value: value.metadata.merged }));
    const labels = settleLabels(inheritLabels(covering), prefix, this.#options);
    if (labels.has(SOURCE.reserved, "host")) {
      this.#hostLabels.set(prefix.key, labels);
      return RESERVED.host;
    }
    const reserved = this.#reservedByText.get(labels.text);
    return reserved ?? this.#hold(labels, upserted);
  }

  #hold(labels: Labels, upserted: Map<number, AddressIdentity>): number {
    const isNode = labels.has(SOURCE.reserved, "remote-node");
    const id = this.#options.allocator.acquire(labels, isNode ? "remote-node" : "local");
    const held = this.#held.get(id);
    if (held !== undefined) {
      held.count += 1;
      return id;
    }
    this.#held.set(id, { labels, count: 1 });
    const cidr = cidrOfIdentity(labels, this.#options.families);
    upserted.set(id, { id, labels, ...(cidr === undefined ? {} : { cidr }) });
    return id;
  }

  /** Answers the numbers that no range has any more. */
  #drop(ids: readonly number[]): number[] {
    const released: number[] = [];
    for (const id of ids) {
      const held = this.#held.get(id);
      // Reserved numbers and those of pods are not ours.
      if (held === undefined) continue;
      held.count -= 1;
      this.#options.allocator.release(id);
      assert(held.count >= 0, "an identity is dropped as often as it was held");
      if (held.count > 0) continue;
      this.#held.delete(id);
      released.push(id);
    }
    return released;
  }

  #noteHost(upserted: Map<number, AddressIdentity>): void {
    const labels = this.#mergedHostLabels();
    if (labels.text === this.#hostText) return;
    this.#hostText = labels.text;
    const cidr = cidrOfIdentity(labels, this.#options.families);
    upserted.set(RESERVED.host, {
      id: RESERVED.host,
      labels,
      ...(cidr === undefined ? {} : { cidr }),
    });
  }

  #mergedHostLabels(): Labels {
    const all = [...this.#hostLabels].toSorted(([left], [right]) => (left < right ? -1 : 1));
    return Labels.of([reservedLabel("host"), ...all.flatMap(([, labels]) => [...labels])]);
  }
}
