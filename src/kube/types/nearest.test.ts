import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearest } from "./nearest.ts";

test("distance counts letters added, dropped, changed and swapped", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("ports", "ports"), 0);
  assert.equal(editDistance("prots", "ports"), 1);
  assert.equal(editDistance("port", "ports"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

test("the nearest word is near, whatever the case", () => {
  const words = ["endpointSelector", "nodeSelector", "ingress", "egress"];
  assert.equal(nearest("endPointSelectors", words), "endpointSelector");
  assert.equal(nearest("ingres", words), "ingress");
  assert.equal(nearest("end", words), "endpointSelector");
  assert.equal(nearest("zebra", words), undefined);
  assert.equal(nearest("", words), undefined);
  assert.equal(nearest("x".repeat(1_000_000), words), undefined);
});
