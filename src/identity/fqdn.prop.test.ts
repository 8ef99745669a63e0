import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "#test";
import { fqdnMatcher } from "./fqdn.ts";

const text = (...characters: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...characters), { maxLength: 9 }).map((list) => list.join(""));

/** As the rules of patterns are told, with no care for time. */
function naive(pattern: string): RegExp {
  if (/^\*+\.?$/.test(pattern)) return /^(?:(?:[-a-z0-9_]+[.])+|[.])$/;
  const whole = pattern.endsWith(".") ? pattern : `${pattern}.`;
  const any = "[-a-z0-9_]";
  const depth = /^\*{2,}\./.exec(whole)?.[0] ?? "";
  const rest = whole.slice(depth.length).replaceAll(".", "[.]").replaceAll(/\*+/g, `${any}*`);
  return new RegExp(`^${depth === "" ? "" : `${any}+(?:[.]${any}+)*[.]`}${rest}$`);
}

property(
  "a name matches as the pattern's regular expression says",
  fc.tuple(
    fc.oneof(
      text("a", "b", "*", "."),
      text("a", "*", ".").map((rest) => `**.${rest}`),
    ),
    text("a", "b", ".", "-", " "),
  ),
  ([pattern, name]) => {
    fc.pre(pattern !== "" && name.trim() === name);
    const whole = name.endsWith(".") ? name : `${name}.`;
    assert.equal(fqdnMatcher(pattern)(name), naive(pattern).test(whole));
  },
);
