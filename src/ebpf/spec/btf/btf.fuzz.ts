import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DecodeError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { codecOf } from "../codec/codec.ts";
import type { ValueInput } from "../codec/node.ts";
import { findSection } from "../elf/elf-file.ts";
import { readElf } from "../elf/read-elf.ts";
import { Btf } from "./btf.ts";
import { forKernel } from "./object-btf.ts";

const MAX_CODECS = 16;
const MAX_CODEC_BYTES = 4096;

function corpus(): Uint8Array[] {
  return ["empty", "kfunc", "ring", "maps"].map((name) => {
    const path = join(import.meta.dirname, `../../testdata/${name}.bpf.o`);
    return findSection(readElf(readFileSync(path)), ".BTF")?.bytes ?? new Uint8Array(0);
  });
}

/** What a hostile type may end in. */
function orRefused(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

/** Values of any type read and write; unions of odd bools are where they may not come back. */
function tryCodec(btf: Btf, id: number): void {
  const codec = codecOf(btf, id);
  assert.equal(codec.size, btf.sizeOf(id));
  if (codec.size > MAX_CODEC_BYTES) return;
  const value = codec.decode(new Uint8Array(codec.size));
  assert.deepEqual(codec.encode(value as ValueInput), new Uint8Array(codec.size));
  codec.decode(new Uint8Array(codec.size).fill(0xff));
}

const target: FuzzTarget = defineFuzz({
  corpus,
  run(input) {
    const btf = Btf.decode(input);
    const again = Btf.decode(btf.encode());
    assert.equal(again.count, btf.count);
    assert.deepEqual(again.encode(), btf.encode());
    forKernel(btf, new Set(["kfunc"])).encode();
    const step = Math.max(1, Math.floor(btf.count / MAX_CODECS));
    for (const [id] of btf.entries()) {
      btf.describe(id);
      if (id % step === 0) orRefused(() => tryCodec(btf, id));
    }
  },
});
export default target;
