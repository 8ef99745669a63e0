/** What a commit changed, for whoever holds a copy of the map states, in this thread or another. */
import type { Entry, EntryKey, Origin, Shape } from "../map-state.ts";
import type { Direction } from "../rule.ts";
import type { CookieTable } from "./cookies.ts";
import type { RuleValue } from "./deny-precedence.ts";
import { unpackPort } from "./port-key.ts";
import { DIRECTIONS, type SubjectState, templateEntries } from "./subject-state.ts";
import { equalValues, Template } from "./template.ts";

/** What an identity had in one direction of a subject, and what it has now. */
export interface TemplateEdit {
  readonly direction: Direction;
  readonly identity: number;
  readonly before: Template;
  readonly after: Template;
}

export type SubjectChange =
  /** All entries anew: the subject is new, or its rules changed. */
  | { readonly kind: "replace"; readonly subject: string; readonly state: SubjectState }
  | { readonly kind: "remove"; readonly subject: string }
  | { readonly kind: "edit"; readonly subject: string; readonly edits: readonly TemplateEdit[] };

export class PolicyDelta {
  readonly changes: readonly SubjectChange[];
  readonly #cookies: CookieTable;

  constructor(changes: readonly SubjectChange[], cookies: CookieTable) {
    this.changes = changes;
    this.#cookies = cookies;
  }

  get isEmpty(): boolean {
    return this.changes.length === 0;
  }

  /** Plain data for another thread. To be called before the next commit, as states are live. */
  toMessage(): PolicyDeltaMessage {
    const templates = new TemplateNumbers(this.#cookies);
    const changes = this.changes.map((change): SubjectChangeMessage => {
      if (change.kind === "remove") return change;
      return change.kind === "edit"
        ? editMessage(change.subject, change.edits, templates)
        : replaceMessage(change.subject, change.state, templates);
    });
    return { templates: templates.list, origins: templates.origins, changes };
  }
}

/** The entries that an edit writes. */
export function* editUpserts({
  direction,
  identity,
  before,
  after,
}: TemplateEdit): Generator<Entry> {
  for (const [at, packed] of after.keys.entries()) {
    const value = after.values[at];
    const old = before.find(packed);
    if (value === undefined || (old !== undefined && equalValues(old, value))) continue;
    yield { key: { direction, identity, ...unpackPort(packed) }, value };
  }
}

/** The keys that an edit takes away. */
export function* editDeletes({
  direction,
  identity,
  before,
  after,
}: TemplateEdit): Generator<EntryKey> {
  for (const packed of before.keys) {
    if (after.find(packed) === undefined) yield { direction, identity, ...unpackPort(packed) };
  }
}

/** Each template once: many identities of many subjects share one. */
export interface PolicyDeltaMessage {
  readonly templates: readonly TemplateMessage[];
  /** Of every cookie in `templates`. */
  readonly origins: ReadonlyMap<number, Origin>;
  readonly changes: readonly SubjectChangeMessage[];
}

/** Packed keys (`unpackPort`) and their values. */
interface TemplateMessage {
  readonly keys: readonly number[];
  readonly values: readonly RuleValue[];
}

interface DirectionMessage {
  readonly shapes: readonly Shape[];
  readonly isDefaultDeny: boolean;
  readonly hasBlockPeers: boolean;
  /** Of identity 0. */
  readonly wildcard: number;
  /** Identities that have entries of their own, and the template of each. */
  readonly identities: Uint32Array;
  readonly templateOf: Uint32Array;
}

export type SubjectChangeMessage =
  | {
      readonly kind: "replace";
      readonly subject: string;
      readonly isAudit: boolean;
      readonly ingress: DirectionMessage;
      readonly egress: DirectionMessage;
    }
  | { readonly kind: "remove"; readonly subject: string }
  | {
      readonly kind: "edit";
      readonly subject: string;
      /** `before` and `after` are numbers of templates. */
      readonly edits: readonly {
        readonly direction: Direction;
        readonly identity: number;
        readonly before: number;
        readonly after: number;
      }[];
    };

/** The change that a message stands for, edits with their templates; a replacement's entries. */
export function* messageEntries(
  message: PolicyDeltaMessage,
  change: SubjectChangeMessage & { kind: "replace" },
): Generator<Entry> {
  for (const direction of DIRECTIONS) {
    const { wildcard, identities, templateOf } = change[direction];
    yield* templateEntries(direction, 0, receivedTemplate(message, wildcard));
    for (const [at, identity] of identities.entries()) {
      yield* templateEntries(direction, identity, receivedTemplate(message, templateOf[at]));
    }
  }
}

export function* messageEdits(
  message: PolicyDeltaMessage,
  change: SubjectChangeMessage & { kind: "edit" },
): Generator<TemplateEdit> {
  for (const { direction, identity, before, after } of change.edits) {
    yield {
      direction,
      identity,
      before: receivedTemplate(message, before),
      after: receivedTemplate(message, after),
    };
  }
}

function receivedTemplate({ templates }: PolicyDeltaMessage, at: number | undefined): Template {
  const template = at === undefined ? undefined : templates[at];
  return template === undefined ? Template.empty : new Template(template.keys, template.values);
}

class TemplateNumbers {
  readonly list: TemplateMessage[] = [];
  readonly origins = new Map<number, Origin>();
  readonly #numbers = new Map<Template, number>();
  readonly #cookies: CookieTable;

  constructor(cookies: CookieTable) {
    this.#cookies = cookies;
  }

  of(template: Template): number {
    let number = this.#numbers.get(template);
    if (number === undefined) {
      number = this.list.length;
      this.#numbers.set(template, number);
      this.list.push({ keys: template.keys, values: template.values });
      for (const { cookie } of template.values) {
        const origin = this.#cookies.resolve(cookie);
        if (origin !== undefined) this.origins.set(cookie, origin);
      }
    }
    return number;
  }
}

function editMessage(
  subject: string,
  edits: readonly TemplateEdit[],
  templates: TemplateNumbers,
): SubjectChangeMessage {
  return {
    kind: "edit",
    subject,
    edits: edits.map(({ direction, identity, before, after }) => ({
      direction,
      identity,
      before: templates.of(before),
      after: templates.of(after),
    })),
  };
}

function replaceMessage(
  subject: string,
  state: SubjectState,
  templates: TemplateNumbers,
): SubjectChangeMessage {
  const ingress = directionMessage(state, "ingress", templates);
  const egress = directionMessage(state, "egress", templates);
  return { kind: "replace", subject, isAudit: state.isAudit, ingress, egress };
}

function directionMessage(
  state: SubjectState,
  direction: Direction,
  templates: TemplateNumbers,
): DirectionMessage {
  const directionState = state.directionState(direction);
  const identities: number[] = [];
  const templateOf: number[] = [];
  for (let slot = 0; slot < directionState.slotCount; slot++) {
    const template = directionState.templateAt(slot);
    if (template.keys.length === 0) continue;
    identities.push(state.identities.at(slot).id);
    templateOf.push(templates.of(template));
  }
  return {
    shapes: directionState.shapes,
    isDefaultDeny: state.isDefaultDeny(direction),
    hasBlockPeers: directionState.hasBlockPeers,
    wildcard: templates.of(directionState.wildcard),
    identities: Uint32Array.from(identities),
    templateOf: Uint32Array.from(templateOf),
  };
}
