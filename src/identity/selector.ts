import { unreachable } from "#base";
import type { LabelSelector } from "#kube/types";
import { canonicalKey, compareText, type Labels } from "./labels.ts";
import type { Requirement } from "./requirement.ts";
import { readKubeSelector } from "./selector-syntax.ts";

/** From how many values on a set answers faster than looking through them. */
const SET_FROM = 9;

/** What needs no quotes in the canonical text. */
const PLAIN = /^[-A-Za-z0-9_./*]+$/;

/** Requirements that all have to hold; immutable, in canonical order. One without any selects all. */
export class Selector {
  static readonly all: Selector = new Selector([], "");

  readonly requirements: readonly Requirement[];
  /** Equal exactly if the same requirements were asked for, in whatever order. */
  readonly text: string;
  readonly #checks: readonly Check[];

  private constructor(requirements: readonly Requirement[], text: string) {
    this.requirements = requirements;
    this.text = text;
    this.#checks = requirements.map(checkOf);
  }

  static of(requirements: Iterable<Requirement>): Selector {
    // By text, which also leaves out what is said twice.
    const byText = new Map<string, Requirement>();
    for (const requirement of requirements) {
      const canonical = canonicalRequirement(requirement);
      byText.set(formatRequirement(canonical), canonical);
    }
    if (byText.size === 0) return Selector.all;
    const sorted = [...byText].toSorted(
      ([leftText, left], [rightText, right]) =>
        compareText(left.key, right.key) || compareText(leftText, rightText),
    );
    return new Selector(
      sorted.map(([, requirement]) => requirement),
      sorted.map(([text]) => text).join(" && "),
    );
  }

  /**
   * Of a Kubernetes selector. Its keys may name a source, unless `source` says that all are of that
   * one. Throws SelectorError where Kubernetes would refuse it.
   */
  static fromKube(selector: LabelSelector, options: { source?: string } = {}): Selector {
    return Selector.of(readKubeSelector(selector, options.source));
  }

  get isEmpty(): boolean {
    return this.requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    for (const check of this.#checks) if (!holds(check, labels)) return false;
    return true;
  }

  /** This and more conditions. */
  and(requirements: Iterable<Requirement>): Selector {
    return Selector.of([...this.requirements, ...requirements]);
  }

  /** Whether some requirement is about that key; without a key, about anything of that source. */
  mentions(source: string, key?: string): boolean {
    return this.requirements.some(
      (requirement) =>
        requirement.source === source && (key === undefined || requirement.key === key),
    );
  }

  toString(): string {
    return this.isEmpty ? "(everything)" : this.text;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** As in the canonical text: `k8s:app in (web)`, `any:tier exists`. */
function formatRequirement(requirement: Requirement): string {
  const name = `${plain(requirement.source)}:${plain(requirement.key)}`;
  switch (requirement.operator) {
    case "In":
      return `${name} in (${requirement.values.map(plain).join(", ")})`;
    case "NotIn":
      return `${name} not in (${requirement.values.map(plain).join(", ")})`;
    case "Exists":
      return `${name} exists`;
    case "DoesNotExist":
      return `${name} does not exist`;
    default:
      return unreachable(requirement.operator);
  }
}

function plain(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text);
}

function canonicalRequirement({ source, key: name, operator, values }: Requirement): Requirement {
  const key = canonicalKey(source, name);
  if (operator === "Exists" || operator === "DoesNotExist") {
    return { source, key, operator, values: [] };
  }
  return { source, key, operator, values: [...new Set(values)].toSorted(compareText) };
}

/** A requirement in the form that is asked fastest. */
interface Check {
  readonly source: string;
  readonly key: string;
  /** What a label that is not there answers. */
  readonly ifAbsent: boolean;
  /** What one of `values` answers, and any value if there are none to look at. */
  readonly ifFound: boolean;
  readonly only: string | undefined;
  readonly values: readonly string[] | undefined;
  readonly set: ReadonlySet<string> | undefined;
}

function checkOf({ source, key, operator, values }: Requirement): Check {
  const isNegative = operator === "NotIn" || operator === "DoesNotExist";
  const hasValues = operator === "In" || operator === "NotIn";
  return {
    source,
    key,
    ifAbsent: isNegative,
    ifFound: !isNegative,
    only: hasValues && values.length === 1 ? values[0] : undefined,
    values: hasValues ? values : undefined,
    set: hasValues && values.length >= SET_FROM ? new Set(values) : undefined,
  };
}

function holds(check: Check, labels: Labels): boolean {
  const value = labels.get(check.source, check.key);
  if (value === undefined) return check.ifAbsent;
  if (check.values === undefined) return check.ifFound;
  if (check.only !== undefined) return (value === check.only) === check.ifFound;
  const isFound = check.set === undefined ? check.values.includes(value) : check.set.has(value);
  return isFound === check.ifFound;
}
