import { builtinModules } from "node:module";
import { at, checkTable, packagesOf } from "./check-table.ts";
import type { Import } from "./parse.ts";
import { CODE_FOLDERS, doorPath, isTest, isTestData, moduleOf, targetOf } from "./places.ts";
import type { Problem, Rule } from "./rules.ts";
import {
  compositionRoots,
  FFI,
  type ImportTable,
  importTable,
  TABLE_PATH,
  testRunners,
} from "./table.ts";
import type { Tree, TreeFile } from "./tree.ts";

/** Names without a slash: `fs/promises` reads as the package fs. */
const BUILTINS = new Set(builtinModules);
/** What tests beside sources may import beyond what their module may. */
const TEST_DOORS = ["base"];
const TEST_PACKAGES = ["fast-check"];

/** Modules import each other as the table says, through doors, and nothing else from outside. */
export function importRule(table: ImportTable): Rule {
  return { name: "imports", check: (tree) => checkImports(tree, table) };
}

export const imports: Rule = importRule(importTable);

function checkImports(tree: Tree, table: ImportTable): Problem[] {
  const files = tree.code(...CODE_FOLDERS).filter(({ path }) => !isTestData(path));
  return [
    ...checkTable(tree, table),
    ...files.flatMap((file) => checkFile(file, tree, table)),
    ...findStale(files, tree, table),
  ];
}

function checkFile(file: TreeFile, tree: Tree, table: ImportTable): Problem[] {
  const { error, imports: found, environmentReads } = file.parsed;
  if (error !== undefined) {
    const message = `this does not parse (${error.message}): mend it, the rules cannot see it`;
    return [{ path: file.path, line: file.lineAt(error.offset), message }];
  }
  const module = moduleOf(file.path, tree, table);
  const problems: Problem[] = [];
  for (const each of found) {
    const message =
      mistakeAnywhere(file.path, each, tree, table) ??
      (module === undefined
        ? mistakeOutside(file.path, each, tree)
        : mistakeInModule(file.path, module, each, tree, table));
    if (message !== undefined) {
      problems.push({ path: file.path, line: file.lineAt(each.offset), message });
    }
  }
  const root = module?.split("/")[0];
  if (root === undefined || compositionRoots.includes(root) || isTest(file.path)) return problems;
  for (const offset of environmentReads) {
    problems.push({
      path: file.path,
      line: file.lineAt(offset),
      message:
        `${module} reads the environment: only ${compositionRoots.join(", ")} do, so make it an ` +
        `option that they pass in`,
    });
  }
  return problems;
}

/** What no file may do, wherever it is. */
function mistakeAnywhere(
  path: string,
  { specifier }: Import,
  tree: Tree,
  table: ImportTable,
): string | undefined {
  const target = targetOf(path, specifier);
  if (target.kind === "door" && !tree.has(doorPath(target.module))) {
    return (
      `${specifier} is no door: make ${doorPath(target.module)} and export what others need, or ` +
      `import the door of the module around it`
    );
  }
  if (target.kind === "test door" && !isTest(path) && !testRunners.includes(path)) {
    return `${specifier} is for tests: move what this needs into a module, or this into a test`;
  }
  if (target.kind === "package") {
    if (target.name === FFI.package && moduleOf(path, tree, table) !== FFI.module) {
      return (
        `only src/${FFI.module} may import ${FFI.package}: add the call to its Syscalls and ` +
        `import #${FFI.module}`
      );
    }
    if (BUILTINS.has(target.name))
      return `"${specifier}" is a part of Node: write node:${specifier}`;
  }
  return undefined;
}

