import {
  type FlowCounts,
  flowCountsCodec,
  type FlowEvent,
  flowEventsRing,
  fixedJiffiesVariable,
  fixedTimeNsVariable,
  type PodSettings,
  type Traffic,
  trafficCodec,
  TrafficDirection,
  type VariableAbi,
} from "#abi";
import { Scope } from "#base";
import { datapathMapAbis, makeDatapathMaps, readPodObject } from "#datapath";
import type { ModelStores } from "#datapath/model";
import {
  Collection,
  KernelAttacher,
  type KernelMap,
  perCpu,
  RingBuffer,
  type TestRunResult,
} from "#ebpf";
import { type CollectionSpec, type MapOptions } from "#ebpf/spec";
import {
  createAnonymousNamespace,
  createTun,
  type Namespace,
  openNetlink,
  type TunDevice,
  withNamespace,
} from "#netlink";
import { DatapathState } from "./state.ts";

type Hook = "from_pod" | "to_pod";

export interface RunOptions {
  /** The index of the device that a packet to a pod came in by; 0 for the host's own. */
  readonly cameBy?: number;
}

export interface Outcome {
  /** -1 continue, 2 drop, 7 redirect. */
  readonly action: number;
  readonly packet: Uint8Array;
  readonly mark: number;
  readonly events: readonly FlowEvent[];
  /** The same as the programs wrote them. */
  readonly rawEvents: readonly Uint8Array[];
}

/** What was counted since the rig was last cleared. */
interface Counts {
  readonly tcp: FlowCounts;
  readonly other: FlowCounts;
  /** By drop reason, 0 for what passes; what never occurred is left out. */
  readonly egress: ReadonlyMap<number, Traffic>;
  readonly ingress: ReadonlyMap<number, Traffic>;
}

export interface RigOptions {
  /** A pair of devices is made for each. */
  readonly slots: readonly number[];
  readonly settings?: PodSettings;
  readonly maps?: Readonly<Record<string, MapChange>>;
}

/** Also another type of map that works with the same calls. */
interface MapChange extends MapOptions {
  readonly type?: number;
}

const REASONS = 256;
/** `struct __sk_buff` */
const CONTEXT_BYTES = 192;
const MARK_AT = 8;
const CAME_BY_AT = 36;
const DEVICE_AT = 40;
/** `struct collection`: table, now, kept, removed. */
const COLLECTION_BYTES = 16;

/** Maps as small as tests need them: large ones take long to make. */
const SMALL: Readonly<Record<string, MapChange>> = {
  tcp_flows: { maxEntries: 4096 },
  other_flows: { maxEntries: 4096 },
  datagrams: { maxEntries: 1024 },
  policies: { maxEntries: 64 },
  policy_entries: { maxEntries: 4096 },
  ipcache: { maxEntries: 1024 },
  blocks: { maxEntries: 1024 },
  flow_events: { maxEntries: 1 << 16 },
};

const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

function readSpec({ settings = {}, maps = {} }: RigOptions): CollectionSpec {
  const spec = readPodObject().setVariables(settings);
  // A rig is nobody else's.
  for (const { name } of spec.maps) spec.setMap(name, { pinning: "none" });
  for (const [name, options] of Object.entries({ ...SMALL, ...maps })) spec.setMap(name, options);
  return spec;
}

/** What the programs have counted since a moment. */
type Totals = { readonly flows: readonly FlowCounts[]; readonly traffic: readonly Traffic[] };

/**
 * The programs of bpf/pod.bpf.c in the kernel, run on packets one at a time, at devices that are
 * there but that no packet ever crosses. Time stands where it was set.
 */
export class Rig implements Disposable {
  readonly state: DatapathState;
  readonly stores: ModelStores;
  readonly #scope: Scope;
  readonly #namespace: Namespace;
  readonly #collection: Collection;
  readonly #events: RingBuffer;
  #isInside = false;
  #since: Totals;

