import {
  ANY,
  copyJson,
  type Field,
  getOwn,
  isObject,
  sameJson,
  type SchemaNode,
  setOwn,
} from "../schema/node.ts";
import type { Json, JsonObject } from "../schema/types.ts";
import { FieldSet } from "./field-set.ts";

const UNKNOWN: Field = { node: ANY };

/** Whether patches take the value apart, or replace it whole. */
function isGranular(node: SchemaNode, value: Json): boolean {
  if (node.isAtomic) return false;
  if (isObject(value)) return true;
  return Array.isArray(value) && (node.listType === "map" || node.listType === "set");
}

function fieldOf(node: SchemaNode, key: string): Field {
  const field = node.type === "map" ? node.items : node.fields.get(key);
  return field ?? UNKNOWN;
}

/** The steps of a value to what is directly below it, each with its schema. */
function* stepsOf(
  node: SchemaNode,
  value: Json,
): Generator<[step: string, field: Field, value: Json]> {
  if (Array.isArray(value)) {
    const items = node.items ?? UNKNOWN;
    for (const each of value) yield [itemStep(node, each), items, each];
  } else if (isObject(value)) {
    for (const [key, each] of Object.entries(value)) yield [`f:${key}`, fieldOf(node, key), each];
  }
}

/** `k:{"containerPort":80,"protocol":"TCP"}`: keys that are missing are what the schema says. */
function itemStep(node: SchemaNode, item: Json): string {
  if (node.listType !== "map" || !isObject(item)) return `v:${JSON.stringify(item)}`;
  const keys: JsonObject = {};
  for (const key of (node.listKeys ?? []).toSorted()) {
    const value = getOwn(item, key) ?? node.items?.node.fields.get(key)?.default;
    if (value !== undefined) setOwn(keys, key, value);
  }
  return `k:${JSON.stringify(keys)}`;
}

/** The fields that a value sets, as an applied configuration owns them. */
export function fieldsOf(node: SchemaNode, value: Json): FieldSet {
  const set = new FieldSet();
  collect(node, value, set);
  return set;
}

function collect(node: SchemaNode, value: Json, set: FieldSet): void {
  if (!isGranular(node, value) || Object.keys(value ?? {}).length === 0) {
    set.isMember = true;
    return;
  }
  for (const [step, field, each] of stepsOf(node, value)) {
    const child = set.child(step);
    collect(field.node, each, child);
    // Items of lists and of maps are somebody's as such, and not only what is in them.
    if (!isDeclared(node, step)) child.isMember = true;
  }
}

function isDeclared({ type, fields }: SchemaNode, step: string): boolean {
  return type === "object" && fields.has(step.slice(2));
}

