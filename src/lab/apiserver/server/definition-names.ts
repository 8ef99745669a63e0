/** Which of its names a definition gets: those that no other one of its group has already. */
import type { JsonObject, KubeObject } from "../schema/types.ts";
import { asList, asRecord, asText, at, isEqualJson } from "./json.ts";

/** Of the names that are taken, the last that was looked at. */
export interface Conflict {
  readonly reason: string;
  readonly message: string;
}

/** In the order in which they are looked at. Plural, singular and short names are one space. */
const NAMES = ["plural", "singular", "shortNames", "kind", "listKind"] as const;
const RESOURCE_NAMES = ["plural", "singular", "shortNames"];
const KIND_NAMES = ["kind", "listKind"];

export function acceptNames(
  definition: KubeObject,
  others: readonly KubeObject[],
): { accepted: JsonObject; conflict: Conflict | undefined } {
  const wanted = asRecord(at(definition, "spec", "names")) ?? {};
  const had = asRecord(at(definition, "status", "acceptedNames")) ?? {};
  const accepted: JsonObject = { ...had };
  let conflict: Conflict | undefined;
  for (const name of NAMES) {
    const isResource = RESOURCE_NAMES.includes(name);
    const taken = takenBy(others, isResource ? RESOURCE_NAMES : KIND_NAMES);
    const inTheWay = namesIn(wanted, name).filter(
      (each) => !namesIn(had, name).includes(each) && taken.has(each),
    );
    const why = inTheWay.map((each) => `${JSON.stringify(each)} is already in use`);
    if (why.length === 0) copy(wanted, name, accepted);
    else conflict = { reason: `${capital(name)}Conflict`, message: worded(why) };
  }
  copy(wanted, "categories", accepted);
  return { accepted: isEqualJson(accepted, had) ? had : accepted, conflict };
}

function copy(from: JsonObject, name: string, to: JsonObject): void {
  const value = from[name];
  if (value === undefined) delete to[name];
  else to[name] = structuredClone(value);
}

function namesIn(names: JsonObject, name: string): string[] {
  const value = names[name];
  return Array.isArray(value) ? asList(value).map(asText) : [asText(value)];
}

function takenBy(others: readonly KubeObject[], which: readonly string[]): Set<string> {
  const names = others.flatMap((other) => {
    const accepted = asRecord(at(other, "status", "acceptedNames")) ?? {};
    return which.flatMap((name) => namesIn(accepted, name));
  });
  return new Set(names.filter((name) => name !== ""));
}

const capital = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

const worded = (reasons: readonly string[]): string =>
  reasons.length === 1 ? (reasons[0] ?? "") : `[${reasons.join(", ")}]`;
