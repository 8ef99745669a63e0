import { blobs } from "./blobs.ts";
import { diagram } from "./diagram.ts";
import { imports } from "./imports.ts";
import { fuzzSoaks } from "./fuzz-soaks.ts";
import { staleBpfObjects } from "./objects.ts";
import { type Finding, type Rule, runRules } from "./rules.ts";
import { testNames } from "./test-names.ts";
import type { Tree } from "./tree.ts";
import { deadFiles, unusedExports } from "./usage.ts";
import { words } from "./words.ts";

/** A new rule goes into this list. */
export const rules: readonly Rule[] = [
  imports,
  deadFiles,
  unusedExports,
  blobs,
  words,
  diagram,
  testNames,
  fuzzSoaks,
  staleBpfObjects,
];

/** What is to be mended in the tree, in order of place. */
export function tidy(tree: Tree): Finding[] {
  return runRules(tree, rules);
}
