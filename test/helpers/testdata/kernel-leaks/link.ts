import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AttachType, CollectionSpec } from "#ebpf/spec";
import { Collection, KernelAttacher } from "#ebpf";
import { createAnonymousNamespace } from "#netlink";

test("leaves a link attached", () => {
  const path = join(import.meta.dirname, "../../../../src/ebpf/testdata/empty.bpf.o");
  using collection = Collection.load(CollectionSpec.parse(readFileSync(path)), {
    programs: ["empty_sk_lookup"],
  });
  using namespace = createAnonymousNamespace("leak");
  const program = collection.program("empty_sk_lookup");
  new KernelAttacher().netns({
    namespaceFd: namespace.fd,
    attachType: AttachType.skLookup,
    program,
  });
});
