import assert from "node:assert/strict";
import { test } from "node:test";

import { tolerates, untolerated } from "./node.ts";
import { isSame } from "./same.ts";
import { type LabelSelector, matchesSelector } from "./selector.ts";
import { isSameTemplate, templateHash } from "./template.ts";
import { scaled } from "./workload.ts";

test("selectors select what Kubernetes says they do", () => {
  const labels = { app: "web", tier: "front" };
  const cases: [LabelSelector | undefined, boolean][] = [
    [undefined, false],
    [{}, true],
    [{ matchLabels: { app: "web" } }, true],
    [{ matchLabels: { app: "db" } }, false],
    [{ matchExpressions: [{ key: "app", operator: "In", values: ["web", "db"] }] }, true],
    [{ matchExpressions: [{ key: "none", operator: "In", values: [""] }] }, false],
    [{ matchExpressions: [{ key: "none", operator: "NotIn", values: ["x"] }] }, true],
    [{ matchExpressions: [{ key: "tier", operator: "Exists" }] }, true],
    [{ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }, false],
    [{ matchExpressions: [{ key: "tier", operator: "Unheard" }] }, false],
  ];
  for (const [selector, wanted] of cases) {
    assert.equal(matchesSelector(selector, labels), wanted, JSON.stringify(selector));
  }
});

test("tolerations tolerate by key, value and effect", () => {
  const taint = { key: "disk", value: "full", effect: "NoExecute" };
  assert.ok(tolerates({ operator: "Exists" }, taint));
  assert.ok(tolerates({ key: "disk", operator: "Exists", effect: "NoExecute" }, taint));
  assert.ok(tolerates({ key: "disk", value: "full" }, taint));
  assert.ok(!tolerates({ key: "disk" }, taint));
  assert.ok(!tolerates({ key: "disk", operator: "Exists", effect: "NoSchedule" }, taint));
  assert.equal(untolerated([taint], [], ["NoSchedule"]), undefined);
  assert.equal(untolerated([taint], [], ["NoExecute"]), taint);
});

test("shares of replicas are rounded up for the surge and down for what may be missing", () => {
  assert.equal(scaled("25%", 3, true), 1);
  assert.equal(scaled("25%", 3, false), 0);
  assert.equal(scaled(2, 3, false), 2);
  assert.equal(scaled("many", 3, true), 0);
});

test("templates are the same whatever their hash, and by their content", () => {
  const template = {
    metadata: { labels: { app: "web" } },
    spec: { containers: [{ name: "web" }] },
  };
  const labels = { app: "web", "pod-template-hash": "abc" };
  const marked = { ...template, metadata: { labels, creationTimestamp: null } };
  const other = { ...template, spec: { containers: [{ name: "db" }] } };
  assert.ok(isSameTemplate(template, marked));
  assert.ok(!isSameTemplate(template, other));
  assert.equal(templateHash(template), templateHash(marked));
  assert.notEqual(templateHash(template), templateHash(template, 1));
});

test("an empty object is not nothing, and an empty list is", () => {
  assert.ok(isSame({ a: [], b: null, c: undefined }, {}));
  assert.ok(!isSame({ emptyDir: {} }, {}));
  assert.ok(isSame({ a: 1, b: 2 }, { b: 2, a: 1 }));
});
