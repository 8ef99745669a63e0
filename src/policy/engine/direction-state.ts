import { assertDefined } from "#base";
import { Selector } from "#identity";
import type { Shape } from "../map-state.ts";
import type { Direction, PeerSelector } from "../rule.ts";
import type { PeerIdentity } from "../subject.ts";
import type { Statement } from "./deny-precedence.ts";
import type { IdentityIndex } from "./identity-index.ts";
import type { RulePart } from "./part.ts";
import { NO_CLASS, PeerClasses } from "./peer-classes.ts";
import { ANY_PORT, packPort } from "./port-key.ts";
import type { PortUsers } from "./port-users.ts";
import type { CachedSelector, SelectorCache } from "./selector-cache.ts";
import { findShapes } from "./shapes.ts";
import { type Conflict, Template, TemplateBuilder, type ValueTable } from "./template.ts";

/** So many classes may be left behind by identities that went before starting over pays. */
const COMPACT_FROM = 1_024;

/** Whom entries that no policy asked for are about: the pod's own node. */
const LOCALHOST: PeerSelector = {
  kind: "labels",
  selector: Selector.of([{ source: "reserved", key: "host", operator: "Exists", values: [] }]),
};

/** What all subjects of an engine share. */
export interface EngineTables {
  readonly identities: IdentityIndex;
  readonly selectors: SelectorCache<DirectionState>;
  readonly values: ValueTable;
  readonly portUsers: PortUsers<DirectionState>;
}

interface DirectionSpec {
  readonly direction: Direction;
  readonly parts: readonly RulePart[];
  readonly localhost: Statement | undefined;
  readonly anyPeer: Statement | undefined;
  /** Whether DNS is to be read wherever it is allowed. */
  readonly showsDns: boolean;
}

/** What holds of a peer and makes its class: that a selector matches, or what it calls a port. */
type Feature =
  | { readonly kind: "selector"; readonly parts: RulePart[]; hasLocalhost: boolean }
  | { readonly kind: "port"; readonly name: string; readonly number: number };

/** One direction of one subject: templates of entries, and which identity has which. */
export class DirectionState {
  readonly direction: Direction;
  readonly parts: readonly RulePart[];
  readonly shapes: readonly Shape[];
  readonly wildcard: Template;
  readonly hasBlockPeers: boolean;
  readonly #spec: DirectionSpec;
  readonly #tables: EngineTables;
  readonly #features: Feature[] = [];
  readonly #ordinals = new Map<CachedSelector<DirectionState>, number>();
  readonly #portOrdinals = new Map<string, number>();
  /** Names of ports that peers give the number of, in order. */
  readonly #portNames: readonly string[];
  readonly #anyPeerParts: readonly RulePart[];
  #classes: PeerClasses;
  #countWhenFilled = 0;
  #templates: (Template | undefined)[] = [Template.empty];