interface Difference {
  /** Added, or changed in value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

export function compare(
  node: SchemaNode,
  old: Json | undefined,
  now: Json | undefined,
): Difference {
  const difference = { changed: new FieldSet(), removed: new FieldSet() };
  walk({ node }, old, now, difference.changed, difference.removed);
  // The whole is nobody's.
  difference.changed.isMember = false;
  difference.removed.isMember = false;
  return difference;
}

function walk(
  field: Field,
  old: Json | undefined,
  now: Json | undefined,
  changed: FieldSet,
  removed: FieldSet,
): void {
  const { node } = field;
  const before = old !== undefined && isGranular(node, old) ? old : undefined;
  const after = now !== undefined && isGranular(node, now) ? now : undefined;
  if (before === undefined && after === undefined) {
    if (now === undefined) removed.isMember = old !== undefined;
    else changed.isMember = !sameJson(old, now);
    return;
  }
  if (old === undefined && !isAlwaysThere(field)) changed.isMember = true;
  if (now === undefined) removed.isMember = true;
  const left = before === undefined ? [] : [...stepsOf(node, before)];
  const right = after === undefined ? [] : [...stepsOf(node, after)];
  const olds = new Map(left.map(([step, , value]) => [step, value]));
  const news = new Set(right.map(([step]) => step));
  for (const [step, inner, value] of right) {
    walk(inner, olds.get(step), value, changed.child(step), removed.child(step));
  }
  for (const [step, inner, value] of left) {
    if (!news.has(step)) walk(inner, value, undefined, changed.child(step), removed.child(step));
  }
  dropEmpty(changed);
  dropEmpty(removed);
}

/** In Go the field is there before anybody sets it: nobody owns it for what is in it. */
function isAlwaysThere({ default: value, isRequired }: Field): boolean {
  return isRequired === true || (isObject(value) && Object.keys(value).length === 0);
}

function dropEmpty(set: FieldSet): void {
  for (const [step, child] of set.children) if (child.isEmpty) set.children.delete(step);
}

/** The live value with all that the configuration says put over it. */
export function mergeTyped(node: SchemaNode, live: Json | undefined, config: Json): Json {
  if (live === undefined || !isGranular(node, live) || !isGranular(node, config)) {
    return copyJson(config);
  }
  if (Array.isArray(live)) {
    return Array.isArray(config) ? mergeLists(node, live, config) : copyJson(config);
  }
  if (!isObject(live) || !isObject(config)) return copyJson(config);
  const result = copyJson(live);
  for (const [key, value] of Object.entries(config)) {
    setOwn(result, key, mergeTyped(fieldOf(node, key).node, getOwn(live, key), value));
  }
  return result;
}

/**
 * Items of the configuration in its order; live ones that it does not name stay where they were,
 * before the items that they stood before.
 */
function mergeLists(node: SchemaNode, live: Json[], config: Json[]): Json[] {
  const items = (node.items ?? UNKNOWN).node;
  const liveSteps = live.map((each) => itemStep(node, each));
  const lives = new Map(liveSteps.map((step, index) => [step, live[index] ?? null]));
  const steps = config.map((each) => itemStep(node, each));
  const named = new Set(steps);
  /** Those that both have, in the configuration's order: what is looked for next in the live list. */
  const shared = steps.filter((step) => lives.has(step));
  const taken = new Set<string>();
  const result: Json[] = [];
  let [at, next] = [0, 0];
  const take = (index: number): void => {
    const step = steps[index] ?? "";
    result.push(mergeTyped(items, lives.get(step), config[index] ?? null));
    taken.add(step);
    if (shared[0] === step) shared.shift();
    next += 1;
  };
  while (at < live.length || next < config.length) {
    const step = liveSteps[at];
    if (step === undefined) take(next);
    else if (!named.has(step)) {
      result.push(copyJson(live[at] ?? null));
      at += 1;
    } else if (step === steps[next]) {
      take(next);
      at += 1;
    } else if (taken.has(step) || (shared[0] !== undefined && shared[0] !== step)) at += 1;
    else take(next);
  }
  return result;
}

const NOTHING = new FieldSet();

/** Takes out of a value what was in the first set and is in the second no more. */
export function prune(node: SchemaNode, value: Json, last: FieldSet, kept: FieldSet): Json {
  return pruned(node, value, last, kept) ?? value;
}

/** Undefined where all that was in it has gone. */
function pruned(node: SchemaNode, value: Json, last: FieldSet, kept: FieldSet): Json | undefined {
  if (!isGranular(node, value)) return value;
  const inner = (step: string, field: Field, each: Json): Json | undefined => {
    const before = last.children.get(step);
    if (before === undefined) return each;
    const now = kept.children.get(step) ?? NOTHING;
    // A field stays for what others have in it, an item only for those who have the item.
    const isKept = isDeclared(node, step) ? !now.isEmpty : now.isMember;
    return before.isMember && !isKept ? undefined : pruned(field.node, each, before, now);
  };
  if (Array.isArray(value)) {
    const items = [...stepsOf(node, value)].flatMap(([step, field, each]) => {
      const item = inner(step, field, each);
      return item === undefined ? [] : [item];
    });
    return items.length === 0 && value.length > 0 ? undefined : items;
  }
  const result: JsonObject = {};
  for (const [step, field, each] of stepsOf(node, value)) {
    const item = inner(step, field, each);
    if (item !== undefined) setOwn(result, step.slice(2), item);
  }
  const isEmptied = Object.keys(result).length === 0 && Object.keys(value ?? {}).length > 0;
  return isEmptied ? undefined : result;
}
