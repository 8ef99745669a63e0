import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSyscall, errnoName, isErrno, SyscallError } from "#sys";

test("an answer that is no error is itself", () => {
  assert.equal(checkSyscall(7, "opening"), 7);
});

test("an error says what was done, why not, and what one would have to be", () => {
  const error = new SyscallError("creating map flows", 1, { capability: "CAP_BPF" });
  assert.equal(
    error.message,
    "creating map flows: EPERM, not permitted; it needs CAP_BPF, which root has",
  );
  assert.throws(
    () => checkSyscall(-2, "opening pin", "CAP_BPF"),
    /^SyscallError: opening pin: ENOENT, there is no such thing$/,
  );
  assert.deepEqual([error.errno, error.errnoName, error.fields["errno"]], [1, "EPERM", "EPERM"]);
});

test("errors are told apart by name, also those that libc has no name for", () => {
  assert.equal(errnoName(524), "ENOTSUPP");
  assert.equal(errnoName(9999), "errno 9999");
  assert.ok(isErrno(new SyscallError("x", 17), "EBUSY", "EEXIST"));
  assert.ok(!isErrno(new SyscallError("x", 17), "EBUSY"));
  assert.ok(!isErrno(new Error("EEXIST"), "EEXIST"));
});
