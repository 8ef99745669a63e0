import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { staleBpfObjects } from "./objects.ts";
import { findingsIn } from "./plant.ts";

const SOURCE = "int program(void) { return 0; }";

function manifestOf(source: string, object: string): string {
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const entry = { sha256: hash(object), sources: { "bpf/pod.bpf.c": hash(source) } };
  return JSON.stringify({ compiler: "clang", flags: [], objects: { "pod.bpf.o": entry } });
}

test("an object of today's source is fine", () => {
  const tree = {
    "bpf/pod.bpf.c": SOURCE,
    "bpf/obj/pod.bpf.o": "object",
    "bpf/obj/MANIFEST.json": manifestOf(SOURCE, "object"),
  };
  assert.deepEqual(findingsIn(staleBpfObjects, tree), []);
});

test("a source that changed since, and one without an object, are told with what to do", () => {
  const tree = {
    "bpf/pod.bpf.c": `${SOURCE} // changed`,
    "bpf/new.bpf.c": SOURCE,
    "bpf/obj/pod.bpf.o": "object",
    "bpf/obj/MANIFEST.json": manifestOf(SOURCE, "object"),
  };
  assert.deepEqual(findingsIn(staleBpfObjects, tree), [
    'bpf/new.bpf.c:1: it has no object: run "npm run bpf" and commit what it changes',
    'bpf/pod.bpf.c:1: bpf/pod.bpf.c has changed since bpf/obj/pod.bpf.o was made: run "npm run bpf" and commit what it changes',
  ]);
});
