import type { Rule } from "./rules.ts";
import { type ImportTable, importTable } from "./table.ts";
import type { Tree } from "./tree.ts";

export const ARCHITECTURE_PATH = "ARCHITECTURE.md";
const BEGIN = "<!-- import table -->";
const END = "<!-- /import table -->";
const MAX_WIDTH = 96;
const UPDATE = "run npm run tidy -- --write";

/**
 * The import table as aligned text, which GitHub and a terminal show alike:
 *
 *     module    pure  packages      imports
 *     base      yes   -             -
 *     statedb   yes   sorted-btree  base
 */
export function drawTable(table: ImportTable): string {
  const rank = (name: string): number => table.order.indexOf(name.split("/")[0] ?? "");
  const inOrder = (a: string, b: string): number => rank(a) - rank(b) || (a < b ? -1 : 1);
  const rows = Object.entries(table.modules)
    .toSorted(([a], [b]) => inOrder(a, b))
    .map(([name, { isPure, packages, doors }]) => [
      name,
      isPure ? "yes" : "",
      packages.join(", ") || "-",
      doors.toSorted(inOrder).join(" ") || "-",
    ]);
  const all = [["module", "pure", "packages", "imports"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const indent = widths.reduce((sum, width) => sum + width + 2, 0);
  const lines = all.map((row) => {
    const cells = row.slice(0, 3).map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2));
    return (cells.join("") + wrap(row[3] ?? "", MAX_WIDTH - indent, indent)).trimEnd();
  });
  return lines.join("\n");
}

function wrap(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** What stands between the markers. */
function block(table: ImportTable): string {
  return `${BEGIN}\n\`\`\`text\n${drawTable(table)}\n\`\`\`\n${END}`;
}

/** ARCHITECTURE.md with the table as it is now; undefined where there is no place for it. */
export function updateArchitecture(text: string, table: ImportTable): string | undefined {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin);
  if (begin === -1 || end === -1) return undefined;
  return text.slice(0, begin) + block(table) + text.slice(end + END.length);
}

export function diagramRule(table: ImportTable): Rule {
  return {
    name: "diagram",
    check(tree: Tree) {
      const file = tree.get(ARCHITECTURE_PATH);
      const at = (line: number, message: string) => [{ path: ARCHITECTURE_PATH, line, message }];
      if (file === undefined) {
        return at(1, `there is no ${ARCHITECTURE_PATH}: write it, with ${BEGIN} and ${END} in it`);
      }
      const updated = updateArchitecture(file.text, table);
      if (updated === undefined) {
        return at(1, `no place for the import table: put ${BEGIN} and ${END} in, and ${UPDATE}`);
      }
      if (updated === file.text) return [];
      return at(
        file.lineOf(new RegExp(BEGIN)),
        `the import table here is not the one in force: ${UPDATE}`,
      );
    },
  };
}

export const diagram: Rule = diagramRule(importTable);
