import assert from "node:assert/strict";
import { test } from "node:test";
import { groups, objectNameOf, sourcesOf } from "./groups.ts";
import { type FileTree, formatManifest, type Manifest, staleObjects } from "./manifest.ts";

const MANIFEST: Manifest = {
  compiler: "clang 1",
  flags: ["-O2"],
  objects: {
    "pod.bpf.o": {
      sha256: "hash of object",
      sources: { "bpf/lib/parse.h": "hash of parse", "bpf/pod.bpf.c": "hash of pod" },
    },
  },
};

const FILES: Readonly<Record<string, string>> = {
  "bpf/pod.bpf.c": "pod",
  "bpf/lib/parse.h": "parse",
  "bpf/obj/pod.bpf.o": "object",
  "bpf/obj/MANIFEST.json": formatManifest(MANIFEST),
};

/** A tree in which a file's hash says what is in it. */
function treeOf(files: Readonly<Record<string, string | undefined>>): FileTree {
  const text = (path: string): string | undefined => files[path];
  return {
    paths: Object.keys(files).filter((path) => files[path] !== undefined),
    text,
    sha256: (path) => (text(path) === undefined ? undefined : `hash of ${text(path)}`),
  };
}

function staleIn(changes: Readonly<Record<string, string | undefined>>): string[] {
  return staleObjects(treeOf({ ...FILES, ...changes })).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

test("objects of today's sources are not stale", () => {
  assert.deepEqual(staleIn({}), []);
  assert.deepEqual(staleObjects(treeOf({})), []);
});

test("a changed source or header, or one that is gone, is told at the program", () => {
  const [changed = ""] = staleIn({ "bpf/lib/parse.h": "other" });
  assert.match(
    changed,
    /^bpf\/pod\.bpf\.c: bpf\/lib\/parse\.h has changed since bpf\/obj\/pod\.bpf\.o was made: run "npm run bpf"/,
  );
  assert.match(staleIn({ "bpf/lib/parse.h": undefined })[0] ?? "", /parse\.h, which is gone/);
});

test("an object that is missing or another is told", () => {
  assert.match(staleIn({ "bpf/obj/pod.bpf.o": undefined })[0] ?? "", /pod\.bpf\.o is missing/);
  assert.match(staleIn({ "bpf/obj/pod.bpf.o": "?" })[0] ?? "", /not what its manifest says/);
});

test("a program without an object and an object without a program are told", () => {
  assert.match(staleIn({ "bpf/new.bpf.c": "new" })[0] ?? "", /^bpf\/new\.bpf\.c: it has no object/);
  const [orphan = ""] = staleIn({ "bpf/pod.bpf.c": undefined });
  assert.match(orphan, /MANIFEST\.json: pod\.bpf\.o has no source any more/);
});

test("a manifest that is missing or none is told", () => {
  const path = "bpf/obj/MANIFEST.json";
  assert.match(staleIn({ [path]: undefined })[0] ?? "", /MANIFEST\.json is missing/);
  assert.match(staleIn({ [path]: "{" })[0] ?? "", /is no manifest/);
  assert.match(staleIn({ [path]: "{}" })[0] ?? "", /compiler, flags and objects are wanted/);
});

test("programs are right inside a group's folder, and objects are named after them", () => {
  const [group] = groups;
  assert.ok(group);
  const paths = ["bpf/a.bpf.c", "bpf/lib/b.bpf.c", "bpf/c.c", "bpf/obj/a.bpf.o", "cni/a.bpf.c"];
  assert.deepEqual(sourcesOf(group, paths), ["bpf/a.bpf.c"]);
  assert.equal(objectNameOf("bpf/a.bpf.c"), "a.bpf.o");
});
