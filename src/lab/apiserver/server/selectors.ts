/** Label and field selectors of lists and watches. */
import { badRequest } from "../schema/status-error.ts";

type Labels = Readonly<Record<string, string>>;

/** What a selector's text may be long; one of a Deployment's is under a hundred. */
const MAX_SELECTOR_LENGTH = 64 * 1024;

interface LabelRequirement {
  readonly key: string;
  readonly matches: (value: string | undefined) => boolean;
}

const NAME = String.raw`[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`;
const PREFIX = String.raw`[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?`;
const KEY = new RegExp(`^(${PREFIX}/)?${NAME}$`);
const VALUE = new RegExp(`^(${NAME})?$`);

/** Undefined where the text selects everything. */
export function parseLabelSelector(
  text: string | undefined,
): ((labels: Labels | undefined) => boolean) | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  if (text.length > MAX_SELECTOR_LENGTH) throw unparsable("labelSelector", "it is too long");
  const requirements = splitTop(text).map(parseRequirement);
  return (labels) =>
    requirements.every(({ key, matches }) =>
      matches(labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined),
    );
}

/** At commas outside of parentheses. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.trim());
}

function parseRequirement(text: string): LabelRequirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set !== null) return setRequirement(set[1] ?? "", set[2] === "in", set[3] ?? "");
  const comparison = /^([^=!<>\s]+)\s*(==|=|!=|<|>)\s*(\S*)$/.exec(text);
  if (comparison !== null) {
    return comparisonOf(comparison[1] ?? "", comparison[2] ?? "", comparison[3] ?? "");
  }
  const absent = text.startsWith("!");
  const key = checkKey(absent ? text.slice(1).trim() : text);
  return { key, matches: (value) => (value === undefined) === absent };
}

function setRequirement(key: string, isIn: boolean, list: string): LabelRequirement {
  const values = new Set(list.split(",").map((value) => checkValue(value.trim())));
  return {
    key: checkKey(key),
    matches: (value) => (value !== undefined && values.has(value)) === isIn,
  };
}

function comparisonOf(key: string, operator: string, right: string): LabelRequirement {
  checkKey(key);
  if (operator === "<" || operator === ">") {
    if (!/^-?\d+$/.test(right)) {
      throw unparsable("labelSelector", "for 'Gt', 'Lt' operators, the value must be an integer");
    }
    const bound = BigInt(right);
    const isLess = operator === "<";
    return {
      key,
      matches: (value) =>
        value !== undefined &&
        /^-?\d+$/.test(value) &&
        (isLess ? BigInt(value) < bound : BigInt(value) > bound),
    };
  }
  checkValue(right);
  const isEqual = operator !== "!=";
  return { key, matches: (value) => (value === right) === isEqual };
}

function checkKey(key: string): string {
  if (!KEY.test(key)) throw unparsable("labelSelector", `"${key}" is not a label's key`);
  return key;
}

function checkValue(value: string): string {
  if (!VALUE.test(value)) throw unparsable("labelSelector", `"${value}" is not a label's value`);
  return value;
}

function unparsable(what: string, why: string): Error {
  return badRequest(`unable to parse requirement: ${what}: ${why}`);
}

/** One term of a field selector: `status.phase!=Running`. */
export interface FieldTerm {
  readonly field: string;
  readonly value: string;
  readonly isEqual: boolean;
}

export function parseFieldSelector(text: string | undefined): readonly FieldTerm[] {
  if (text === undefined || text === "") return [];
  if (text.length > MAX_SELECTOR_LENGTH) throw badRequest("the field selector is too long");
  return splitEscaped(text)
    .filter((part) => part !== "")
    .map((part) => {
      const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(part);
      if (match === null) {
        throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      }
      const value = (match[3] ?? "").replaceAll(/\\([\\,=])/g, "$1");
      return { field: match[1] ?? "", value, isEqual: match[2] !== "!=" };
    });
}

/** At commas that no backslash stands before. */
function splitEscaped(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && at + 1 < text.length) part += `\\${text[++at]}`;
    else if (text[at] === ",") {
      parts.push(part);
      part = "";
    } else part += text[at];
  }
  parts.push(part);
  return parts;
}
