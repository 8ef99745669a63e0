import { openSync } from "node:fs";
import { test } from "node:test";

test("leaves a file open", () => {
  openSync(import.meta.filename, "r");
});