  constructor(spec: DirectionSpec, tables: EngineTables) {
    this.#spec = spec;
    this.#tables = tables;
    this.direction = spec.direction;
    this.parts = spec.parts;
    const names = spec.parts.flatMap((part) => part.peerPorts.map(({ name }) => name));
    this.#portNames = [...new Set(names)].toSorted();
    this.#anyPeerParts = spec.parts.filter(
      ({ rule, peerPorts }) => rule.peers === "any" && peerPorts.length > 0,
    );
    this.hasBlockPeers = spec.parts.some(
      ({ rule }) => rule.peers !== "any" && rule.peers.some(({ kind }) => kind === "block"),
    );
    this.#acquire();
    this.wildcard = this.#wildcardBuilder().build(tables.values);
    this.shapes = findShapes(this.wildcard, spec);
    this.#classes = this.#fill();
  }

  /** To be called once it is replaced: its selectors may have no other user. */
  release(): void {
    for (const cached of this.#ordinals.keys()) this.#tables.selectors.release(cached, this);
    for (const name of this.#portNames) this.#tables.portUsers.remove(name, this);
  }

  /** What an identity has beside the wildcard entries; an identity nobody knows has nothing. */
  templateFor(identity: number): Template {
    const slot = this.#tables.identities.slotOf(identity);
    return slot === undefined ? Template.empty : this.templateAt(slot);
  }

  templateAt(slot: number): Template {
    return this.#templateOf(this.#classes.at(slot));
  }

  /** The greatest slot that can have entries, and one. */
  get slotCount(): number {
    return this.#classes.slotCount;
  }

  /** Of an identity that has gone; answers what it had. */
  clear(slot: number): Template {
    const before = this.templateAt(slot);
    this.#classes.put(slot, NO_CLASS);
    return before;
  }

  ordinalOf(cached: CachedSelector<DirectionState>): number {
    return assertDefined(this.#ordinals.get(cached), "a selector's users know it");
  }

  /** Finds the class of an identity by what `ordinalOf` says of the selectors that match it. */
  classify(slot: number, ordinals: readonly number[]): Template {
    const identity = this.#tables.identities.at(slot);
    const features = ordinals.toSorted((left, right) => left - right);
    let peerClass = NO_CLASS;
    for (const ordinal of features) peerClass = this.#classes.next(peerClass, ordinal);
    for (const ordinal of this.#portFeatures(identity)) {
      peerClass = this.#classes.next(peerClass, ordinal);
    }
    this.#classes.put(slot, peerClass);
    return this.#templateOf(peerClass);
  }

  /** Starts the classes over where identities that came and went left too many behind. */
  compact(): void {
    if (this.#classes.count < COMPACT_FROM + 2 * this.#countWhenFilled) return;
    this.#templates = [Template.empty];
    this.#classes = this.#fill();
  }

  /** The rules whose peers hold one of these identities, in the order of `parts`. */
  partsFor(identities: readonly number[]): RulePart[] {
    const found = new Set<RulePart>();
    for (const identity of identities) {
      const slot = this.#tables.identities.slotOf(identity);
      if (slot === undefined) continue;
      for (const ordinal of this.#classes.features(this.#classes.at(slot))) {
        const feature = this.#features[ordinal];
        if (feature?.kind === "selector") for (const part of feature.parts) found.add(part);
      }
    }
    return this.parts.filter((part) => part.rule.peers === "any" || found.has(part));
  }

  *conflicts(): Generator<Conflict> {
    yield* this.#wildcardBuilder().conflicts(this.direction);
    const seen = new Set<number>();
    for (let slot = 0; slot < this.slotCount; slot++) seen.add(this.#classes.at(slot));
    for (const peerClass of seen) yield* this.#classBuilder(peerClass).conflicts(this.direction);
  }

  /** Those in use: of the wildcard and of every class that has been asked for. */
  *templates(): Generator<Template> {
    yield this.wildcard;
    for (const template of this.#templates) if (template !== undefined) yield template;
  }

  #acquire(): void {
    for (const name of this.#portNames) this.#tables.portUsers.add(name, this);
    for (const part of this.parts) {
      // What says nothing still has peers: explaining asks whom a rule speaks of.
      for (const peer of part.rule.peers === "any" ? [] : part.rule.peers) {
        const feature = this.#selectorFeature(peer);
        if (feature.parts.at(-1) !== part) feature.parts.push(part);
      }
    }
    if (this.#spec.localhost !== undefined) this.#selectorFeature(LOCALHOST).hasLocalhost = true;
  }

  #selectorFeature(peer: PeerSelector): Feature & { kind: "selector" } {
    const cached = this.#tables.selectors.acquire(peer, this);
    const known = this.#ordinals.get(cached);
    const feature = known === undefined ? undefined : this.#features[known];
    if (feature?.kind === "selector") return feature;
    const made = { kind: "selector" as const, parts: [], hasLocalhost: false };
    this.#ordinals.set(cached, this.#features.length);
    this.#features.push(made);
    return made;
  }

  #fill(): PeerClasses {
    const { identities } = this.#tables;
    const classes = new PeerClasses();
    for (const [cached, ordinal] of this.#ordinals) {
      cached.slots.forEach((slot) => classes.step(slot, ordinal));
    }
    const named = new Set<number>();
    for (const name of this.#portNames)
      identities.withPort(name)?.forEach((slot) => named.add(slot));
    for (const slot of named) {
      for (const ordinal of this.#portFeatures(identities.at(slot))) classes.step(slot, ordinal);
    }
    this.#countWhenFilled = classes.count;
    return classes;
  }

  /** In ascending order, all above those of selectors. */
  #portFeatures(identity: PeerIdentity): number[] {
    const { namedPorts } = identity;
    if (namedPorts === undefined || namedPorts.size === 0 || this.#portNames.length === 0)
      return [];
    const ordinals: number[] = [];
    for (const name of this.#portNames) {
      const number = namedPorts.get(name);
      if (number === undefined) continue;
      const key = `${name}=${number}`;
      let ordinal = this.#portOrdinals.get(key);
      if (ordinal === undefined) {
        ordinal = this.#features.length;
        this.#portOrdinals.set(key, ordinal);
        this.#features.push({ kind: "port", name, number });
      }
      ordinals.push(ordinal);
    }
    return ordinals.toSorted((left, right) => left - right);
  }

  #templateOf(peerClass: number): Template {
    let template = this.#templates[peerClass];
    if (template === undefined) {
      template = this.#classBuilder(peerClass).build(this.#tables.values);
      while (this.#templates.length < peerClass) this.#templates.push(undefined);
      this.#templates[peerClass] = template;
    }
    return template;
  }

  #classBuilder(peerClass: number): TemplateBuilder {
    const builder = new TemplateBuilder();
    const numbers = new Map<string, number>();
    const parts = new Set(this.#anyPeerParts);
    for (const ordinal of this.#classes.features(peerClass)) {
      const feature = assertDefined(this.#features[ordinal], "a class has features that exist");
      if (feature.kind === "port") {
        numbers.set(feature.name, feature.number);
        continue;
      }
      if (feature.hasLocalhost && this.#spec.localhost !== undefined) {
        builder.add(ANY_PORT, this.#spec.localhost);
      }
      for (const part of feature.parts) {
        parts.add(part);
        builder.addPart(part);
      }
    }
    for (const part of parts) addPeerPorts(builder, part, numbers);
    if (this.#spec.showsDns) builder.showDns();
    return builder;
  }

  #wildcardBuilder(): TemplateBuilder {
    const builder = new TemplateBuilder();
    if (this.#spec.anyPeer !== undefined) builder.add(ANY_PORT, this.#spec.anyPeer);
    for (const part of this.parts) if (part.rule.peers === "any") builder.addPart(part);
    if (this.#spec.showsDns) builder.showDns();
    return builder;
  }
}

function addPeerPorts(
  builder: TemplateBuilder,
  { peerPorts, statement }: RulePart,
  numbers: ReadonlyMap<string, number>,
): void {
  if (statement === undefined) return;
  for (const { name, protocol } of peerPorts) {
    const number = numbers.get(name);
    if (number !== undefined) builder.add(packPort(protocol, number, 16), statement);
  }
}
