import { open } from "node:fs/promises";
import { test } from "node:test";

test("leaves a file handle open", async () => {
  Object.assign(globalThis, { kept: await open(import.meta.filename) });
});
