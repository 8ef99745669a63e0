import { join } from "node:path";
import { flowEventsRing } from "#abi";
import { Scope } from "#base";
import {
  type Attacher,
  Collection,
  type FeatureName,
  KernelAttacher,
  requireFeature,
  RingBuffer,
} from "#ebpf";
import type { CollectionSpec } from "#ebpf/spec";
import {
  type CollectedFlows,
  type Datapath,
  type DatapathSettings,
  defaultDatapathSettings,
  type FlowTable,
} from "../datapath.ts";
import { datapathMapAbis, type DatapathMaps, makeDatapathMaps } from "../maps.ts";
import { collectFlows } from "./collect-flows.ts";
import { type ClockReading, measureHertz, readClock } from "./hertz.ts";
import { parsePodObject, readPodObject } from "./object-file.ts";
import { PinnedMaps } from "./pinned-maps.ts";
import { podSettings, sizeMaps } from "./settings.ts";
import { Slots } from "./slots.ts";

export interface KernelDatapathOptions {
  /** In a bpffs, for this node alone: `/sys/fs/bpf/ciliate`. */
  pinFolder: string;
  settings?: DatapathSettings;
  /** The bytes of pod.bpf.o; the one that is shipped, unless given. */
  object?: Uint8Array;
  /** The kernel's, as it prefers to attach, unless given. */
  attacher?: Attacher;
}

const NEEDED: readonly FeatureName[] = [
  "ringBuffer",
  "lpmTrie",
  "redirectPeer",
  "mapWalk",
  "syscallPrograms",
  "boundedLoops",
];
const PROGRAMS: readonly string[] = ["from_pod", "to_pod", "collect_flows", "read_clock"];

interface Parts {
  scope: Scope;
  collection: Collection;
  slots: Slots;
  pins: PinnedMaps;
  events: RingBuffer;
  hertz: number;
}

/**
 * Loads the programs of a node, with the maps that an earlier process left, and puts them in the
 * place of the earlier process's at each slot at once. When it throws, each slot has a program,
 * the old one or the new one.
 */
export function openKernelDatapath(options: KernelDatapathOptions): KernelDatapath {
  for (const feature of NEEDED) requireFeature(feature);
  const { pinFolder, settings = defaultDatapathSettings, object } = options;
  const spec = object === undefined ? readPodObject() : parsePodObject(object);
  sizeMaps(spec, settings.tables);
  using scope = new Scope();
  const pins = new PinnedMaps(spec, pinFolder, scope);
  const first = scope.use(loadClock(spec, pins));
  const hertz = measureHertz(() => readClock(first.program("read_clock")));
  const collection = scope.use(loadPrograms(spec, first, podSettings(settings, hertz)));
  scope.defer(() => pins.abandon());
  pins.copy(collection);
  const slots = scope.use(
    new Slots(join(pinFolder, "links"), options.attacher ?? new KernelAttacher(), {
      fromPod: collection.program("from_pod"),
      toPod: collection.program("to_pod"),
    }),
  );
  const events = scope.use(new RingBuffer(collection.map(flowEventsRing.name)));
  slots.takeOver();
  pins.finish();
  return new KernelDatapath({ scope: scope.move(), collection, slots, pins, events, hertz });
}

/** All maps, those adopted and new ones, and the program that says how long a jiffy is. */
function loadClock(spec: CollectionSpec, pins: PinnedMaps): Collection {
  const unpinned = spec.copy();
  for (const { name } of spec.maps) unpinned.setMap(name, { pinning: "none" });
  return Collection.load(unpinned, { maps: pins.adopted(), programs: ["read_clock"] });
}

/** The programs, with settings and on the maps of `first`. */
function loadPrograms(
  spec: CollectionSpec,
  first: Collection,
  settings: Parameters<CollectionSpec["setVariables"]>[0],
): Collection {
  // Sections are each collection's own: settings stand in them.
  const shared = [...first.maps].filter(([name]) => !name.startsWith("."));
  return Collection.load(spec.copy().setVariables(settings), {
    maps: Object.fromEntries(shared),
    programs: PROGRAMS,
  });
}

/** The programs of a node in the kernel. */
export class KernelDatapath implements Datapath {
  readonly maps: DatapathMaps;
  /** Programs and the rest of the maps, for tests that run them on packets of their own. */
  readonly collection: Collection;
  /** Jiffies in a second. */
  readonly hertz: number;
  readonly #scope: Scope;
  readonly #slots: Slots;
  readonly #pins: PinnedMaps;
  readonly #events: RingBuffer;
  /** Runs of the kernel that use what is open. */
  readonly #running = new Set<Promise<unknown>>();

  constructor({ scope, collection, slots, pins, events, hertz }: Parts) {
    this.#scope = scope;
    this.#events = events;
    this.#slots = slots;
    this.#pins = pins;
    this.collection = collection;
    this.hertz = hertz;
    this.maps = mapsOf(collection);
  }

  attach(slot: number): void {
    this.#slots.attach(slot);
  }

  detach(slot: number): void {
    this.#slots.detach(slot);
  }

  attached(): readonly number[] {
    return this.#slots.attached();
  }

  readEvents(take: (event: Uint8Array) => void): number {
    return this.#events.drain(take);
  }

  async collectFlows(table: FlowTable): Promise<CollectedFlows> {
    const run = collectFlows(this.collection.program("collect_flows"), table);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  /** What the kernel's clocks say, as the programs read them. */
  readClock(): ClockReading {
    return readClock(this.collection.program("read_clock"));
  }

  /** Takes all of it away, pins included: the pods are without programs then. */
  remove(): void {
    this.#slots.remove();
    this.#pins.remove();
    this[Symbol.dispose]();
  }

  /** What is pinned stays. */
  [Symbol.dispose](): void {
    // A thread that is about to run a program has its number, which must be nobody else's by then.
    if (this.#running.size === 0) this.#scope[Symbol.dispose]();
    else void Promise.allSettled(this.#running).then(() => this.#scope[Symbol.dispose]());
  }
}

function mapsOf(collection: Collection): DatapathMaps {
  return makeDatapathMaps((name) => collection.map(datapathMapAbis[name].name));
}
