import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "#base";

/** The top of the tree, without a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** What a walk leaves out where there is no git to ask. */
const NOT_OURS = new Set([".git", "node_modules", "dist", ".cache"]);

/**
 * The project's files, as paths from the root: what git tracks and what is new and not ignored,
 * less what is deleted in the working tree; without git, all that are there.
 */
export function projectFiles(): string[] {
  const paths = new Set(gitFiles() ?? walk(""));
  return [...paths].filter((path) => existsSync(join(root, path))).toSorted();
}

function gitFiles(): string[] | undefined {
  if (!existsSync(join(root, ".git"))) return undefined;
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  try {
    const output = execFileSync("git", ["-c", "safe.directory=*", ...list], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return output.split("\0").filter((path) => path !== "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw AppError.wrap("listing the project's files", error);
  }
}

/** The files under a folder of the tree, which is given with a slash at its end. */
export function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = folder + entry.name;
    return entry.isDirectory() ? walk(`${path}/`) : [path];
  });
}

/** `.cache`, where the tools keep what they can make again. */
export function cacheFolder(): string {
  const folder = join(root, ".cache");
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw AppError.wrap("making the folder .cache", error);
  }
  return folder;
}

/**
 * A path as people give it, from the root: absolute ones, and those that begin with a dot, which
 * are from the folder that npm was called in. Other words stay as they are.
 */
export function fromRoot(word: string, folder: string = calledIn()): string {
  if (!isAbsolute(word) && !/^\.{1,2}(\/|$)/.test(word)) return word;
  return relative(root, resolve(folder, word));
}

/** The folder in which npm was called; npm itself always goes to the root. */
export function calledIn(): string {
  return process.env["INIT_CWD"] ?? process.cwd();
}
