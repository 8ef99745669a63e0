import assert from "node:assert/strict";
import { test } from "node:test";
import { findNamed, namedFiles } from "./named.ts";

const paths = ["src/b/tables.soak.ts", "test/soak/fuzz.soak.ts", "src/b/tables.test.ts"];

test("a file's name is its last part without the ending", () => {
  assert.deepEqual(namedFiles(paths, ".soak.ts"), [
    { name: "fuzz", path: "test/soak/fuzz.soak.ts" },
    { name: "tables", path: "src/b/tables.soak.ts" },
  ]);
});

test("two files of one name are refused", () => {
  assert.throws(
    () => namedFiles([...paths, "x/tables.soak.ts"], ".soak.ts"),
    /src\/b\/tables\.soak\.ts and x\/tables\.soak\.ts have the same name/,
  );
});

test("an unknown name gets a sentence with those there are, as wrong usage", () => {
  const files = namedFiles(paths, ".soak.ts");
  assert.equal(findNamed(files, "soak", "fuzz").path, "test/soak/fuzz.soak.ts");
  assert.throws(() => findNamed(files, "soak", "fuz"), {
    code: "usage",
    message: "There is no soak fuz: there are fuzz, tables.",
  });
  assert.throws(() => findNamed([], "soak", "x"), { message: /there are none yet/ });
});
