import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArgs } from "node:util";
import { argumentProblem, counted, helpCall, wholeNumber } from "./command.ts";

test("whole numbers are decimal digits", () => {
  assert.equal(wholeNumber("--seed", "012"), 12);
  for (const text of ["", " 1", "-1", "1e3", "0x10", "1.5", "zwei"]) {
    assert.throws(() => wholeNumber("--seed", text), /--seed takes a whole number of at least 0/);
  }
  assert.throws(() => wholeNumber("--rounds", "0", 1), /of at least 1, not "0"/);
  assert.throws(
    () => wholeNumber("--seed", "9".repeat(20)),
    /takes a number up to 9007199254740991/,
  );
});

test("what Node says of arguments becomes one sentence", () => {
  const problem = (...args: string[]): string => {
    try {
      parseArgs({ args, options: { seed: { type: "string" } }, allowPositionals: true });
      return "";
    } catch (error) {
      return argumentProblem((error as Error).message);
    }
  };
  assert.equal(problem("--seed", "-1"), "--seed takes a value that does not begin with a dash");
  assert.equal(problem("--sed"), "Unknown option '--sed'");
  assert.match(problem("--seed"), /^Option '--seed <value>' argument missing$/);
});

test("the help is named as people call it", () => {
  assert.equal(helpCall("test"), '"npm test -- --help"');
  assert.equal(helpCall("check"), '"npm run check -- --help"');
  assert.equal(helpCall(undefined), "--help");
});

test("one is not many", () => {
  assert.deepEqual([counted(1, "file"), counted(0, "file")], ["1 file", "0 files"]);
});
