import type { Tree } from "./tree.ts";

/** Something to mend. */
export interface Problem {
  path: string;
  line: number;
  /** What is wrong, and what to do about it. */
  message: string;
}

export interface Finding extends Problem {
  rule: string;
}

/** `check` is a pure function: what it finds depends on nothing but the tree. */
export interface Rule {
  name: string;
  check: (tree: Tree) => Problem[];
}

/** What the rules find, in order of place. */
export function runRules(tree: Tree, rules: readonly Rule[]): Finding[] {
  const findings = rules.flatMap(({ name, check }) =>
    check(tree).map((problem): Finding => ({ ...problem, rule: name })),
  );
  return findings.toSorted((a, b) => compareText(a.path, b.path) || a.line - b.line);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
