// Runs a program on made-up packets and reads what it has counted: no device, no traffic.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Collection, perCpu, TypedMap } from "ciliate/ebpf";
import { CollectionSpec } from "ciliate/ebpf/spec";

const object = readFileSync(fileURLToPath(import.meta.resolve("ciliate/objects/events.bpf.o")));
const spec = CollectionSpec.parse(object, "events").setVariable("sample_every", 0);
const collection = Collection.load(spec);

// An Ethernet frame with an IPv4 packet that says it is UDP.
const packet = new Uint8Array(64);
packet.set([0x08, 0x00, 0x45], 12);
packet[23] = 17;
const { durationNs } = collection
  .program("observe_ingress")
  .testRun({ data: packet, repeat: 1000 });

const counters = new TypedMap(
  collection.map("counters"),
  spec.keyCodec("counters"),
  perCpu(spec.valueCodec("counters")),
);
for (const [key, cpus] of counters.entries()) {
  const packets = cpus.reduce((sum, cpu) => sum + cpu.packets, 0n);
  console.log(`protocol ${key.protocol}: ${packets} packets`);
}
console.log(`${durationNs} ns a packet`);
collection[Symbol.dispose]();