function mistakeInModule(
  path: string,
  module: string,
  { specifier }: Import,
  tree: Tree,
  table: ImportTable,
): string | undefined {
  const entry = table.modules[module];
  // A module that is not in the table has one finding, not one for each import.
  if (entry === undefined) return undefined;
  const target = targetOf(path, specifier);
  if (target.kind === "relative") {
    return mistakeOfRelative(module, target.path, specifier, tree, table);
  }
  if (target.kind === "door") return mistakeOfDoor(path, module, target.module, table);
  if (target.kind === "node" && entry.isPure && !isTest(path)) {
    return `${module} is pure and may not import ${specifier}: pass in what it needs of it`;
  }
  if (target.kind !== "package" || entry.packages.includes(target.name)) return undefined;
  if (isTest(path) && TEST_PACKAGES.includes(target.name)) return undefined;
  return (
    `${module} may not import ${target.name}: add it to ${module}'s packages in ` +
    `${TABLE_PATH} if that is where it belongs`
  );
}

function mistakeOfDoor(
  path: string,
  module: string,
  door: string,
  table: ImportTable,
): string | undefined {
  const entry = table.modules[module];
  const mayTest = isTest(path) && (door === module || TEST_DOORS.includes(door));
  if (entry === undefined || entry.doors.includes(door) || mayTest) return undefined;
  if (door === module) {
    return `${module} imports its own door #${door}: import the file itself, by a relative path`;
  }
  const place = (name: string): number => table.order.indexOf(name.split("/")[0] ?? "");
  if (place(door) > place(module)) {
    return (
      `#${door} lies to the right of ${module} in the import order: imports point leftwards, so ` +
      `move what both need into a module left of them, or pass it in as an argument`
    );
  }
  if (entry.isPure && table.modules[door]?.isPure === false) {
    return `${module} is pure and #${door} is not: pass in what ${module} needs of it`;
  }
  return (
    `${module} may not import #${door}: add "${door}" to ${module}'s doors in ${TABLE_PATH} if ` +
    `it should`
  );
}

function mistakeOfRelative(
  module: string,
  target: string,
  specifier: string,
  tree: Tree,
  table: ImportTable,
): string | undefined {
  const other = moduleOf(target, tree, table);
  if (other === module) return undefined;
  if (other === undefined) {
    return `"${specifier}" leaves src/${module}: move what it names into a module and import its door`;
  }
  return `"${specifier}" leaves src/${module} for src/${other}: import its door, #${other}`;
}

/** Tools, tests and benchmarks may import any door and any package that is installed for them. */
function mistakeOutside(path: string, { specifier }: Import, tree: Tree): string | undefined {
  const target = targetOf(path, specifier);
  if (target.kind === "relative" && target.path.startsWith("src/")) {
    const folder = target.path.split("/")[1] ?? "";
    return (
      `"${specifier}" goes past a door: import #${folder}, and export there what is missing, or ` +
      `put this test beside its source`
    );
  }
  if (target.kind !== "package") return undefined;
  const folder = path.split("/")[0] ?? "";
  const kinds = ["dependencies", "devDependencies"] as const;
  const isInstalled =
    packagesOf(tree, kinds).has(target.name) ||
    packagesOf(tree, kinds, `${folder}/package.json`).has(target.name);
  if (isInstalled) return undefined;
  return `${target.name} is not in package.json: npm install --save-dev it, and say why in CONTRIBUTING.md`;
}

/** Permissions that nobody uses: they would let in tomorrow what nobody has asked about. */
function findStale(files: readonly TreeFile[], tree: Tree, table: ImportTable): Problem[] {
  const used = new Map<string, Set<string>>();
  for (const file of files) {
    const module = moduleOf(file.path, tree, table);
    if (module === undefined) continue;
    const words = used.get(module) ?? new Set();
    used.set(module, words);
    for (const { specifier } of file.parsed.imports) {
      const target = targetOf(file.path, specifier);
      if (target.kind === "door") words.add(`#${target.module}`);
      else if (target.kind === "package") words.add(target.name);
    }
  }
  const problems: Problem[] = [];
  for (const [module, { doors, packages }] of Object.entries(table.modules)) {
    const words = used.get(module);
    // A module without files has its own finding.
    if (words === undefined) continue;
    for (const word of [...doors.map((door) => `#${door}`), ...packages]) {
      if (words.has(word)) continue;
      problems.push(
        at(tree, module, `no file of ${module} imports ${word}: drop the word until one does`),
      );
    }
  }
  return problems;
}
