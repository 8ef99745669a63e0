import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, ConfigError, DecodeError, NotSupportedError } from "#base";

test("a wrapped error tells the whole way in its message and keeps code, fields and cause", () => {
  const inner = new DecodeError("unknown kind 77", 12, { fields: { kind: 77 } });
  const outer = AppError.wrap("loading pod.bpf.o", inner, { file: "pod.bpf.o" });
  assert.equal(outer.message, "loading pod.bpf.o: unknown kind 77 (at byte 12)");
  assert.equal(outer.code, "decode");
  assert.deepEqual(outer.fields, { kind: 77, offset: 12, file: "pod.bpf.o" });
  assert.equal(outer.cause, inner);
});

test("anything thrown can be wrapped", () => {
  assert.equal(AppError.wrap("reading", "a string").message, "reading: a string");
  assert.equal(AppError.wrap("reading", new TypeError("no")).code, "internal");
});

test("each kind says what one needs to know", () => {
  assert.equal(
    new ConfigError("hubble.ring", "must be a power of two").message,
    "hubble.ring: must be a power of two",
  );
  const missing = new NotSupportedError("tcx", "6.6");
  assert.equal(missing.message, "tcx is not supported here: it needs Linux 6.6 or later");
  assert.deepEqual(
    [missing.code, missing.minimumKernel, missing.fields["feature"]],
    ["not-supported", "6.6", "tcx"],
  );
  assert.equal(
    new NotSupportedError("bpf(2) on mips").message,
    "bpf(2) on mips is not supported here",
  );
});
