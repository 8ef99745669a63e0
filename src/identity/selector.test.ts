import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "#base";
import type { LabelSelector } from "#kube/types";
import { Labels } from "./labels.ts";
import { parseSelectorKey } from "./requirement.ts";
import { Selector } from "./selector.ts";
import { SelectorError } from "./selector-error.ts";
import { MAX_SELECTOR_LABELS } from "./selector-syntax.ts";

const web = Labels.parse("k8s:app=web", "k8s:io.kubernetes.pod.namespace=shop");

test("a key names its source, or means any", () => {
  assert.deepEqual(parseSelectorKey("app"), { source: "any", key: "app" });
  assert.deepEqual(parseSelectorKey("k8s:app"), { source: "k8s", key: "app" });
  assert.deepEqual(parseSelectorKey("any:app"), { source: "any", key: "app" });
  assert.deepEqual(parseSelectorKey("k8s.app"), { source: "any", key: "k8s.app" });
  assert.deepEqual(parseSelectorKey("reserved.host"), { source: "reserved", key: "host" });
  assert.deepEqual(parseSelectorKey("reserved:host"), { source: "reserved", key: "host" });
  assert.deepEqual(parseSelectorKey("$host"), { source: "reserved", key: "host" });
});

test("an empty selector selects everyone", () => {
  const selector = Selector.fromKube({});
  assert.ok(selector.isEmpty);
  assert.ok(selector.matches(web));
  assert.ok(selector.matches(Labels.empty));
  assert.equal(selector, Selector.all);
});

const CASES: readonly [name: string, selector: LabelSelector, isMatch: boolean][] = [
  ["a label of any source", { matchLabels: { app: "web" } }, true],
  ["a label of its source", { matchLabels: { "k8s:app": "web" } }, true],
  ["another source", { matchLabels: { "container:app": "web" } }, false],
  ["another value", { matchLabels: { app: "db" } }, false],
  ["one of two labels", { matchLabels: { app: "web", tier: "x" } }, false],
  ["In", { matchExpressions: [{ key: "app", operator: "In", values: ["a", "web"] }] }, true],
  ["NotIn", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }, false],
  [
    "NotIn of a label not there",
    { matchExpressions: [{ key: "x", operator: "NotIn", values: ["y"] }] },
    true,
  ],
  ["Exists", { matchExpressions: [{ key: "app", operator: "Exists" }] }, true],
  ["DoesNotExist", { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] }, false],
  [
    "DoesNotExist of a label not there",
    { matchExpressions: [{ key: "x", operator: "DoesNotExist" }] },
    true,
  ],
  [
    "two that contradict",
    { matchLabels: { app: "web" }, matchExpressions: [{ key: "app", operator: "DoesNotExist" }] },
    false,
  ],
];
for (const [name, selector, isMatch] of CASES) {
  test(`selecting: ${name}`, () => assert.equal(Selector.fromKube(selector).matches(web), isMatch));
}

test("many values are looked up as few are", () => {
  const values = Array.from({ length: 50 }, (_, index) => `v${index}`);
  const selector = Selector.fromKube({ matchExpressions: [{ key: "a", operator: "In", values }] });
  assert.ok(selector.matches(Labels.parse("k8s:a=v49")));
  assert.ok(!selector.matches(Labels.parse("k8s:a=v50")));
});

test("a selector has one text however it is written", () => {
  const text = "any:app in (a, b) && any:tier exists";
  const one = Selector.fromKube({
    matchExpressions: [
      { key: "tier", operator: "Exists" },
      { key: "app", operator: "In", values: ["b", "a", "b"] },
      { key: "tier", operator: "Exists", values: [] },
    ],
  });
  assert.equal(one.text, text);
  const viaLabels = Selector.fromKube({ matchLabels: { x: "1" } });
  const viaIn = Selector.fromKube({
    matchExpressions: [{ key: "x", operator: "In", values: ["1"] }],
  });
  assert.equal(viaLabels.text, viaIn.text);
  assert.notEqual(Selector.fromKube({ matchLabels: { "k8s:x": "1" } }).text, viaIn.text);
});

test("conditions are added", () => {
  const selector = Selector.fromKube({ matchLabels: { app: "web" } });
  const scoped = selector.and([
    { source: "k8s", key: "io.kubernetes.pod.namespace", operator: "In", values: ["other"] },
  ]);
  assert.ok(selector.matches(web));
  assert.ok(!scoped.matches(web));
  assert.ok(scoped.mentions("k8s", "io.kubernetes.pod.namespace"));
  assert.ok(!scoped.mentions("reserved"));
});

test("all keys may be of one source", () => {
  const selector = Selector.fromKube({ matchLabels: { app: "web" } }, { source: "container" });
  assert.ok(!selector.matches(web));
  assert.ok(selector.matches(Labels.parse("container:app=web")));
});

const BAD: readonly [selector: LabelSelector, code: string, message: RegExp][] = [
  [{ matchLabels: { "a b": "x" } }, "selector-key", /^matchLabels\["a b"\]: "a b" is no label key/],
  [{ matchLabels: { "": "x" } }, "selector-key", /has no name/],
  [{ matchLabels: { "k8s:": "x" } }, "selector-key", /has no name/],
  [{ matchLabels: { "UPPER.io/x": "x" } }, "selector-key", /DNS name in lower case/],
  [{ matchLabels: { "a/b/c": "x" } }, "selector-key", /one '\/' at most/],
  [{ matchLabels: { ["x".repeat(64)]: "x" } }, "selector-key", /more than 63/],
  [{ matchLabels: { a: "-x" } }, "selector-value", /^matchLabels\["a"\]: "-x" is no label value/],
  [{ matchLabels: { a: "x".repeat(64) } }, "selector-value", /at most 63/],
  [
    { matchExpressions: [{ key: "a", operator: "Near", values: ["x"] }] },
    "selector-operator",
    /^matchExpressions\[0\]\.operator: "Near" is no operator; there are In, NotIn/,
  ],
  [
    { matchExpressions: [{ key: "a", operator: "In" }] },
    "selector-values",
    /^matchExpressions\[0\]\.values: In needs a value/,
  ],
  [
    { matchExpressions: [{ key: "a", operator: "NotIn", values: [] }] },
    "selector-values",
    /NotIn needs/,
  ],
  [
    { matchExpressions: [{ key: "a", operator: "Exists", values: ["x"] }] },
    "selector-values",
    /Exists takes no values/,
  ],
  [
    { matchExpressions: [{ key: "a", operator: "In", values: ["ok", "x y"] }] },
    "selector-value",
    /^matchExpressions\[0\]\.values\[1\]: "x y"/,
  ],
];
for (const [selector, code, message] of BAD) {
  test(`refused: ${JSON.stringify(selector).slice(0, 70)}`, () => {
    assert.throws(
      () => Selector.fromKube(selector),
      (error) => {
        assert.ok(error instanceof SelectorError && error instanceof AppError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("ten thousand labels are the most", () => {
  const matchLabels: Record<string, string> = {};
  for (let index = 0; index < MAX_SELECTOR_LABELS; index++) matchLabels[`k${index}`] = "v";
  assert.equal(Selector.fromKube({ matchLabels }).requirements.length, MAX_SELECTOR_LABELS);
  assert.throws(
    () => Selector.fromKube({ matchLabels: { ...matchLabels, more: "v" } }),
    /names 10001 labels and values; 10000 are the most/,
  );
});
