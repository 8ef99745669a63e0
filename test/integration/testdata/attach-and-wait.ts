// A process that attaches the observing program to a device with pins, says so, and goes on
// until it is killed. Started again, it takes over what the one before has left.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Collection, KernelAttacher } from "#ebpf";
import { CollectionSpec } from "#ebpf/spec";
import { openNamespace, withNamespace } from "#netlink";

const [object = "", namespacePath = "", device = "", pinFolder = ""] = process.argv.slice(2);

const spec = CollectionSpec.parse(readFileSync(object)).setMap("counters", { pinning: "byName" });
const collection = Collection.load(spec, { pinFolder });
const namespace = openNamespace(namespacePath);
withNamespace(namespace, () => {
  new KernelAttacher().tc({
    ifindex: Number(device),
    direction: "ingress",
    program: collection.program("observe_ingress"),
    pin: join(pinFolder, "ingress"),
  });
});
console.log(`attached ${collection.program("observe_ingress").info().id}`);
setInterval(() => {}, 1000);
