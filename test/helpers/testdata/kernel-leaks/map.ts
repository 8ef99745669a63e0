import { test } from "node:test";
import { KernelMap } from "#ebpf";

test("leaves a map open", () => {
  KernelMap.create({ name: "leak", type: 1, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 });
});