  constructor(options: RigOptions) {
    using scope = new Scope();
    this.#namespace = scope.use(createAnonymousNamespace("rig"));
    makeDevices(this.#namespace, options.slots);
    this.#collection = scope.use(Collection.load(readSpec(options)));
    this.#events = scope.use(new RingBuffer(this.map("flow_events")));
    this.stores = makeDatapathMaps((name) => this.map(datapathMapAbis[name].name));
    this.state = new DatapathState(this.stores);
    this.#since = this.#totals();
    this.#scope = scope.move();
  }

  map(name: string): KernelMap {
    return this.#collection.map(name);
  }

  /** What the clocks say from now on; 0 lets them run. */
  setTime(jiffies: number | bigint, timeNs: bigint): void {
    this.#setVariable(fixedJiffiesVariable, BigInt(jiffies));
    this.#setVariable(fixedTimeNsVariable, timeNs);
  }

  run(hook: Hook, slot: number, packet: Uint8Array, options: RunOptions = {}): Outcome {
    const result = this.#testRun(hook, slot, packet, options);
    const rawEvents: Uint8Array[] = [];
    this.#events.drain((record) => void rawEvents.push(record.slice()));
    const out = new DataView(result.context.buffer, result.context.byteOffset);
    return {
      action: result.returnValue | 0,
      packet: result.data.slice(),
      mark: out.getUint32(MARK_AT, true),
      events: rawEvents.map((each) => flowEventsRing.event.decode(each)),
      rawEvents,
    };
  }

  /**
   * A device of the rig's with a program at its ingress, where frames written to it arrive as from
   * a wire: also those that the kernel runs no test on. Its index is its slot.
   */
  openTap(): TunDevice & Disposable {
    using scope = new Scope();
    const namespace = this.#namespace;
    const tap = scope.use(createTun({ name: "tap", mode: "tap", namespace }));
    using netlink = openNetlink({ namespace });
    netlink.links.set(tap.index, { isUp: true });
    const program = this.#collection.program("from_pod");
    const place = { ifindex: tap.index, direction: "ingress", program } as const;
    scope.use(this.inside(() => new KernelAttacher().tc(place)));
    const owned = scope.move();
    return { ...tap, [Symbol.dispose]: () => owned[Symbol.dispose]() };
  }

  /** What the programs have told since. */
  readEvents(): FlowEvent[] {
    const events: FlowEvent[] = [];
    this.#events.drain((record) => void events.push(flowEventsRing.event.decode(record)));
    return events;
  }

  /** Leaves its events in the ring; answers the action. */
  runUnread(hook: Hook, slot: number, packet: Uint8Array, options: RunOptions = {}): number {
    return this.#testRun(hook, slot, packet, options).returnValue | 0;
  }

  /** Takes expired flows out. */
  collect(table: "tcp" | "other"): { kept: number; removed: number } {
    const context = new Uint8Array(COLLECTION_BYTES);
    const view = new DataView(context.buffer);
    view.setUint32(0, table === "tcp" ? 0 : 1, true);
    const { context: out } = this.#collection.program("collect_flows").runSyscall(context);
    const [, , kept = 0, removed = 0] = new Uint32Array(Uint8Array.from(out).buffer);
    return { kept, removed };
  }

  /** Many runs at once: entering the namespace costs more than a run does. */
  inside<T>(body: () => T): T {
    if (this.#isInside) return body();
    this.#isInside = true;
    try {
      return withNamespace(this.#namespace, body);
    } finally {
      this.#isInside = false;
    }
  }

  counts(): Counts {
    const { flows, traffic } = this.#totals();
    const grown = (table: number): FlowCounts => {
      const [now, then] = [flows[table] ?? NO_FLOWS, this.#since.flows[table] ?? NO_FLOWS];
      return {
        created: now.created - then.created,
        recovered: now.recovered - then.recovered,
        failed: now.failed - then.failed,
      };
    };
    const byReason = (direction: number): Map<number, Traffic> => {
      const found = new Map<number, Traffic>();
      for (let reason = 0; reason < REASONS; reason++) {
        const at = direction * REASONS + reason;
        const [now, then] = [traffic[at] ?? NO_TRAFFIC, this.#since.traffic[at] ?? NO_TRAFFIC];
        const packets = now.packets - then.packets;
        if (packets > 0n) found.set(reason, { packets, bytes: now.bytes - then.bytes });
      }
      return found;
    };
    return {
      tcp: grown(0),
      other: grown(1),
      egress: byReason(TrafficDirection.egress),
      ingress: byReason(TrafficDirection.ingress),
    };
  }

  /** No state, no flows, nothing counted. */
  clear(): void {
    this.state.clear();
    this.#events.drain(() => {});
    this.#since = this.#totals();
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }

  #testRun(hook: Hook, slot: number, data: Uint8Array, { cameBy = 0 }: RunOptions): TestRunResult {
    const context = new Uint8Array(CONTEXT_BYTES);
    const view = new DataView(context.buffer);
    view.setUint32(CAME_BY_AT, cameBy, true);
    view.setUint32(DEVICE_AT, slot, true);
    return this.inside(() => this.#collection.program(hook).testRun({ data, context }));
  }

  #setVariable<T>({ name, map, offset, codec }: VariableAbi<T>, value: T): void {
    const section = this.map(map);
    const bytes = section.lookup(u32(0));
    if (bytes === undefined) throw new Error(`there is no section for ${name}`);
    bytes.set(codec.encode(value), offset);
    section.update(u32(0), bytes);
  }

  #totals(): Totals {
    const flowCounts = perCpu(flowCountsCodec);
    const flows = sorted(this.map("flow_counts")).map((bytes) =>
      flowCounts.decode(bytes).reduce((sum, each) => ({
        created: sum.created + each.created,
        recovered: sum.recovered + each.recovered,
        failed: sum.failed + each.failed,
      })),
    );
    const traffics = perCpu(trafficCodec);
    const traffic = sorted(this.map("metrics")).map((bytes) =>
      traffics.decode(bytes).reduce((sum, each) => ({
        packets: sum.packets + each.packets,
        bytes: sum.bytes + each.bytes,
      })),
    );
    return { flows, traffic };
  }
}

const NO_FLOWS: FlowCounts = { created: 0n, recovered: 0n, failed: 0n };
const NO_TRAFFIC: Traffic = { packets: 0n, bytes: 0n };

/** The values of an array, by their index. */
function sorted(map: KernelMap): Uint8Array[] {
  const values: Uint8Array[] = [];
  for (const [key, value] of map.entries()) {
    values[new DataView(key.buffer, key.byteOffset).getUint32(0, true)] = value;
  }
  return values;
}

function makeDevices(namespace: Namespace, slots: readonly number[]): void {
  using netlink = openNetlink({ namespace });
  for (const slot of slots) {
    const peer = { name: `pod${slot}` };
    netlink.links.create({ name: `host${slot}`, index: slot, details: { kind: "veth", peer } });
  }
}
