import { test } from "node:test";
import { findBpfFilesystem, KernelMap } from "#ebpf";

test("leaves a pin", () => {
  const shape = { name: "leak", type: 1, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 };
  using map = KernelMap.create(shape);
  map.pin(`${findBpfFilesystem()}/ciliate-leak-${process.pid}`);
});
