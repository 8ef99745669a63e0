import { doorPath, isTestData, moduleOf } from "./places.ts";
import type { Problem } from "./rules.ts";
import { FFI, type ImportTable, TABLE_PATH } from "./table.ts";
import type { Tree } from "./tree.ts";

/** What is wrong with the table by itself, whatever the files do: see table.ts for its rules. */
export function tableMistakes(table: ImportTable): { module: string; message: string }[] {
  const mistakes: { module: string; message: string }[] = [];
  for (const [name, module] of Object.entries(table.modules)) {
    const say = (message: string): void => {
      mistakes.push({ module: name, message });
    };
    const place = table.order.indexOf(outermost(name));
    if (place === -1) say(`${name} has no place in ORDER: put it there, right of what it imports`);
    for (const door of module.doors) {
      const neighbour = table.modules[door];
      if (neighbour === undefined) {
        say(`${name} may import #${door}, which is not in the table: add ${door} or drop the word`);
        continue;
      }
      if (place !== -1 && table.order.indexOf(outermost(door)) > place) {
        say(
          `${name} may import #${door}, which lies to its right: imports point leftwards, so ` +
            `move what both need into a module left of them, or pass it in as an argument`,
        );
      }
      if (module.isPure && !neighbour.isPure) {
        say(
          `${name} is pure and may import #${door}, which is not: split a pure door off ${door}, ` +
            `or pass in what ${name} needs of it`,
        );
      }
    }
    if (module.packages.includes(FFI.package) && name !== FFI.module) {
      say(`${name} may import ${FFI.package}: only ${FFI.module} may, so add the call there`);
    }
    const circle = findCircle(name, table);
    if (circle !== undefined) {
      say(`${circle.join(" → ")} is a circle: take out one of its imports`);
    }
  }
  return mistakes;
}

/** The way from a nested door or its module back to itself, which ORDER does not rule out. */
function findCircle(start: string, table: ImportTable): string[] | undefined {
  const seen = new Set<string>();
  const walk = (name: string, way: string[]): string[] | undefined => {
    for (const door of table.modules[name]?.doors ?? []) {
      if (door === start) return [...way, door];
      if (seen.has(door) || outermost(door) !== outermost(start)) continue;
      seen.add(door);
      const circle = walk(door, [...way, door]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  return walk(start, [start]);
}

/** Where the table and the tree do not agree: modules on one side only, packages not installed. */
export function checkTable(tree: Tree, table: ImportTable): Problem[] {
  const problems: Problem[] = tableMistakes(table).map(({ module, message }) =>
    at(tree, module, message),
  );
  const shipped = packagesOf(tree, ["dependencies"]);
  for (const [name, module] of Object.entries(table.modules)) {
    const isNested = name.includes("/");
    if (isNested ? !tree.has(doorPath(name)) : !tree.hasFolder(`src/${name}`)) {
      const what = isNested ? doorPath(name) : `src/${name}`;
      problems.push(at(tree, name, `${what} is not there: take ${name} out of the table`));
    }
    for (const each of module.packages) {
      if (shipped.has(each)) continue;
      problems.push(
        at(
          tree,
          name,
          `${name} may import ${each}, which is no dependency in package.json: npm install it ` +
            `there, or drop the word`,
        ),
      );
    }
  }
  return [...problems, ...checkFolders(tree, table)];
}

function checkFolders(tree: Tree, table: ImportTable): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const file of tree.code("src")) {
    if (isTestData(file.path)) continue;
    const module = moduleOf(file.path, tree, table);
    if (module === undefined) {
      problems.push({
        path: file.path,
        line: 1,
        message: "this file is in no module: move it into a module's folder in src/",
      });
    } else if (!seen.has(module)) {
      seen.add(module);
      if (Object.hasOwn(table.modules, module)) continue;
      const message = module.includes("/")
        ? `this index.ts makes src/${module} a door, and it is not in the import table: add ` +
          `"${module}" to ${TABLE_PATH}, or give the file another name`
        : `src/${module} is not in the import table: add "${module}" to ${TABLE_PATH}, in ORDER and ` +
          `in modules`;
      const path = module.includes("/") ? doorPath(module) : file.path;
      problems.push({ path, line: 1, message });
    }
  }
  return problems;
}

/** The packages that a manifest names: package.json at the root, or another. */
export function packagesOf(
  tree: Tree,
  kinds: readonly ("dependencies" | "devDependencies")[],
  path = "package.json",
): Set<string> {
  const text = tree.get(path)?.text ?? "{}";
  const manifest = JSON.parse(text) as Record<string, Record<string, string> | undefined>;
  return new Set(kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})));
}

/** A problem with a module's line in the table. */
export function at(tree: Tree, module: string, message: string): Problem {
  const entry = new RegExp(`^ *"?${module}"?: \\{`, "m");
  return { path: TABLE_PATH, line: tree.get(TABLE_PATH)?.lineOf(entry) ?? 1, message };
}

function outermost(module: string): string {
  return module.split("/")[0] ?? module;
}
