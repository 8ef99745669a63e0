import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the tree, without a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/**
 * The project's files, as paths from the root: what git tracks and what is new and not ignored,
 * less what is deleted in the working tree.
 */
export function projectFiles(): string[] {
  const output = execFileSync(
    "git",
    ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  const paths = new Set(output.split("\0").filter((path) => path !== ""));
  return [...paths].filter((path) => existsSync(join(root, path))).toSorted();
}
