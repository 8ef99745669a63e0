import assert from "node:assert/strict";
import { test } from "node:test";
import { diagramRule, drawTable, updateArchitecture } from "./diagram.ts";
import { findingsIn } from "./plant.ts";
import type { ImportTable } from "./table.ts";

const table: ImportTable = {
  order: ["base", "statedb", "cli"],
  modules: {
    cli: { doors: ["statedb", "base/log", "base"], packages: ["commander", "yaml"], isPure: false },
    "base/log": { doors: ["base"], packages: ["pino"], isPure: false },
    base: { doors: [], packages: [], isPure: true },
    statedb: { doors: ["base"], packages: [], isPure: true },
  },
};

const drawn = `\
module    pure  packages         imports
base      yes   -                -
base/log        pino             base
statedb   yes   -                base
cli             commander, yaml  base base/log statedb`;

const begin = "<!-- import table -->";
const end = "<!-- /import table -->";
const saysOf = (text: string): string[] =>
  findingsIn(diagramRule(table), { "ARCHITECTURE.md": text });

test("the table is drawn in the order of imports", () => {
  assert.equal(drawTable(table), drawn);
});

test("a long list of imports goes on under itself", () => {
  const names = Array.from({ length: 14 }, (_, number) => `neighbour${number}`);
  const modules = { last: { doors: names, packages: [], isPure: false } };
  const lines = drawTable({ order: names, modules }).split("\n");
  assert.equal(lines.length, 4);
  for (const line of lines) assert.ok(line.length <= 96, line);
  assert.match(lines[2] ?? "", /^ {24}neighbour\d/);
});

test("ARCHITECTURE.md with the table as it is has no findings", () => {
  const text = `# One\n\n${begin}\n\`\`\`text\n${drawn}\n\`\`\`\n${end}\n`;
  assert.deepEqual(saysOf(text), []);
  assert.equal(updateArchitecture(text, table), text);
});

test("ARCHITECTURE.md with another table, and how it is put right", () => {
  const text = `# One\n\n${begin}\nold\n${end}\nmore\n`;
  assert.deepEqual(saysOf(text), [
    "ARCHITECTURE.md:3: the import table here is not the one in force: run npm run tidy -- --write",
  ]);
  const updated = updateArchitecture(text, table) ?? "";
  assert.match(updated, /^# One\n\n.*```\n<!-- \/import table -->\nmore\n$/s);
  assert.deepEqual(saysOf(updated), []);
});

test("no ARCHITECTURE.md, or none with a place for the table", () => {
  assert.match(
    findingsIn(diagramRule(table), {}).join("\n"),
    /^ARCHITECTURE\.md:1: there is no ARCHITECTURE\.md: write it, with <!-- import table -->/,
  );
  assert.match(
    saysOf("# One\n").join("\n"),
    /^ARCHITECTURE\.md:1: no place for the import table: put/,
  );
});
