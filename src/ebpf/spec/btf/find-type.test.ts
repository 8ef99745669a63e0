import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DecodeError } from "#base";
import { CollectionSpec } from "../object/collection.ts";
import { Btf } from "./btf.ts";
import { findTypeId } from "./find-type.ts";

const path = join(import.meta.dirname, "../../testdata/maps.bpf.o");
const blob = CollectionSpec.parse(readFileSync(path)).kernelBtf();

test("finds what decoding everything finds", () => {
  const btf = Btf.decode(blob);
  for (const [, { kind, name }] of btf.entries()) {
    if (name !== "") assert.equal(findTypeId(blob, kind, name), btf.find(kind, name), name);
  }
  assert.equal(findTypeId(blob, "struct", "no_such"), undefined);
  assert.equal(findTypeId(blob, "func", "flow"), undefined);
});

test("BTF cut off anywhere is an error", () => {
  for (let length = 0; length < blob.length; length += 7) {
    assert.throws(() => findTypeId(blob.subarray(0, length), "func", "no_such"), DecodeError);
  }
});
