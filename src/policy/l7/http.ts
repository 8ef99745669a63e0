import { RE2JS } from "re2js";
import type { HttpHeaderMatch, HttpRule } from "../rule.ts";
import type { HttpRequest } from "./request.ts";

/** Whether the whole of a value is in the language of a pattern; undefined: no such value. */
type ValueTest = (value: string | undefined) => boolean;

/** A rule as a test; everything that the rule says must hold. */
export function compileHttpRule(rule: HttpRule): (request: HttpRequest) => boolean {
  const path = compilePattern(rule.path);
  const method = compilePattern(rule.method);
  const host = compilePattern(rule.host);
  // With an action on mismatch the proxy repairs or logs the header, and lets the request pass.
  const headers = rule.headers
    .filter((header) => header.mismatch === undefined)
    .map((header) => compileHeader(header));
  return (request) => {
    if (!path(request.path) || !method(request.method) || !host(request.host)) return false;
    if (headers.length === 0) return true;
    const present = lowerCaseNames(request.headers ?? {});
    return headers.every((matches) => matches(present));
  };
}

/** Undefined where it compiles; else what is wrong with it. */
export function httpPatternError(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function compilePattern(pattern: string | undefined): ValueTest {
  if (pattern === undefined || pattern === "") return () => true;
  try {
    const compiled = RE2JS.compile(pattern);
    return (value) => value !== undefined && compiled.matches(value);
  } catch {
    // Import reports it; a rule that says nothing understandable allows nothing.
    return () => false;
  }
}

/** The value of a secret is not known here: a header that is there counts as right. */
function compileHeader(header: HttpHeaderMatch): (present: ReadonlyMap<string, string>) => boolean {
  const name = header.name.toLowerCase();
  const wanted = header.value;
  if (wanted === undefined) return (present) => present.has(name);
  return (present) => present.get(name) === wanted;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
