import { ConfigError, quote } from "#base";
import { canonicalKey, type Label, SOURCE } from "./labels.ts";

/** The most characters of a name or pattern. */
const MAX_FQDN = 255;

const WHOLE_STAR = /^\*+\.?$/;
const NAME = /^[-A-Za-z0-9_]+([.][-A-Za-z0-9_]+)*[.]?$/;
const PATTERN = /^[-A-Za-z0-9_*]+([.][-A-Za-z0-9_*]+)*[.]?$/;
/** Of names as DNS gives them, in lower case. */
const KNOWN_CHARACTERS = /^[-a-z0-9_.]*$/;
const ANY_DEPTH = /^\*{2,}\./;

/** The one form of a name or pattern: lower case, with the dot at its end; `*` for every name. */
export function normaliseFqdn(text: string): string {
  const name = text.trim().toLowerCase();
  if (WHOLE_STAR.test(name)) return "*";
  return name.endsWith(".") ? name : `${name}.`;
}

export function isFqdnPattern(text: string): boolean {
  return text.includes("*");
}

/** What is wrong with a matchName or matchPattern; undefined: nothing. */
export function fqdnFault(text: string, kind: "name" | "pattern"): string | undefined {
  const name = text.trim();
  if (name === "") return "is empty";
  if (name.length > MAX_FQDN) return `has ${name.length} characters; ${MAX_FQDN} are the most`;
  if ((kind === "name" ? NAME : PATTERN).test(name)) return undefined;
  if (kind === "name" && PATTERN.test(name)) return "has a '*', which only matchPattern may have";
  const characters = kind === "name" ? "'-' and '_'" : "'-', '_' and '*'";
  return `is no DNS name: letters, digits, ${characters}, in parts with one '.' between them`;
}

/** The normal form of a name or pattern, or a ConfigError. */
export function parseFqdn(text: string, kind: "name" | "pattern"): string {
  const fault = fqdnFault(text, kind);
  if (fault !== undefined) {
    const key = kind === "name" ? "matchName" : "matchPattern";
    throw new ConfigError(key, `${quote(text)} ${fault}`);
  }
  return normaliseFqdn(text);
}

/**
 * The label of identities of addresses that DNS gave for the name or pattern, which stands in it as
 * policies write it: without the last dot.
 */
export function fqdnLabel(pattern: string): Label {
  return { source: SOURCE.fqdn, key: canonicalKey(SOURCE.fqdn, normaliseFqdn(pattern)), value: "" };
}

/**
 * Answers of names, however they are written, whether they match. `*` is any characters of one
 * part, none too; `**.` at the beginning is one or more parts; nothing but stars is every name.
 *
 * A star never crosses a dot, so parts are compared one by one, and pieces of a part are looked for
 * from left to right without ever going back: the time grows with the name's length only.
 */
export function fqdnMatcher(pattern: string): (name: string) => boolean {
  const normal = normaliseFqdn(pattern);
  if (normal === "*") return (name) => isWholeName(normaliseFqdn(name));
  if (!isFqdnPattern(normal)) return (name) => normaliseFqdn(name) === normal;
  const isAnyDepth = ANY_DEPTH.test(normal);
  const parts = normal.replace(ANY_DEPTH, "").split(".").map(partMatcher);
  return (name) => {
    const text = normaliseFqdn(name);
    if (text.length > MAX_FQDN + 1 || !KNOWN_CHARACTERS.test(text)) return false;
    const given = text.split(".");
    const extra = given.length - parts.length;
    if (isAnyDepth ? extra < 1 : extra !== 0) return false;
    for (let index = 0; index < extra; index++) if (given[index] === "") return false;
    return parts.every((matches, index) => matches(given[extra + index] ?? ""));
  };
}

/** A name of parts that are not empty, or the root. */
function isWholeName(name: string): boolean {
  if (name.length > MAX_FQDN + 1 || !KNOWN_CHARACTERS.test(name)) return false;
  return name === "." || !(name.startsWith(".") || name.includes(".."));
}

/** Of one part of a pattern: text with stars between. */
function partMatcher(pattern: string): (part: string) => boolean {
  const pieces = pattern.split(/\*+/);
  const first = pieces[0] ?? "";
  if (pieces.length === 1) return (part) => part === first;
  const last = pieces.at(-1) ?? "";
  const middle = pieces.slice(1, -1);
  return (part) => {
    if (part.length < first.length + last.length) return false;
    if (!part.startsWith(first) || !part.endsWith(last)) return false;
    const end = part.length - last.length;
    let at = first.length;
    for (const piece of middle) {
      const found = part.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
