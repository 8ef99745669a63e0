import assert from "node:assert/strict";
import { test } from "node:test";
import { cpioArchive } from "./cpio.ts";

/** Reads an archive back, by the format's own words: name, mode in octal, contents. */
function list(archive: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < archive.length; ) {
    assert.equal(archive.toString("latin1", at, at + 6), "070701");
    const field = (index: number): number =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = archive.toString("utf8", at + 110, at + 110 + nameSize - 1);
    const start = (at + 110 + nameSize + 3) & ~3;
    found.push(
      `${name} ${mode.toString(8)} ${archive.toString("utf8", start, start + size)}`.trimEnd(),
    );
    at = (start + size + 3) & ~3;
  }
  return found;
}

test("an archive has each entry with its folders before it, once, and its end", () => {
  const archive = cpioArchive([
    { kind: "file", path: "bin/a/tool", contents: Buffer.from("12345"), mode: 0o755 },
    { kind: "symlink", path: "bin/a/link", target: "tool" },
    { kind: "folder", path: "proc" },
    { kind: "file", path: "init", contents: Buffer.from("") },
  ]);
  assert.deepEqual(list(archive), [
    "bin 40755",
    "bin/a 40755",
    "bin/a/tool 100755 12345",
    "bin/a/link 120777 tool",
    "proc 40755",
    "init 100644",
    "TRAILER!!! 0",
  ]);
});
