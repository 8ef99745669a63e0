import {
  DIRECTIONS,
  type Direction,
  equalValues,
  type RuleValue,
  type SubjectState,
  Template,
} from "#policy";
import type { EntryPlace } from "./encode.ts";

/** What is to be changed at one place. Undefined: no entry, before or after. */
export interface EntryChange extends EntryPlace {
  readonly before: RuleValue | undefined;
  readonly after: RuleValue | undefined;
}

/** What one identity (0: any) is to have in one direction. */
export interface PeerEdit {
  readonly direction: Direction;
  readonly identity: number;
  readonly after: Template;
}

/**
 * What the kernel holds under one policy number. Templates are shared with the engine and never
 * change, so that this costs little whatever the number of entries.
 */
export class HeldPolicy {
  readonly number: number;
  /** What the entries were made of. Live: it may be ahead of them. */
  readonly state: SubjectState;
  /** Whether some entry says something of authentication. */
  readonly asksForAuthentication: boolean;
  /** By direction, then by identity. */
  readonly #peers: Readonly<Record<Direction, Map<number, Template>>>;
  /** Where entries may be left of edits that could not be taken back. */
  readonly #leftovers: EntryPlace[] = [];

  /** As the state is now. */
  constructor(number: number, state: SubjectState) {
    this.number = number;
    this.state = state;
    this.#peers = {
      ingress: new Map(state.templates("ingress")),
      egress: new Map(state.templates("egress")),
    };
    const templates = new Set(DIRECTIONS.flatMap((each) => [...this.#peers[each].values()]));
    this.asksForAuthentication = [...templates].some(templateAsks);
  }

  templateOf(direction: Direction, identity: number): Template {
    return this.#peers[direction].get(identity) ?? Template.empty;
  }

  *peers(): Generator<PeerEdit> {
    for (const direction of DIRECTIONS) {
      for (const [identity, after] of this.#peers[direction]) yield { direction, identity, after };
    }
  }

  /** Everything, as what has yet to be written. */
  entries(): EntryChange[] {
    const entries: EntryChange[] = [];
    for (const edit of this.peers()) addChanges(entries, edit, Template.empty);
    return entries;
  }

  /** All places where there may be an entry. */
  places(): EntryPlace[] {
    return [...this.entries(), ...this.#leftovers];
  }

  changesOf(edits: Iterable<PeerEdit>): EntryChange[] {
    const changes: EntryChange[] = [];
    for (const edit of edits) {
      addChanges(changes, edit, this.templateOf(edit.direction, edit.identity));
    }
    return changes;
  }

  /** Notes what was written. */
  take(edits: Iterable<PeerEdit>): void {
    for (const { direction, identity, after } of edits) {
      if (after.keys.length === 0) this.#peers[direction].delete(identity);
      else this.#peers[direction].set(identity, after);
    }
  }

  addLeftovers(places: readonly EntryPlace[]): void {
    this.#leftovers.push(...places);
  }

  /** What it would take to hold what the state says now. */
  editsToState(): PeerEdit[] {
    const edits: PeerEdit[] = [];
    for (const direction of DIRECTIONS) {
      const wanted = new Map(this.state.templates(direction));
      for (const [identity, after] of wanted) {
        if (this.templateOf(direction, identity) !== after)
          edits.push({ direction, identity, after });
      }
      for (const identity of this.#peers[direction].keys()) {
        if (!wanted.has(identity)) edits.push({ direction, identity, after: Template.empty });
      }
    }
    return edits;
  }
}

export function templateAsks({ values }: Template): boolean {
  return values.some(({ authentication }) => authentication !== undefined);
}

function addChanges(
  changes: EntryChange[],
  { direction, identity, after }: PeerEdit,
  before: Template,
): void {
  for (const [at, packed] of after.keys.entries()) {
    const old = before.find(packed);
    const value = after.values[at];
    if (value === undefined || (old !== undefined && equalValues(old, value))) continue;
    changes.push({ direction, identity, packed, before: old, after: value });
  }
  for (const [at, packed] of before.keys.entries()) {
    if (after.find(packed) !== undefined) continue;
    changes.push({ direction, identity, packed, before: before.values[at], after: undefined });
  }
}
