import { createHash } from "node:crypto";
import { staleObjects } from "../bpf/manifest.ts";
import type { Rule } from "./rules.ts";

/** Compiled programs are in the tree, so that nobody needs a compiler; they must be of its sources. */
export const staleBpfObjects: Rule = {
  name: "stale-objects",
  check: (tree) => {
    const hash = (contents: Buffer): string => createHash("sha256").update(contents).digest("hex");
    const stale = staleObjects({
      paths: tree.files.map(({ path }) => path),
      text: (path) => tree.get(path)?.text,
      sha256: (path) => {
        const file = tree.get(path);
        return file === undefined ? undefined : hash(file.contents);
      },
    });
    return stale.map(({ path, message }) => ({ path, line: 1, message }));
  },
};
