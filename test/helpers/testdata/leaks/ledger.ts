import { test } from "node:test";
import { openResources } from "#base";

test("leaves something in the ledger", () => {
  openResources.opened("namespace", "lab-1");
});
