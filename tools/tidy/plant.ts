import { type Rule, runRules } from "./rules.ts";
import { Tree } from "./tree.ts";

/** For the tests of rules: what a rule says of a small tree, as `path:line: message`. */
export function findingsIn(rule: Rule, texts: Readonly<Record<string, string>>): string[] {
  return runRules(Tree.of(texts), [rule]).map(
    ({ path, line, message }) => `${path}:${line}: ${message}`,
  );
}
