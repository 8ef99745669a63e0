import type { Rule } from "./rules.ts";

/** A file larger than this makes every clone slower for good. */
const MAX_KIB = 512;

interface Allowance {
  path: RegExp;
  /** Why it must be in the tree, and as one file. */
  reason: string;
}

const ALLOWED: readonly Allowance[] = [
  { path: /^package-lock\.json$/, reason: "npm ci installs exactly what it lists" },
];

export function blobRule(allowed: readonly Allowance[]): Rule {
  return {
    name: "blobs",
    check: (tree) =>
      tree.files
        .filter(({ bytes }) => bytes > MAX_KIB * 1024)
        .filter(({ path }) => !allowed.some((each) => each.path.test(path)))
        .map(({ path, bytes }) => ({
          path,
          line: 1,
          message:
            `${Math.ceil(bytes / 1024)} KiB, and ${MAX_KIB} is the most: make it when it is ` +
            `needed, cut it down, or allow it with a reason in tools/tidy/blobs.ts`,
        })),
  };
}

export const blobs: Rule = blobRule(ALLOWED);
