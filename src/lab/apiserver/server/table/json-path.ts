/** The JSON paths of printer columns: `.status.conditions[?(@.type=="Ready")].status`. */
import type { Json } from "../../schema/types.ts";
import { asList, asRecord, asShown } from "../json.ts";

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | {
      readonly kind: "filter";
      readonly path: JsonPath;
      readonly operator: string;
      readonly value: string;
    };

export type JsonPath = readonly Step[];

/** Paths are a line of a definition; no value may have more matches than a cell shows. */
const MAX_PATH_LENGTH = 1_024;
const MAX_MATCHES = 1_000;

const FIELD = /^\.?((?:[^\s.,'"\\()[\]{}*]|\\.)+)/;
const QUOTED = /^\[(?:'([^']*)'|"([^"]*)")\]/;
const INDEX = /^\[(-?\d{1,9})\]/;
const ALL = /^(?:\[\*\]|\.\*)/;
const FILTER =
  /^\[\?\(\s*@((?:[^=!<>()'"])+?)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*\)\]/;

/** Undefined where it is no path that is understood here: its cells stay empty. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text.length > MAX_PATH_LENGTH) return undefined;
  const steps: Step[] = [];
  let rest = text
    .trim()
    .replace(/^\{(.*)\}$/, "$1")
    .replace(/^\$/, "");
  while (rest !== "" && rest !== ".") {
    const [step, length] = nextStep(rest) ?? [];
    if (step === undefined || length === undefined) return undefined;
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function nextStep(text: string): [Step, number] | undefined {
  const filter = FILTER.exec(text);
  if (filter !== null) {
    const [whole, inner = "", operator = "==", single, double, bare] = filter;
    const path = parseJsonPath(inner);
    if (path === undefined) return undefined;
    return [
      { kind: "filter", path, operator, value: single ?? double ?? bare ?? "" },
      whole.length,
    ];
  }
  const all = ALL.exec(text);
  if (all !== null) return [{ kind: "all" }, all[0].length];
  const index = INDEX.exec(text);
  if (index !== null) return [{ kind: "index", index: Number(index[1]) }, index[0].length];
  const quoted = QUOTED.exec(text);
  if (quoted !== null) {
    return [{ kind: "field", name: quoted[1] ?? quoted[2] ?? "" }, quoted[0].length];
  }
  const field = FIELD.exec(text);
  if (field === null) return undefined;
  return [{ kind: "field", name: (field[1] ?? "").replaceAll(/\\(.)/g, "$1") }, field[0].length];
}

/** All values that the path leads to, at most a thousand. */
export function evaluate(path: JsonPath, root: Json): readonly Json[] {
  let values: Json[] = [root];
  for (const step of path)
    values = values.flatMap((value) => follow(step, value)).slice(0, MAX_MATCHES);
  return values;
}

function follow(step: Step, value: Json): readonly Json[] {
  switch (step.kind) {
    case "field": {
      const record = asRecord(value);
      if (record === undefined || !Object.hasOwn(record, step.name)) return [];
      return [record[step.name] as Json];
    }
    case "index":
      return asList(value).slice(step.index, step.index === -1 ? undefined : step.index + 1);
    case "all":
      return Array.isArray(value) ? value : Object.values(asRecord(value) ?? {});
    case "filter":
      return asList(value).filter((item) => {
        const [found] = evaluate(step.path, item);
        const isEqual = found !== undefined && asShown(found) === step.value;
        return isEqual === (step.operator === "==");
      });
    default:
      return [];
  }
}
