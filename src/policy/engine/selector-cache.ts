/** Each distinct peer selector once, with the identities that it matches now. */
import { Cidr } from "#base";
import { Selector } from "#identity";
import type { PeerSelector } from "../rule.ts";
import type { PeerIdentity } from "../subject.ts";
import { type IdentityIndex, isBareBlock } from "./identity-index.ts";
import { SelectorIndex } from "./selector-index.ts";
import type { SlotSet } from "./slot-set.ts";

/** A selector in use. `User` is whoever wants to know when identities come and go. */
export interface CachedSelector<User> {
  readonly text: string;
  readonly peer: PeerSelector;
  readonly slots: SlotSet;
  readonly users: Set<User>;
}

export class SelectorCache<User> {
  readonly #identities: IdentityIndex;
  readonly #byText = new Map<string, CachedSelector<User>>();
  readonly #byLabels = new SelectorIndex<CachedSelector<User>>();
  readonly #cidrs = new RangeIndex<CachedSelector<User>>();
  readonly #blocks = new RangeIndex<CachedSelector<User>>();

  constructor(identities: IdentityIndex) {
    this.#identities = identities;
  }

  get size(): number {
    return this.#byText.size;
  }

  /** The one selector of that meaning; it is kept until its last user released it. */
  acquire(peer: PeerSelector, user: User): CachedSelector<User> {
    const text = peerText(peer);
    let cached = this.#byText.get(text);
    if (cached === undefined) {
      cached = { text, peer, slots: this.#select(peer), users: new Set() };
      this.#byText.set(text, cached);
      this.#index(cached);
    }
    cached.users.add(user);
    return cached;
  }

  release(cached: CachedSelector<User>, user: User): void {
    cached.users.delete(user);
    if (cached.users.size > 0) return;
    this.#byText.delete(cached.text);
    this.#byLabels.remove(cached);
    if (cached.peer.kind === "cidr") this.#cidrs.remove(cached.peer.cidr, cached);
    if (cached.peer.kind === "block") this.#blocks.remove(cached.peer.cidr, cached);
  }

  /** The selectors that match an identity, whether they know of it yet or not. */
  match(identity: PeerIdentity): Set<CachedSelector<User>> {
    const found: Set<CachedSelector<User>> = isBareBlock(identity)
      ? new Set()
      : this.#byLabels.match(identity.labels);
    if (identity.cidr !== undefined) this.#cidrs.match(identity.cidr, found);
    if (identity.block !== undefined) this.#blocks.match(identity.block, found);
    return found;
  }

  [Symbol.iterator](): Iterator<CachedSelector<User>> {
    return this.#byText.values();
  }

  #index(cached: CachedSelector<User>): void {
    const { peer } = cached;
    if (peer.kind === "cidr") this.#cidrs.add(peer.cidr, cached);
    else if (peer.kind === "block") this.#blocks.add(peer.cidr, cached);
    else this.#byLabels.add(labelSelector(peer), cached);
  }

  #select(peer: PeerSelector): SlotSet {
    if (peer.kind === "labels" || peer.kind === "fqdn") {
      return this.#identities.select(labelSelector(peer));
    }
    return this.#identities.selectRanges(peer.kind, (range) => holdsRange(peer, range));
  }
}

/** Canonical: equal texts mean the same peers. */
function peerText(peer: PeerSelector): string {
  if (peer.kind === "labels") return `labels ${peer.selector.text}`;
  if (peer.kind === "fqdn") return `fqdn ${peer.pattern}`;
  const except = peer.except.map((cidr) => cidr.key).toSorted();
  return `${peer.kind} ${peer.cidr.key} except ${except.join(" ")}`;
}

/** A name that DNS told is a label of the addresses told. */
function labelSelector(peer: PeerSelector & { kind: "labels" | "fqdn" }): Selector {
  if (peer.kind === "labels") return peer.selector;
  return Selector.of([{ source: "fqdn", key: peer.pattern, operator: "Exists", values: [] }]);
}

type RangePeer = PeerSelector & { kind: "cidr" | "block" };

function holdsRange(peer: RangePeer, range: Cidr): boolean {
  return peer.cidr.containsCidr(range) && !peer.except.some((not) => not.containsCidr(range));
}

/** Selectors of ranges by their prefix: a range asks for each prefix length above it in use. */
class RangeIndex<T extends { readonly peer: PeerSelector }> {
  readonly #byPrefix = new Map<string, { readonly cidr: Cidr; readonly values: Set<T> }>();
  /** How many prefixes have that length, counted in 128 bits. */
  readonly #lengths = new Map<number, number>();

  add(cidr: Cidr, value: T): void {
    let place = this.#byPrefix.get(cidr.key);
    if (place === undefined) {
      this.#byPrefix.set(cidr.key, (place = { cidr, values: new Set() }));
      this.#lengths.set(cidr.prefixLength128, (this.#lengths.get(cidr.prefixLength128) ?? 0) + 1);
    }
    place.values.add(value);
  }

  remove(cidr: Cidr, value: T): void {
    const place = this.#byPrefix.get(cidr.key);
    if (place?.values.delete(value) !== true || place.values.size > 0) return;
    this.#byPrefix.delete(cidr.key);
    const count = (this.#lengths.get(cidr.prefixLength128) ?? 0) - 1;
    if (count > 0) this.#lengths.set(cidr.prefixLength128, count);
    else this.#lengths.delete(cidr.prefixLength128);
  }

  match(range: Cidr, found: Set<T>): void {
    for (const length of this.#lengths.keys()) {
      if (length > range.prefixLength128) continue;
      const place = this.#byPrefix.get(rangeAbove(range, length).key);
      for (const value of place?.values ?? []) {
        const { peer } = value;
        const isRange = peer.kind === "cidr" || peer.kind === "block";
        if (isRange && holdsRange(peer, range)) found.add(value);
      }
    }
  }
}

function rangeAbove(range: Cidr, length128: number): Cidr {
  return Cidr.of128(range.network, length128);
}
