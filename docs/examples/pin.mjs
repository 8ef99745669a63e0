// A map and an attachment that outlive the process: run it twice, and the second run goes on where
// the first one stopped, with no packet in between uncounted. `node pin.mjs eth0 --remove` ends it.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Collection, KernelAttacher, perCpu, TypedMap, unpin } from "ciliate/ebpf";
import { CollectionSpec } from "ciliate/ebpf/spec";
import { openNetlink } from "ciliate/netlink";

const FOLDER = "/sys/fs/bpf/ciliate-example";
const [name = "lo", option] = process.argv.slice(2);
const netlink = openNetlink();
const device = netlink.links.get(name);
netlink[Symbol.dispose]();
if (device === undefined) throw new Error(`There is no device ${name}.`);

const isFirst = !existsSync(`${FOLDER}/counters`);
const object = readFileSync(fileURLToPath(import.meta.resolve("ciliate/objects/events.bpf.o")));
const spec = CollectionSpec.parse(object, "events").setMap("counters", { pinning: "byName" });
const collection = Collection.load(spec, { pinFolder: FOLDER });
const attachment = new KernelAttacher().tc({
  ifindex: device.index,
  direction: "ingress",
  program: collection.program("observe_ingress"),
  pin: `${FOLDER}/ingress`,
});

const counters = new TypedMap(
  collection.map("counters"),
  spec.keyCodec("counters"),
  perCpu(spec.valueCodec("counters")),
);
const all = [...counters.entries()].flatMap(([, cpus]) => cpus);
const packets = all.reduce((sum, cpu) => sum + cpu.packets, 0n);
console.log(isFirst ? "Counting from now on." : `${packets} packets since the first run.`);

if (option === "--remove") {
  attachment.detach();
  unpin(`${FOLDER}/counters`);
}
attachment[Symbol.dispose]();
collection[Symbol.dispose]();
