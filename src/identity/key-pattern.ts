import { RE2JS, RE2JSException } from "re2js";
import { ConfigError, quote } from "#base";

/** How many characters at the beginning of a key match; 0 if it does not match. */
export type KeyPattern = (key: string) => number;

/** Text in which only an escaped character, and dots, could mean anything. */
const LITERAL = /^(?:[-A-Za-z0-9_/]|\\[-._/])*$/;

/** The setting that patterns come from. */
const KEY = "labels";

/**
 * Compiles a regular expression for the beginning of keys. Nearly all that there are in practice are
 * a text, or a text beside `.*`: those need no engine.
 */
export function compilePattern(pattern: string, whole: string): KeyPattern {
  if (pattern === "") {
    throw new ConfigError(KEY, `${quote(whole)} has no pattern: say which keys, such as app.*`);
  }
  const exact = literalOf(pattern);
  if (exact !== undefined) return (key) => (key.startsWith(exact) ? exact.length : 0);
  const before = pattern.endsWith(".*") ? literalOf(pattern.slice(0, -2)) : undefined;
  if (before !== undefined) return (key) => (key.startsWith(before) ? key.length : 0);
  const after = pattern.startsWith(".*") ? literalOf(pattern.slice(2)) : undefined;
  if (after !== undefined) {
    return (key) => {
      const at = key.lastIndexOf(after);
      return at < 0 ? 0 : at + after.length;
    };
  }
  return compileExpression(pattern, whole);
}

function compileExpression(pattern: string, whole: string): KeyPattern {
  try {
    const expression = RE2JS.compile(pattern);
    return (key) => {
      const matcher = expression.matcher(key);
      return matcher.lookingAt() ? matcher.end() : 0;
    };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new ConfigError(KEY, `${quote(whole)} is no pattern: ${error.message}`, { cause: error });
  }
}

/** The one text that the pattern stands for, if it is that simple. */
function literalOf(pattern: string): string | undefined {
  return LITERAL.test(pattern) ? pattern.replaceAll("\\", "") : undefined;
}
