import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { escapeControls, quote } from "#base";
import { property } from "#test";

test("control characters are shown, not obeyed", () => {
  assert.equal(escapeControls("a\nb\tc"), "a\\nb\\tc");
  assert.equal(escapeControls("\u001b[31m\u009b2J\u007f"), "\\u001b[31m\\u009b2J\\u007f");
  assert.equal(escapeControls("a\u202eb\u2028c"), "a\\u202eb\\u2028c");
  assert.equal(escapeControls("Zürich 東京 ✓"), "Zürich 東京 ✓");
});

test("a quoted text is in quotes, escaped once, and cut", () => {
  assert.equal(quote('say "hi"\n'), '"say \\"hi\\"\\n"');
  assert.equal(quote("x".repeat(64)), `"${"x".repeat(64)}"`);
  assert.equal(quote("x".repeat(65)), `"${"x".repeat(64)}…"`);
});

// Half surrogate pairs among them.
const anyUnit = fc.nat(0xffff).map((code) => String.fromCharCode(code));

property(
  "no text makes a second line or reaches the terminal raw",
  fc.string({ unit: fc.oneof(anyUnit, fc.constantFrom("\u0085", "\u2028", "\n")), maxLength: 100 }),
  (text) => {
    // oxlint-disable-next-line no-control-regex
    const raw = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
    assert.doesNotMatch(escapeControls(text), raw);
    assert.doesNotMatch(quote(text), raw);
  },
);
