/** The map state of one subject: what the kernel is to hold for it, and what gave it. */
import type { Entry, EntryKey, EntryValue, Shape } from "../map-state.ts";
import type { Direction, PolicySpec, RuleRef } from "../rule.ts";
import type { Subject } from "../subject.ts";
import type { CookieTable } from "./cookies.ts";
import type { DirectionState } from "./direction-state.ts";
import type { IdentityIndex } from "./identity-index.ts";
import type { RulePart } from "./part.ts";
import { packPort, unpackPort } from "./port-key.ts";
import type { Conflict, Template } from "./template.ts";

export interface DirectionDefaults {
  readonly isDefaultDeny: boolean;
  /** The specs that switched it on; none of them where all directions are enforced always. */
  readonly defaultDenyBy: readonly RuleRef[];
}

interface SubjectStateParts {
  readonly subject: Subject;
  readonly isAudit: boolean;
  readonly specs: readonly PolicySpec[];
  readonly ingress: DirectionState;
  readonly egress: DirectionState;
  readonly defaults: Readonly<Record<Direction, DirectionDefaults>>;
  readonly identities: IdentityIndex;
  readonly cookies: CookieTable;
}

/**
 * Live: identities that come and go change it with each commit, until the subject's rules change
 * and another state takes its place. From then on it is not to be asked any more.
 */
export class SubjectState {
  readonly #parts: SubjectStateParts;

  constructor(parts: SubjectStateParts) {
    this.#parts = parts;
  }

  get subject(): Subject {
    return this.#parts.subject;
  }

  /** Whether the subject, or all of them, are only told about what would be denied. */
  get isAudit(): boolean {
    return this.#parts.isAudit;
  }

  /** Those that select the subject. */
  get specs(): readonly PolicySpec[] {
    return this.#parts.specs;
  }

  /** Everything that the kernel gets: wildcards first, then by identity, in no order to rely on. */
  *entries(): Generator<Entry> {
    for (const direction of DIRECTIONS) {
      for (const [identity, template] of this.templates(direction)) {
        yield* templateEntries(direction, identity, template);
      }
    }
  }

  /** The same by identity, of those that have entries; the wildcard's first, whose identity is 0. */
  *templates(direction: Direction): Generator<readonly [identity: number, template: Template]> {
    const state = this.directionState(direction);
    if (state.wildcard.keys.length > 0) yield [0, state.wildcard];
    for (let slot = 0; slot < state.slotCount; slot++) {
      const template = state.templateAt(slot);
      if (template.keys.length > 0) yield [this.#parts.identities.at(slot).id, template];
    }
  }

  lookup({ direction, identity, protocol, port, portPrefix }: EntryKey): EntryValue | undefined {
    const state = this.directionState(direction);
    const template = identity === 0 ? state.wildcard : state.templateFor(identity);
    const packed = packPort(protocol, port, portPrefix);
    return unpackPort(packed).port === port ? template.find(packed) : undefined;
  }

  /** What judging has to probe, the most specific first. */
  shapes(direction: Direction): readonly Shape[] {
    return this.directionState(direction).shapes;
  }

  /** Whether what nothing allows is denied (or, where only audited, would be: see the entries). */
  isDefaultDeny(direction: Direction): boolean {
    return this.#parts.defaults[direction].isDefaultDeny;
  }

  /** Policies in audit mode are named only where there are no others. */
  defaultDenyBy(direction: Direction): readonly RuleRef[] {
    return this.#parts.defaults[direction].defaultDenyBy;
  }

  /** Whether peers are known by a second identity too, that of their address's block. */
  hasBlockPeers(direction: Direction): boolean {
    return this.directionState(direction).hasBlockPeers;
  }

  /** Every rule of that direction which selects the subject. */
  rules(direction: Direction): readonly RulePart[] {
    return this.directionState(direction).parts;
  }

  /** Of these, the ones whose peers hold one of these identities. */
  rulesFor(direction: Direction, identities: readonly number[]): RulePart[] {
    return this.directionState(direction).partsFor(identities);
  }

  /** The packed keys (`unpackPort`) at which a rule speaks of a peer; names of ports resolved. */
  portKeys(part: RulePart, identity: number): readonly number[] {
    if (part.peerPorts.length === 0) return part.keys;
    const namedPorts = this.#parts.identities.get(identity)?.namedPorts;
    const own = part.peerPorts.flatMap(({ name, protocol }) => {
      const number = namedPorts?.get(name);
      return number === undefined ? [] : [packPort(protocol, number, 16)];
    });
    return [...part.keys, ...own];
  }

  *conflicts(): Generator<Conflict> {
    for (const direction of DIRECTIONS) yield* this.directionState(direction).conflicts();
  }

  /** For the engine and what judges: the state that all the above reads. */
  directionState(direction: Direction): DirectionState {
    return direction === "ingress" ? this.#parts.ingress : this.#parts.egress;
  }

  get identities(): IdentityIndex {
    return this.#parts.identities;
  }

  get cookies(): CookieTable {
    return this.#parts.cookies;
  }
}

export const DIRECTIONS: readonly Direction[] = ["ingress", "egress"];

export function* templateEntries(
  direction: Direction,
  identity: number,
  { keys, values }: Template,
): Generator<Entry> {
  for (const [at, packed] of keys.entries()) {
    const value = values[at];
    if (value !== undefined) yield { key: { direction, identity, ...unpackPort(packed) }, value };
  }
}
