import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Collection, Program, renamePin, unpin } from "#ebpf";
import { CollectionSpec } from "#ebpf/spec";
import { bpfFolder } from "#test";

const PINS = bpfFolder();

const object = CollectionSpec.parse(
  readFileSync(join(import.meta.dirname, "testdata/empty.bpf.o")),
);

function words(...numbers: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(numbers).buffer);
}

test("a program that user space calls gets its argument, and answers in it", async () => {
  using collection = Collection.load(object, { programs: ["answer_syscall"] });
  const program = collection.program("answer_syscall");
  const argument = words(21, 0);
  assert.deepEqual(program.runSyscall(argument), { returnValue: 22, context: words(21, 42) });
  assert.deepEqual(argument, words(21, 0), "what was passed is the caller's");
  const runs = await Promise.all(
    [1, 2, 3].map((number) => program.runSyscallAsync(words(number, 0))),
  );
  assert.deepEqual(
    runs,
    [1, 2, 3].map((number) => ({ returnValue: number + 1, context: words(number, 2 * number) })),
  );
});

test("an argument that is too short for the program is refused", async () => {
  using collection = Collection.load(object, { programs: ["answer_syscall"] });
  const program = collection.program("answer_syscall");
  assert.throws(() => program.runSyscall(words(1)), /EINVAL.*/);
  await assert.rejects(program.runSyscallAsync(words(1)), /running program answer_syscall/);
});

test("a pin takes another's place at once", () => {
  using collection = Collection.load(object, { programs: ["empty_tc", "empty_xdp"] });
  const [old, fresh] = [join(PINS, "old"), join(PINS, "fresh")];
  collection.program("empty_tc").pin(old);
  collection.program("empty_xdp").pin(fresh);
  renamePin(fresh, old);
  using pinned = Program.openPinned(old);
  assert.deepEqual([pinned.name, existsSync(fresh)], ["empty_xdp", false]);
  unpin(old);
});
