import { RE2JS } from "re2js";

/** Patterns kept compiled; definitions hold few. */
const PATTERNS_MAX = 10_000;
const patterns = new Map<string, RE2JS | string>();

/** The pattern, or what is wrong with it. */
export function compilePattern(pattern: string): RE2JS | string {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    if (patterns.size >= PATTERNS_MAX) patterns.clear();
    compiled = compile(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled;
}

function compile(pattern: string): RE2JS | string {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
