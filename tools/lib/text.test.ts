import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { describeFailure } from "./failure.ts";
import { root } from "./files.ts";
import { lineSplitter } from "./process.ts";
import { table } from "./table.ts";

test("a table sets its columns under each other, with no blanks at line ends", () => {
  const text = table(
    ["name", "size", ""],
    [
      ["a", "1,000", "met"],
      ["longer", "5", ""],
    ],
    "lrl",
  );
  assert.equal(text, "name     size\na       1,000  met\nlonger      5");
});

test("text in pieces comes out in lines, the last also without its end", () => {
  const lines: string[] = [];
  const { write, end } = lineSplitter((line) => lines.push(line));
  for (const piece of ["on", "e\ntw", "o\n\nthr", "ee"]) write(piece);
  end();
  end();
  assert.deepEqual(lines, ["one", "two", "", "three"]);
});

test("a failure is told with its causes, its own lines, and paths from the root", () => {
  const cause = new Error("inner");
  cause.stack = [
    "Error: inner",
    `    at own (file://${join(root, "src/a.ts")}:1:2)`,
    "    at node:internal/x:1:1",
    `    at lib (${join(root, "node_modules/x/y.js")}:1:1)`,
  ].join("\n");
  const text = describeFailure(new Error("outer", { cause }));
  assert.match(
    text,
    /^Error: outer\n[^]*\ncaused by: Error: inner\n {4}at own \(src\/a\.ts:1:2\)$/,
  );
  assert.ok(!text.includes(root));
});
