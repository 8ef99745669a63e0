import { posix } from "node:path";
import type { ImportTable } from "./table.ts";
import type { Tree } from "./tree.ts";

/** The folders with code that is compiled, linted and tested. */
export const CODE_FOLDERS = ["src", "tools", "test", "bench"] as const;

const TEST_NAME = /\.(?:test|fuzz|soak|bench)\.ts$/;
const TEST_DOOR = "#test";
const TEST_DOOR_PATH = "test/helpers/index.ts";

/** Tests, fuzzers, soaks and benchmarks: what a runner finds by name and nothing ships. */
export function isRunByName(path: string): boolean {
  return TEST_NAME.test(path);
}

export function isTest(path: string): boolean {
  return isRunByName(path) || path.startsWith("test/");
}

/** Data for tests, which may look like code and is not. */
export function isTestData(path: string): boolean {
  return path.split("/").includes("testdata");
}

export function doorPath(module: string): string {
  return `src/${module}/index.ts`;
}

export function isDoor(path: string): boolean {
  return (
    /^src\/.+\/index\.ts$/.test(path) || path === TEST_DOOR_PATH || path === "bench/lib/index.ts"
  );
}

/**
 * The module that a path in src/ belongs to: its outermost folder, or the innermost nested door
 * around it. Undefined for what is not in a folder of src/.
 */
export function moduleOf(path: string, tree: Tree, table: ImportTable): string | undefined {
  const [top, ...folders] = path.split("/").slice(0, -1);
  if (top !== "src" || folders.length === 0) return undefined;
  for (let depth = folders.length; depth > 1; depth--) {
    const name = folders.slice(0, depth).join("/");
    if (Object.hasOwn(table.modules, name) || tree.has(doorPath(name))) return name;
  }
  return folders[0];
}

type Target =
  | { kind: "door"; module: string }
  | { kind: "test door" }
  | { kind: "relative"; path: string }
  | { kind: "node"; name: string }
  | { kind: "package"; name: string };

/** What a specifier means, by the `imports` of package.json and Node's rules. */
export function targetOf(from: string, specifier: string): Target {
  if (specifier === TEST_DOOR) return { kind: "test door" };
  if (specifier.startsWith("#")) return { kind: "door", module: specifier.slice(1) };
  if (/^\.{1,2}(?:\/|$)/.test(specifier)) {
    return { kind: "relative", path: posix.join(posix.dirname(from), specifier) };
  }
  if (specifier.startsWith("node:")) return { kind: "node", name: specifier };
  const [scope = "", name = ""] = specifier.split("/");
  return { kind: "package", name: scope.startsWith("@") ? `${scope}/${name}` : scope };
}

/** The file of the tree that a specifier names, if it names one. */
export function resolve(from: string, specifier: string): string | undefined {
  const target = targetOf(from, specifier);
  if (target.kind === "door") return doorPath(target.module);
  if (target.kind === "test door") return TEST_DOOR_PATH;
  return target.kind === "relative" ? target.path : undefined;
}
