import { entryPoints } from "../lib/entry-points.ts";
import { EVERY_NAME } from "./parse.ts";
import { CODE_FOLDERS, isDoor, isRunByName, isTestData, resolve } from "./places.ts";
import type { Problem, Rule } from "./rules.ts";
import type { Tree, TreeFile } from "./tree.ts";

/** Files that a tool loads by their name: its settings, and types that the compiler picks up. */
const LOADED_BY_NAME = /(?:\.config\.[cm]?[jt]s|\.d\.ts)$/;
/** The rules' own tests name files of trees that are not this one. */
const PLANTED_TREES = "tools/tidy/";

/** Every file of code is there for something that runs. */
export function deadFileRule(programs: readonly string[]): Rule {
  return {
    name: "dead-files",
    check(tree) {
      const live = liveFiles(tree, programs);
      return codeFiles(tree)
        .filter(({ path }) => !live.has(path))
        .map(({ path }) => ({
          path,
          line: 1,
          message:
            "nothing that runs comes to this file: import it (a test beside it is enough), name " +
            "it in tools/lib/entry-points.ts or tools/bootstrap.mjs, or delete it",
        }));
    },
  };
}

/** Every export is there for another file; tests count, and so do the types of a door. */
export function unusedExportRule(programs: readonly string[]): Rule {
  return { name: "unused-exports", check: (tree) => findUnused(tree, programs) };
}

function findUnused(tree: Tree, programs: readonly string[]): Problem[] {
  const used = usedNames(tree, programs);
  const isUnused = (path: string, name: string): boolean => {
    const names = used.get(path);
    if (names?.has(name) || names?.has(EVERY_NAME)) return false;
    return name !== "default" || !isRoot(path);
  };
  // A dead file has one finding already.
  const live = liveFiles(tree, programs);
  const problems: Problem[] = [];
  /** Where an unused name comes from, as `path name`: one finding, at the door, says it all. */
  const told = new Set<string>();
  const tell = (file: TreeFile, offset: number, message: string): void => {
    problems.push({ path: file.path, line: file.lineAt(offset), message });
  };
  const files = codeFiles(tree).filter(({ path }) => live.has(path));
  for (const file of files) {
    for (const { name, source, offset } of file.parsed.exports) {
      if (source === undefined || !isUnused(file.path, name)) continue;
      const origin = resolve(file.path, source.specifier) ?? "";
      const isIdle = tree.has(origin) && isUnused(origin, source.name);
      told.add(`${origin} ${source.name}`);
      const more = isIdle ? `, and drop its export in ${origin}` : "";
      tell(
        file,
        offset,
        `no other file imports ${name} from here: take it out of this list${more}`,
      );
    }
  }
  for (const file of files) {
    for (const { name, source, offset } of file.parsed.exports) {
      if (source !== undefined || !isUnused(file.path, name)) continue;
      if (told.has(`${file.path} ${name}`)) continue;
      tell(file, offset, `no other file imports ${name}: drop the word export, or delete it`);
    }
  }
  return problems;
}

const programPaths = Object.values(entryPoints);
export const deadFiles: Rule = deadFileRule(programPaths);
export const unusedExports: Rule = unusedExportRule(programPaths);

function codeFiles(tree: Tree): TreeFile[] {
  return tree.code(...CODE_FOLDERS).filter(({ path }) => !isTestData(path));
}

function isRoot(path: string): boolean {
  return isRunByName(path) || LOADED_BY_NAME.test(path);
}

/** Files that package.json's scripts name. */
function scriptsOf(tree: Tree): string[] {
  const manifest = JSON.parse(tree.get("package.json")?.text ?? "{}") as {
    scripts?: Record<string, string>;
  };
  return Object.values(manifest.scripts ?? {}).flatMap((script) => script.split(/\s+/));
}

/** What can be come to from a program, a script or a test, by import or because a string names it. */
function liveFiles(tree: Tree, programs: readonly string[]): Set<string> {
  const live = new Set<string>();
  const queue = [...programs, ...scriptsOf(tree)];
  queue.push(...codeFiles(tree).flatMap(({ path }) => (isRoot(path) ? [path] : [])));
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = tree.get(path);
    if (file === undefined || !file.isCode || live.has(path)) continue;
    live.add(path);
    queue.push(...file.parsed.imports.map((each) => resolve(file.path, each.specifier) ?? ""));
    queue.push(...namedPaths(file));
  }
  return live;
}

/** Workers and child processes are started by path: from the root, or relative to the file. */
function namedPaths(file: TreeFile): string[] {
  if (file.path.startsWith(PLANTED_TREES)) return [];
  return file.parsed.codePaths.map((path) => resolve(file.path, path) ?? path);
}

/**
 * The names that somebody wants of each file. A name that a door passes on is wanted of the file
 * behind it only when somebody wants it of the door.
 */
function usedNames(tree: Tree, programs: readonly string[]): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  const want = (path: string, name: string): void => {
    const file = tree.get(path);
    if (file === undefined || !file.isCode) return;
    const names = used.get(path) ?? new Set();
    if (names.has(name)) return;
    names.add(name);
    used.set(path, names);
    passOn(file, name, want);
  };
  for (const file of codeFiles(tree)) {
    // The types in a door's signatures are part of it, whether anybody has named them yet or not.
    for (const { name, isType } of file.parsed.exports) {
      if (isType && isDoor(file.path)) want(file.path, name);
    }
    for (const { specifier, names } of file.parsed.imports) {
      const path = resolve(file.path, specifier);
      if (path === undefined || path === file.path) continue;
      for (const name of names) want(path, name);
    }
    for (const path of namedPaths(file)) {
      // Who starts a program takes nothing from it; other named files may be imported later.
      if (!programs.includes(path)) want(path, EVERY_NAME);
    }
  }
  return used;
}

function passOn(file: TreeFile, name: string, want: (path: string, name: string) => void): void {
  let isListed = false;
  for (const each of file.parsed.exports) {
    if (name !== EVERY_NAME && each.name !== name) continue;
    isListed = true;
    if (each.source === undefined) continue;
    const path = resolve(file.path, each.source.specifier);
    if (path !== undefined) want(path, each.source.name);
  }
  if (isListed && name !== EVERY_NAME) return;
  for (const specifier of file.parsed.starExports) {
    const path = resolve(file.path, specifier);
    if (path !== undefined) want(path, name);
  }
}
