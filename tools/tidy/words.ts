import type { Rule } from "./rules.ts";

interface Pattern {
  pattern: RegExp;
  /** What it is, and what to write instead. */
  message: string;
}

/** Joins what may not stand in one piece in this file either. */
function pieces(...parts: readonly string[]): RegExp {
  return new RegExp(parts.join(""), "gi");
}

/** Not inside a longer path or an address: `network/work/`, `host.example/home/`. */
const AT_START = String.raw`(?<![\w.)}\]-])`;

const PATTERNS: readonly Pattern[] = [
  {
    pattern: pieces(AT_START, "/wo", String.raw`rk/`),
    message: "a path of one machine: write it relative to the root of the tree",
  },
  {
    pattern: pieces(AT_START, "/(?:ho", "me|Us", String.raw`ers)/\w`),
    message: "somebody's home folder: write the path relative to the tree, or use ~",
  },
  {
    pattern: pieces(AT_START, "/ro", String.raw`ot/[\w.]`),
    message: "root's home folder: write the path relative to the tree, or use ~",
  },
  {
    pattern: pieces(
      String.raw`\b(?:reg`,
      String.raw`istry\.(?:npm`,
      String.raw`js\.org|npm`,
      String.raw`mirror\.com|yarn`,
      String.raw`pkg\.com)|npm\.pkg\.git`,
      String.raw`hub\.com)\b`,
    ),
    message: "the host of a package registry: leave the choice to each machine's npm settings",
  },
  {
    pattern: pieces(
      String.raw`\b(?:arti`,
      String.raw`factory|jf`,
      String.raw`rog|code`,
      String.raw`artifact|verd`,
      String.raw`accio|nexus3?/repo`,
      String.raw`sitory)\b`,
    ),
    message: "a private package mirror: leave the choice to each machine's npm settings",
  },
  {
    pattern: pieces(String.raw`\b(?:DES`, "IGN|findings-[a-z]+|style-mod", String.raw`els)\.md\b`),
    message: "a document that is not in this tree: say here what it says",
  },
  {
    pattern: pieces(String.raw`\b(?:anth`, "ropic|clau", "de|chat", String.raw`gpt)\b`),
    message: "a tool that somebody writes with: what the tree says stands without it",
  },
];

/** Nothing in the tree speaks of the place where it was written. */
export const words: Rule = {
  name: "words",
  check: (tree) =>
    tree.files
      .filter((file) => file.isText)
      .flatMap((file) =>
        PATTERNS.flatMap(({ pattern, message }) =>
          [...file.text.matchAll(pattern)].map((match) => ({
            path: file.path,
            line: file.lineAt(match.index),
            message: `"${match[0]}" is ${message}`,
          })),
        ),
      ),
};
