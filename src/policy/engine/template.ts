/** The entries of one class of peers, without the peer: every identity of the class has these. */
import type { Direction, RuleRef } from "../rule.ts";
import { PROTOCOL } from "../rule.ts";
import type { CookieTable } from "./cookies.ts";
import { mergeStatements, type RuleValue, type Statement } from "./deny-precedence.ts";
import type { RulePart } from "./part.ts";
import { coversPort, packPort, unpackPort } from "./port-key.ts";
import { visibleDns } from "./statement.ts";

const DNS_PORT = 53;
/** Values made of several statements that are kept; beyond it they are made again. */
const MERGED_MAX = 100_000;

export class Template {
  static readonly empty: Template = new Template([], []);

  /** Packed keys in ascending order, and their values at the same places. */
  readonly keys: readonly number[];
  readonly values: readonly RuleValue[];

  constructor(keys: readonly number[], values: readonly RuleValue[]) {
    this.keys = keys;
    this.values = values;
  }

  find(key: number): RuleValue | undefined {
    const { keys } = this;
    let low = 0;
    let high = keys.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = keys[middle] ?? 0;
      if (at === key) return this.values[middle];
      if (at < key) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}

/** Statements by key, until all have been heard. */
export class TemplateBuilder {
  readonly #statements = new Map<number, Statement[]>();

  add(key: number, statement: Statement): void {
    const others = this.#statements.get(key);
    if (others === undefined) this.#statements.set(key, [statement]);
    else if (!others.includes(statement)) others.push(statement);
  }

  addPart(part: RulePart): void {
    if (part.statement === undefined) return;
    for (const key of part.keys) this.add(key, part.statement);
  }

  /**
   * Has the DNS that these peers may be sent read, where it is not already. An entry for the port
   * alone suffices, whatever wider key allows it, since a redirect wins over an allow.
   */
  showDns(): void {
    for (const protocol of [PROTOCOL.udp, PROTOCOL.tcp]) {
      const covering = new Set<Statement>();
      for (const [key, statements] of this.#statements) {
        if (!coversPort(unpackPort(key), protocol, DNS_PORT)) continue;
        for (const statement of statements) {
          if (statement.effect === "allow") covering.add(statement);
        }
      }
      const key = packPort(protocol, DNS_PORT, 16);
      const isRead = this.#statements.get(key)?.some(({ effect }) => effect === "redirect");
      if (isRead === true) continue;
      for (const statement of covering) this.add(key, visibleDns(statement));
    }
  }

  build(values: ValueTable): Template {
    if (this.#statements.size === 0) return Template.empty;
    const keys = [...this.#statements.keys()].toSorted((left, right) => left - right);
    return new Template(
      keys,
      keys.map((key) => values.merge(this.#statements.get(key) ?? [])),
    );
  }

  /** What different rules ask for at one key, where they cannot all have it. */
  *conflicts(direction: Direction): Generator<Conflict> {
    for (const [key, statements] of this.#statements) {
      if (statements.length > 1) yield* conflictsAt(direction, key, statements);
    }
  }
}

/** Rules that contradict one another at one key. */
export interface Conflict {
  readonly code: "conflict-l7" | "conflict-authentication";
  readonly direction: Direction;
  readonly protocol: number;
  readonly port: number;
  readonly portPrefix: number;
  readonly rules: readonly RuleRef[];
}

function* conflictsAt(
  direction: Direction,
  key: number,
  statements: readonly Statement[],
): Generator<Conflict> {
  const conflict = (code: Conflict["code"], among: readonly Statement[]): Conflict => ({
    code,
    direction,
    ...unpackPort(key),
    rules: among.flatMap(({ ref }) => ref ?? []),
  });
  const redirects = statements.filter((one) => one.effect === "redirect" && !one.isVisibility);
  if (new Set(redirects.map(({ listener }) => listener)).size > 1) {
    yield conflict("conflict-l7", redirects);
  }
  const authenticated = statements.filter(({ authentication }) => authentication !== undefined);
  if (new Set(authenticated.map(({ authentication }) => authentication)).size > 1) {
    yield conflict("conflict-authentication", authenticated);
  }
}

/** Makes values of statements, and the same value of the same statements. */
export class ValueTable {
  readonly #cookies: CookieTable;
  #single = new WeakMap<Statement, RuleValue>();
  readonly #merged = new Map<string, RuleValue>();

  constructor(cookies: CookieTable) {
    this.#cookies = cookies;
  }

  merge(statements: readonly Statement[]): RuleValue {
    const [only] = statements;
    if (only !== undefined && statements.length === 1) {
      let value = this.#single.get(only);
      if (value === undefined) this.#single.set(only, (value = this.#make(statements)));
      return value;
    }
    const ids = statements
      .map(({ id }) => id)
      .toSorted((left, right) => left - right)
      .join(" ");
    let value = this.#merged.get(ids);
    if (value === undefined) {
      if (this.#merged.size >= MERGED_MAX) this.#merged.clear();
      this.#merged.set(ids, (value = this.#make(statements)));
    }
    return value;
  }

  /** After cookies were forgotten: what is made from here on has its cookie made anew. */
  forget(): void {
    this.#single = new WeakMap();
    this.#merged.clear();
  }

  #make(statements: readonly Statement[]): RuleValue {
    const deniedBy: RuleRef[] = [];
    const allowedBy: RuleRef[] = [];
    const auditedBy: RuleRef[] = [];
    let synthetic: Statement["synthetic"];
    for (const statement of statements) {
      const { ref } = statement;
      if (ref === undefined) synthetic = statement.synthetic;
      else if (statement.isAuditDeny === true) auditedBy.push(ref);
      else if (statement.effect === "deny") deniedBy.push(ref);
      else allowedBy.push(ref);
    }
    const isAsked = deniedBy.length + allowedBy.length > 0;
    const origin = { deniedBy, allowedBy, auditedBy };
    const cookie = this.#cookies.intern(
      isAsked || synthetic === undefined ? origin : { ...origin, synthetic },
    );
    return { ...mergeStatements(statements), cookie };
  }
}

/** Whether two values are the same to whoever writes them down. */
export function equalValues(left: RuleValue, right: RuleValue): boolean {
  return (
    left === right ||
    (left.cookie === right.cookie &&
      left.effect === right.effect &&
      left.isAuditDeny === right.isAuditDeny &&
      left.isAuditAllow === right.isAuditAllow &&
      left.listener === right.listener &&
      left.listenerPriority === right.listenerPriority &&
      left.isVisibility === right.isVisibility &&
      left.authentication === right.authentication)
  );
}

/** Values are made once for the same statements, so that this rarely looks into them. */
export function equalTemplates(left: Template, right: Template): boolean {
  if (left === right) return true;
  if (left.keys.length !== right.keys.length) return false;
  for (const [at, key] of left.keys.entries()) {
    const one = left.values[at];
    const other = right.values[at];
    if (key !== right.keys[at] || one === undefined || other === undefined) return false;
    if (!equalValues(one, other)) return false;
  }
  return true;
}
