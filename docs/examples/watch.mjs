// Watches a device: `node watch.mjs eth0 [SECONDS]` prints each packet that the kernel sees there.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Collection, KernelAttacher, RingBuffer } from "ciliate/ebpf";
import { CollectionSpec } from "ciliate/ebpf/spec";
import { openNetlink } from "ciliate/netlink";

const [name = "lo", seconds = "5"] = process.argv.slice(2);
const netlink = openNetlink();
const device = netlink.links.get(name);
if (device === undefined) throw new Error(`There is no device ${name}.`);

const object = readFileSync(fileURLToPath(import.meta.resolve("ciliate/objects/events.bpf.o")));
const spec = CollectionSpec.parse(object, "events");
const collection = Collection.load(spec);
const attacher = new KernelAttacher();
const attachments = ["ingress", "egress"].map((direction) =>
  attacher.tc({
    ifindex: device.index,
    direction,
    program: collection.program(`observe_${direction}`),
  }),
);

const events = spec.valueCodec("events");
const ring = new RingBuffer(collection.map("events"));
const timer = setInterval(() => {
  ring.drain((record) => {
    const { direction, protocol, source_port, destination_port, length } = events.decode(record);
    const way = direction === 0 ? "in " : "out";
    console.log(
      `${way} protocol ${protocol}, ${source_port} > ${destination_port}, ${length} bytes`,
    );
  });
}, 1);

setTimeout(() => {
  clearInterval(timer);
  for (const attachment of attachments) attachment[Symbol.dispose]();
  ring[Symbol.dispose]();
  collection[Symbol.dispose]();
  netlink[Symbol.dispose]();
}, Number(seconds) * 1000);
