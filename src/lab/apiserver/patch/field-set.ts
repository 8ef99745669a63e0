import { isObject, setOwn } from "../schema/node.ts";
import type { Json, JsonObject } from "../schema/types.ts";

const SELF = ".";

/**
 * A set of fields, as metadata.managedFields has it: a tree whose keys are steps, `f:spec`,
 * `k:{"name":"web"}` for an item of a list by its keys, `v:"x"` for one by its value.
 */
export class FieldSet {
  /** Whether the field itself is in the set, and not only some below it. */
  isMember = false;
  readonly children = new Map<string, FieldSet>();

  child(step: string): FieldSet {
    let child = this.children.get(step);
    if (child === undefined) {
      child = new FieldSet();
      this.children.set(step, child);
    }
    return child;
  }

  get isEmpty(): boolean {
    return !this.isMember && this.children.size === 0;
  }

  /** Puts all of the other's in, sharing nothing with it. */
  add(other: FieldSet): this {
    this.isMember ||= other.isMember;
    for (const [step, child] of other.children) this.child(step).add(child);
    return this;
  }

  /** Takes out what the other has as members. */
  remove(other: FieldSet): this {
    if (other.isMember) this.isMember = false;
    for (const [step, child] of other.children) {
      const own = this.children.get(step);
      if (own === undefined) continue;
      if (own.remove(child).isEmpty) this.children.delete(step);
    }
    return this;
  }

  /** Takes out what the other has, with all that is below. */
  removeBelow(other: FieldSet): this {
    for (const [step, child] of other.children) {
      const own = this.children.get(step);
      if (own === undefined) continue;
      if (child.isMember || own.removeBelow(child).isEmpty) this.children.delete(step);
    }
    return this;
  }

  /** Members of both. */
  intersect(other: FieldSet): FieldSet {
    const result = new FieldSet();
    result.isMember = this.isMember && other.isMember;
    for (const [step, child] of this.children) {
      const theirs = other.children.get(step);
      const both = theirs === undefined ? undefined : child.intersect(theirs);
      if (both !== undefined && !both.isEmpty) result.children.set(step, both);
    }
    return result;
  }

  copy(): FieldSet {
    return new FieldSet().add(this);
  }

  /**
   * The paths of its members as people read them: `.spec.containers[name="web"].image`; those
   * nearer come first.
   */
  paths(prefix = ""): string[] {
    const steps = [...this.children].toSorted(([one], [two]) => (one < two ? -1 : 1));
    const near = steps.filter(([, child]) => child.isMember).map(([step]) => prefix + shown(step));
    return [...near, ...steps.flatMap(([step, child]) => child.paths(prefix + shown(step)))];
  }

  toJson(): JsonObject {
    const result: JsonObject = {};
    if (this.isMember && this.children.size > 0) result[SELF] = {};
    for (const step of [...this.children.keys()].toSorted()) {
      setOwn(result, step, this.children.get(step)?.toJson() ?? {});
    }
    return result;
  }

  /** What is no set in the value is left out. */
  static fromJson(value: Json | undefined): FieldSet {
    const set = new FieldSet();
    if (!isObject(value)) return set;
    const entries = Object.entries(value);
    // A step with nothing below is the field itself.
    set.isMember = entries.length === 0;
    for (const [step, below] of entries) {
      if (step === SELF) set.isMember = true;
      else if (/^[fkvi]:/.test(step)) set.children.set(step, FieldSet.fromJson(below));
    }
    return set;
  }
}

function shown(step: string): string {
  const text = step.slice(2);
  if (step.startsWith("f")) return `.${text}`;
  if (step.startsWith("k")) return `[${shownKeys(text)}]`;
  return step.startsWith("v") ? `[=${text}]` : `[${text}]`;
}

/** `{"a":1,"b":"x"}` is `a=1,b="x"`. */
function shownKeys(text: string): string {
  try {
    const keys: unknown = JSON.parse(text);
    if (typeof keys !== "object" || keys === null) return text;
    return Object.entries(keys)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(",");
  } catch {
    return text;
  }
}
