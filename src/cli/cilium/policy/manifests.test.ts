import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Streams } from "../../program.ts";
import { badInputText, parseManifests, readManifests } from "./manifests.ts";

const parse = (text: string): ReturnType<typeof parseManifests> =>
  parseManifests(new TextEncoder().encode(text), "f.yaml");
const values = (text: string): unknown[] => parse(text).objects.map(({ value }) => value);
const complaints = (text: string): string[] => parse(text).bad.map(badInputText);

function streams(input = ""): Streams {
  const nothing = (): void => {};
  return { out: nothing, err: nothing, input: async () => new TextEncoder().encode(input) };
}

test("documents, JSON and Lists become objects, in order", () => {
  assert.deepEqual(values("a: 1\n---\n# nothing\n---\nb: 2\n"), [{ a: 1 }, { b: 2 }]);
  assert.deepEqual(values('{"kind": "List", "items": [{"kind": "Pod"}, {"a": 1}]}'), [
    { kind: "Pod" },
    { a: 1 },
  ]);
  assert.deepEqual(values("{kind: PodList, apiVersion: v1, items: [{metadata: {name: x}}]}"), [
    { kind: "Pod", apiVersion: "v1", metadata: { name: "x" } },
  ]);
  assert.deepEqual(values("\ufeffa: 1"), [{ a: 1 }]);
});

test("plain words are text, as in YAML 1.2", () => {
  assert.deepEqual(values("[yes, no, on, 2020-01-01, 0x10, true]"), [
    ["yes", "no", "on", "2020-01-01", 16, true],
  ]);
});

test("a field has a line, and a field that is not there that of the nearest above", () => {
  const [first, second] = parse(
    "a: 1\n---\nspec:\n  labels:\n    k8s:app.io/name: x\n    app: y\n  ingress:\n  - {}\n  - ports:\n    - 1\n",
  ).objects;
  assert.equal(first?.lineOf("a"), 1);
  const lines = [
    ["spec.labels.k8s:app.io/name", 5],
    ['spec.labels["k8s:app.io/name"]', 5],
    ["spec.labels.app", 6],
    ["spec.ingress[1].ports[0]", 10],
    ["spec.ingress[1].ports[0].port", 10],
    ["spec.ingress[7]", 7],
    ["spec.egress", 3],
    ["", 3],
  ] as const;
  for (const [path, line] of lines) assert.equal(second?.lineOf(path), line, path);
});

test("fields of a List's items have their own lines", () => {
  const { objects } = parse("kind: List\nitems:\n- a: 1\n- a: 1\n  b:\n  - c: 2\n");
  assert.deepEqual([objects[0]?.lineOf("a"), objects[1]?.lineOf("b[0].c")], [3, 6]);
});

test("aliases and merges are followed", () => {
  const text = "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: 2\n";
  assert.deepEqual(values(text), [{ a: { b: 1 }, c: { b: 1 }, d: { b: 1, e: 2 } }]);
  assert.equal(parse(text).objects[0]?.lineOf("c.b"), 2);
});

test("what is no YAML is told with its place, and leaves other documents alone", () => {
  assert.deepEqual(complaints("a: 1\nb:\n\tc: 1\n"), [
    'f.yaml:3:1: Tabs are not allowed as indentation: "c: 1"',
  ]);
  const { objects, bad } = parse("a: 1\n---\nb: [1,\n---\nc: 1\n");
  assert.deepEqual(
    objects.map(({ value }) => value),
    [{ a: 1 }, { c: 1 }],
  );
  assert.equal(bad.length, 1);
});

test("the same key twice is an error", () => {
  assert.deepEqual(complaints("a:\n  b: 1\n  c: 2\n  b: 3\n"), [
    'f.yaml:4:3: the key "b" is here again, after line 2: "b: 3"',
  ]);
});

test("a key that is no text is an error", () => {
  assert.deepEqual(complaints("? {a: 1}\n: 2\n"), ['f.yaml:1:3: a key must be a text: "? {a: 1}"']);
});

test("bombs of aliases and depth go off nowhere", () => {
  const letters = "abcdefghi";
  const nine = (item: string): string => `[${Array.from({ length: 9 }, () => item).join()}]`;
  const bomb = letters.split("").map((name, index) => {
    const item = index === 0 ? "x" : `*${letters[index - 1] ?? ""}`;
    return `${name}: &${name} ${nine(item)}`;
  });
  assert.match(complaints(bomb.join("\n")).join(), /alias/);
  for (const text of ["[".repeat(100_000), "- ".repeat(10_000), "? ".repeat(10_000)]) {
    assert.match(complaints(text).join(), /more than 100 levels/);
  }
});

test("bytes that are no text are told as such", () => {
  const { bad } = parseManifests(new Uint8Array([0xff, 0xfe, 0x00]), "f");
  assert.deepEqual(bad.map(badInputText), ["f:1:1: this is not text in UTF-8"]);
  assert.equal(parseManifests(new Uint8Array([0x61, 0x00]), "f").bad.length, 1);
});

test("folders are read by name, and standard input once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-manifests-"));
  try {
    for (const name of ["b.yml", "a.json", "c.yaml", "d.txt"]) {
      writeFileSync(join(folder, name), `{"name": "${name}"}`);
    }
    const { objects } = await readManifests([folder, "-"], streams("a: 1"));
    assert.deepEqual(
      objects.map(({ value }) => value),
      [{ name: "a.json" }, { name: "b.yml" }, { name: "c.yaml" }, { a: 1 }],
    );
    assert.equal(objects.at(-1)?.file, "<stdin>");
    await assert.rejects(readManifests(["-", "-"], streams()), /once only/);
    const { files, unreadable } = await readManifests([join(folder, "none"), "-"], streams());
    assert.deepEqual(files, ["<stdin>"]);
    assert.match(unreadable.join(), /no such file/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
