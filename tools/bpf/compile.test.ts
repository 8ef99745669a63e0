import assert from "node:assert/strict";
import { test } from "node:test";
import { includedFiles } from "./compile.ts";

test("the project's files are taken out of the rule for make", () => {
  const rule =
    "x.o: bpf/pod.bpf.c ./bpf/lib/b.h bpf/lib/a.h \\\n  /usr/include/linux/bpf.h bpf/lib/a.h\n";
  assert.deepEqual(includedFiles(rule), ["bpf/lib/a.h", "bpf/lib/b.h", "bpf/pod.bpf.c"]);
});
