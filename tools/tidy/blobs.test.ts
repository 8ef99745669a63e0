import assert from "node:assert/strict";
import { test } from "node:test";
import { blobRule, blobs } from "./blobs.ts";
import { findingsIn } from "./plant.ts";

const LIMIT = 512 * 1024;

test("a large file is a finding, the lock file and small files are not", () => {
  const texts = {
    "docs/film.bin": "x".repeat(LIMIT + 1),
    "docs/picture.bin": "x".repeat(LIMIT),
    "package-lock.json": "x".repeat(2 * LIMIT),
  };
  const [says = "", ...more] = findingsIn(blobs, texts);
  assert.match(says, /^docs\/film\.bin:1: 513 KiB, and 512 is the most: make it when it is needed/);
  assert.deepEqual(more, []);
});

test("a tree without large files has no findings, nor has one that is allowed", () => {
  assert.deepEqual(findingsIn(blobs, { "src/base/index.ts": "export {};" }), []);
  const rule = blobRule([{ path: /^bpf\/obj\//, reason: "compiled" }]);
  assert.deepEqual(findingsIn(rule, { "bpf/obj/pod.o": "x".repeat(LIMIT + 1) }), []);
});
