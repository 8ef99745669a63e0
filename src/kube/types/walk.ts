/**
 * Reads a value by its schema: keeps what is known, tells of what is not.
 *
 * Lists and objects are walked here rather than by zod, which neither names unknown fields nor ends
 * after so many issues; single values are zod's.
 */
import { quote, unreachable } from "#base";
import * as z from "zod/mini";
import type { FindingList } from "./findings.ts";
import { nearest } from "./nearest.ts";
import { type Path, pathText } from "./path.ts";
import { anatomyOf, type Facts, factsOf, type Field, type Limits, type Schema } from "./schema.ts";

/** The value's known part. What it is after an error found means nothing. */
export function read(schema: Schema, value: unknown, path: Path, findings: FindingList): unknown {
  const anatomy = anatomyOf(schema);
  const facts = factsOf(schema);
  switch (anatomy.kind) {
    case "fields":
      if (!isObject(value)) return wrongType(facts, value, path, findings);
      return readFields(anatomy.fields, facts, value, path, findings);
    case "dictionary":
      if (!isObject(value)) return wrongType(facts, value, path, findings);
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [
          key,
          read(anatomy.value, member, below(path, key), findings),
        ]),
      );
    case "list":
      if (!Array.isArray(value)) return wrongType(facts, value, path, findings);
      return readList(anatomy.item, facts, value, path, findings);
    case "value":
      return readValue(schema, facts, value, path, findings);
    default:
      return unreachable(anatomy);
  }
}

/** Of JSON's six kinds of value, the one with fields. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function below(parent: Path, step: string | number, fields?: Path["fields"]): Path {
  return { parent, step, fields };
}

function readFields(
  fields: ReadonlyMap<string, Field>,
  facts: Facts,
  value: Readonly<Record<string, unknown>>,
  at: Path,
  findings: FindingList,
): unknown {
  const path: Path = { ...at, fields };
  const entries: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const field = fields.get(key);
    if (field === undefined) {
      if (facts.isPartial !== true && facts.ignored?.has(key) !== true) {
        findings.warning("unknown-field", below(path, key), () => unknownField(key, path));
      }
      continue;
    }
    if (member === null || member === undefined) continue;
    entries.push([key, read(field.schema, member, below(path, key), findings)]);
  }
  for (const [key, { schema, isOptional }] of fields) {
    const isGiven = Object.hasOwn(value, key) && value[key] !== null && value[key] !== undefined;
    if (isOptional || isGiven) continue;
    findings.error(
      "missing-field",
      below(path, key),
      () => `is missing: expected ${factsOf(schema).expected}`,
    );
  }
  return Object.fromEntries(entries);
}

function readList(
  item: Schema,
  { minItems = 0, maxItems = Number.POSITIVE_INFINITY }: Facts,
  value: readonly unknown[],
  path: Path,
  findings: FindingList,
): unknown {
  if (value.length < minItems) {
    const message = `must have ${items(minItems)} or more, and has ${value.length}`;
    findings.error("too-few-items", path, () => message);
  }
  if (value.length > maxItems) {
    const most = maxItems === 0 ? "must be empty" : `may have ${items(maxItems)} at most`;
    findings.error("too-many-items", path, () => `${most}, and has ${value.length}`);
  }
  const members: unknown[] = [];
  // What is too many is refused whatever it is.
  for (let index = 0; index < Math.min(value.length, maxItems); index++) {
    members.push(read(item, value[index], below(path, index), findings));
  }
  return members;
}

function items(count: number): string {
  return count === 1 ? "1 item" : `${count} items`;
}

function readValue(
  schema: Schema,
  facts: Facts,
  value: unknown,
  path: Path,
  findings: FindingList,
): unknown {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const code = result.error.issues[0]?.code;
  const limit = facts.limits?.[code as keyof Limits];
  if (limit === undefined) return wrongType(facts, value, path, findings);
  findings.error("bad-value", path, () => `must ${limit}, and is ${describe(value)}`);
  return value;
}

function wrongType(facts: Facts, value: unknown, path: Path, findings: FindingList): unknown {
  findings.error("wrong-type", path, () => {
    const isUnquoted =
      facts.expected === "a string" && (typeof value === "number" || typeof value === "boolean");
    const hint = isUnquoted ? `; write it in quotes: "${value}"` : "";
    return `expected ${facts.expected}, got ${describe(value)}${hint}`;
  });
  return value;
}

/** A value as messages show it. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return `${value}`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function unknownField(key: string, path: Path): string {
  const name = quote(key);
  for (let at = path.parent; at !== undefined; at = at.parent) {
    if (at.fields?.has(key) !== true) continue;
    const owner = pathText(at);
    return `unknown field ${name}, ignored; it belongs to ${owner === "" ? "the object itself" : owner}: check the indentation`;
  }
  const meant = nearest(key, [...(path.fields?.keys() ?? [])]);
  return meant === undefined
    ? `unknown field ${name}, ignored`
    : `unknown field ${name}, ignored; did you mean ${quote(meant)}?`;
}
