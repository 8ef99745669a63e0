import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "#base";
import { Collection, type KernelMap, type Program } from "#ebpf";
import { CollectionSpec } from "#ebpf/spec";
import { withNamespace } from "#netlink";
import { packet } from "#packet";
import { root } from "../../tools/lib/files.ts";
import type { DatapathNode, Pod } from "./node.ts";

const OBJECT = join(root, "bench/datapath/rotate.bpf.o");
/** `struct __sk_buff`, and the device that the packet is at. */
const CONTEXT_BYTES = 192;
const IFINDEX_AT = 40;
const HTTP = 80;
const DROP = 2;
const FIRST_PORT = 1024;
/** Divides no number of flows, so that all of them come, in an order that no cache foresees. */
const STRIDE = 7919;

/** Flows of one pod: each from another port or to another address. */
export interface FlowSet {
  readonly count: number;
  /** Addresses in a row, from that of the first peer on. */
  readonly peers: number;
  readonly firstAddress: number;
}

export function loadRotation(): Collection {
  return Collection.load(CollectionSpec.parse(readFileSync(OBJECT), "rotate.bpf.o"));
}

/** Runs `from_pod` on made-up packets of the first pod of a node, each of another flow. */
export class Rotation {
  readonly #node: DatapathNode;
  readonly #collection: Collection;
  readonly #pod: Pod;
  readonly #context = new Uint8Array(CONTEXT_BYTES);

  /** Borrows both. */
  constructor(node: DatapathNode, collection: Collection) {
    this.#node = node;
    this.#collection = collection;
    this.#pod = node.pod(0);
    new DataView(this.#context.buffer).setUint32(IFINDEX_AT, this.#pod.slot, true);
  }

  /** To the other pods of the node. */
  toPods(count: number): FlowSet {
    const peers = this.#node.pods.length - 1;
    return { count, peers, firstAddress: this.#node.pod(1).ipv4.word3 };
  }

  /** Of `packets` packets, what one costs over what the same costs with an empty program. */
  costNs(flag: "SYN" | "ACK", flows: FlowSet, packets: number = flows.count): number {
    const withProgram = this.run(flag, flows, packets);
    return withProgram - this.#run(this.#collection.program("pass"), flag, flows, packets);
  }

  /** The same with the rig's own cost in it; for what cannot be repeated at once. */
  run(flag: "SYN" | "ACK", flows: FlowSet, packets: number = flows.count): number {
    return this.#run(this.#node.datapath.collection.program("from_pod"), flag, flows, packets);
  }

  #run(program: Program, flag: "SYN" | "ACK", flows: FlowSet, packets: number): number {
    setFirst(this.#collection.map("measured"), [program.fd]);
    const { count, peers, firstAddress } = flows;
    const step = STRIDE % count;
    setFirst(this.#collection.map("rotations"), [0, step, count, peers, firstAddress, FIRST_PORT]);
    const data = packet()
      .ethernet({ source: this.#pod.mac, destination: this.#pod.hostMac })
      .ipv4({ source: this.#pod.ipv4, destination: this.#node.pod(1).ipv4 })
      .tcp({ sourcePort: FIRST_PORT, destinationPort: HTTP, flags: [flag] })
      .build();
    const rotate = this.#collection.program("rotate");
    const run = { data, context: this.#context, repeat: packets };
    const { returnValue, durationNs } = withNamespace(this.#node.namespace, () =>
      rotate.testRun(run),
    );
    assert(returnValue !== DROP, "packets that are measured pass");
    return durationNs;
  }
}

/** Writes the first element of an array, which is of 32-bit numbers. */
function setFirst(map: KernelMap, words: readonly number[]): void {
  map.update(new Uint8Array(4), new Uint8Array(Uint32Array.from(words).buffer));
}
