import { assertDefined, type Cidr } from "#base";
import type { Selector } from "#identity";
import type { PeerIdentity } from "../subject.ts";
import { existsKey, indexKeys, inKey } from "./selector-index.ts";
import { SlotSet } from "./slot-set.ts";

/**
 * All identities, each in a slot: a small number that is used again after the identity has gone,
 * so that whoever keeps something for each identity can keep it in an array.
 */
export class IdentityIndex {
  readonly #slots = new Map<number, number>();
  readonly #identities: (PeerIdentity | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byLabel = new Map<string, SlotSet>();
  readonly #all = new SlotSet();
  readonly #sources = new Map<string, number>();
  readonly #cidrs = new Map<number, Cidr>();
  readonly #blocks = new Map<number, Cidr>();
  /** By `name/PROTOCOL`. */
  readonly #byPort = new Map<string, SlotSet>();

  get size(): number {
    return this.#slots.size;
  }

  slotOf(id: number): number | undefined {
    return this.#slots.get(id);
  }

  get(id: number): PeerIdentity | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : this.#identities[slot];
  }

  at(slot: number): PeerIdentity {
    return assertDefined(this.#identities[slot], "a slot in use has an identity");
  }

  add(identity: PeerIdentity): number {
    const slot = this.#free.pop() ?? this.#identities.length;
    this.#slots.set(identity.id, slot);
    this.#identities[slot] = identity;
    this.#all.add(slot);
    for (const { source, key, value } of identity.labels) {
      this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1);
      put(this.#byLabel, existsKey(source, key), slot);
      put(this.#byLabel, inKey(source, key, value), slot);
    }
    if (identity.cidr !== undefined) this.#cidrs.set(slot, identity.cidr);
    if (identity.block !== undefined) this.#blocks.set(slot, identity.block);
    for (const name of identity.namedPorts?.keys() ?? []) put(this.#byPort, name, slot);
    return slot;
  }

  remove(id: number): void {
    const slot = assertDefined(this.#slots.get(id), "an identity that is removed is there");
    const identity = this.at(slot);
    this.#slots.delete(id);
    this.#identities[slot] = undefined;
    this.#free.push(slot);
    this.#all.delete(slot);
    for (const { source, key, value } of identity.labels) {
      const count = (this.#sources.get(source) ?? 0) - 1;
      if (count > 0) this.#sources.set(source, count);
      else this.#sources.delete(source);
      take(this.#byLabel, existsKey(source, key), slot);
      take(this.#byLabel, inKey(source, key, value), slot);
    }
    this.#cidrs.delete(slot);
    this.#blocks.delete(slot);
    for (const name of identity.namedPorts?.keys() ?? []) take(this.#byPort, name, slot);
  }

  /** Those that a selector matches. */
  select(selector: Selector): SlotSet {
    const found = new SlotSet();
    const collect = (slot: number): void => {
      const identity = this.at(slot);
      if (!isBareBlock(identity) && selector.matches(identity.labels)) found.add(slot);
    };
    for (const candidates of this.#candidates(selector)) candidates.forEach(collect);
    return found;
  }

  /** Those whose address range (`cidr`) or prefix (`block`) a check accepts. */
  selectRanges(kind: "cidr" | "block", accepts: (range: Cidr) => boolean): SlotSet {
    const found = new SlotSet();
    for (const [slot, range] of kind === "cidr" ? this.#cidrs : this.#blocks) {
      if (accepts(range)) found.add(slot);
    }
    return found;
  }

  /** Those that have a port of that `name/PROTOCOL`. */
  withPort(name: string): SlotSet | undefined {
    return this.#byPort.get(name);
  }

  *[Symbol.iterator](): Iterator<PeerIdentity> {
    for (const identity of this.#identities) if (identity !== undefined) yield identity;
  }

  /** What holds all matches, by the requirement that leaves the fewest. */
  #candidates(selector: Selector): readonly SlotSet[] {
    let best: readonly SlotSet[] = [this.#all];
    let fewest = this.#all.size;
    for (const requirement of selector.requirements) {
      const keys = indexKeys(requirement);
      if (keys === undefined) continue;
      const sets = keys.flatMap((key) => this.#labelled(requirement.source, key));
      const count = sets.reduce((sum, set) => sum + set.size, 0);
      if (count >= fewest) continue;
      best = sets;
      fewest = count;
    }
    return best;
  }

  #labelled(source: string, key: string): SlotSet[] {
    const sources = source === "any" ? this.#sources.keys() : [source];
    const rest = key.slice(source.length);
    return [...sources].flatMap((one) => this.#byLabel.get(one + rest) ?? []);
  }
}

/**
 * Whether it stands for nothing but a range. Its address has an identity of its own that labels
 * speak of; what asks for the absence of a label must not find it here a second time.
 */
export function isBareBlock({ block, labels }: PeerIdentity): boolean {
  return block !== undefined && labels.size <= 1;
}

function put(sets: Map<string, SlotSet>, key: string, slot: number): void {
  let set = sets.get(key);
  if (set === undefined) sets.set(key, (set = new SlotSet()));
  set.add(slot);
}

function take(sets: Map<string, SlotSet>, key: string, slot: number): void {
  const set = sets.get(key);
  set?.delete(slot);
  if (set?.size === 0) sets.delete(key);
}
