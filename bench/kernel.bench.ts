import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Cidr, IpAddress } from "#base";
import { Collection, KernelMap, type MapShape, type RawEntry, RingBuffer } from "#ebpf";
import { CollectionSpec, MapType } from "#ebpf/spec";
import { createNamespace, deleteNamespace, openNetlink, Scope } from "#netlink";
import { decodePacket, packet } from "#packet";
import { root } from "../tools/lib/files.ts";
import {
  type Bench,
  type BenchContext,
  compare,
  defineBench,
  duration,
  rates,
  row,
  type Row,
} from "./lib/index.ts";

const FIXTURES = join(root, "src/ebpf/testdata");
const EVENTS_PER_RUN = 50_000;
/** Room for what comes while a run writes. */
const RING_BYTES = 16 << 20;
const ELEMENTS = 10_000;

function fixture(name: string): CollectionSpec {
  return CollectionSpec.parse(readFileSync(join(FIXTURES, `${name}.bpf.o`)), name);
}

/** Drains into a large ring of its own, as an observer does, while nothing else happens. */
async function ringBuffer({ rounds, progress }: BenchContext): Promise<Row[]> {
  progress("ring buffer");
  const spec = fixture("ring")
    .setMap("ring", { maxEntries: RING_BYTES })
    .setVariable("events_per_run", EVENTS_PER_RUN);
  using ring = Collection.load(spec);
  using reader = new RingBuffer(ring.map("ring"));
  const write = (): void => void ring.program("write_events").testRun({ data: new Uint8Array(64) });
  // Touched beforehand: a page's first use costs more than what is measured.
  const history = new Uint8Array(RING_BYTES * 2).fill(1);
  const perSecond: number[] = [];
  let seen = 0;
  let written = 0;
  for (let round = 0; round <= rounds; round++) {
    let drainMs = 0;
    let drained = 0;
    for (let run = 0; run < 20; run++) {
      write();
      written += EVENTS_PER_RUN;
      let at = 0;
      // What counts is the reading alone: the events were written beforehand.
      drainMs += await duration(() => {
        drained += reader.drainSpans((span) => {
          history.set(span, at);
          at += span.length;
        });
      });
    }
    seen += drained;
    // The first round is for warming up.
    if (round > 0) perSecond.push((drained / drainMs) * 1000);
  }
  const unreported = written - seen - lost(ring);
  return [
    row({
      what: "ring buffer: events of 128 bytes read and kept",
      unit: "/s",
      goal: 5_000_000,
      better: "higher",
      samples: perSecond,
    }),
    row({
      what: "ring buffer: events neither read nor counted as lost",
      unit: "events",
      goal: 0,
      better: "lower",
      samples: [unreported],
    }),
  ];
}

function lost(ring: Collection): number {
  const counts = new BigUint64Array(
    Uint8Array.from(ring.map("lost").lookup(new Uint8Array(4)) ?? []).buffer,
  );
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

const MAPS: Readonly<Record<string, Pick<MapShape, "type" | "keySize" | "flags">>> = {
  HASH: { type: MapType.hash, keySize: 16, flags: 0 },
  "LRU hash": { type: MapType.lruHash, keySize: 16, flags: 0 },
  LPM: { type: MapType.lpmTrie, keySize: 20, flags: 1 },
};

function makeEntries(keySize: number): RawEntry[] {
  return Array.from({ length: ELEMENTS }, (_, at): RawEntry => {
    const key = new Uint8Array(keySize);
    const view = new DataView(key.buffer);
    if (keySize === 20) view.setUint32(0, 128, true);
    view.setUint32(keySize - 8, Math.imul(at, 2_654_435_761) >>> 0, true);
    view.setUint32(keySize - 4, at, true);
    return [key, new Uint8Array(8).fill(at)];
  });
}

async function maps({ rounds, progress }: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, shape] of Object.entries(MAPS)) {
    progress(`map operations: ${name}`);
    using map = KernelMap.create({ ...shape, name: "bench", valueSize: 8, maxEntries: 65_536 });
    const entries = makeEntries(shape.keySize);
    const keys = entries.map(([key]) => key);
    const nsPerElement = async (body: () => void): Promise<number> =>
      ((await duration(body)) / ELEMENTS) * 1e6;
    const many: Record<string, () => void> = {
      update: () => void map.updateMany(entries),
      lookup: () => {
        for (const _entry of map.entries());
      },
      delete: () => void map.deleteMany(keys),
    };
    const single: Record<string, () => void> = {
      update: () => {
        for (const [key, value] of entries) map.update(key, value);
      },
      lookup: () => {
        for (const key of keys) map.lookup(key);
      },
      delete: () => {
        for (const key of keys) map.delete(key);
      },
    };
    const batches: Record<string, number[]> = { update: [], lookup: [], delete: [] };
    const ratios: Record<string, number[]> = { update: [], lookup: [], delete: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const what of ["update", "lookup", "delete"]) {
        const refill = (): void => void map.updateMany(entries);
        if (what === "update") map.deleteMany(keys);
        const batchNs = await nsPerElement(many[what] ?? refill);
        if (what === "update") map.deleteMany(keys);
        if (what === "delete") refill();
        const singleNs = await nsPerElement(single[what] ?? refill);
        refill();
        if (round === 0) continue;
        batches[what]?.push(batchNs);
        ratios[what]?.push(singleNs / batchNs);
      }
    }
    for (const what of ["update", "lookup", "delete"]) {
      rows.push(
        row({
          what: `${name}: ${what}, in batches, an element`,
          unit: "ns",
          better: "lower",
          samples: batches[what] ?? [],
        }),
      );
      rows.push(
        row({
          what: `${name}: ${what}, in batches`,
          against: "one at a time",
          unit: "x",
          better: "higher",
          samples: ratios[what] ?? [],
        }),
      );
    }
  }
  return rows;
}

/** What a pod takes: a namespace, a veth into it, addresses and routes. */
function setUpByNetlink(name: string): void {
  using namespace = createNamespace(name);
  using host = openNetlink();
  using pod = openNetlink({ namespace });
  const device = `v${name}`.slice(0, 15);
  host.links.create({ name: device, details: { kind: "veth", peer: { name: "eth0", namespace } } });
  host.links.set(device, { isUp: true });
  const { index = 0 } = pod.links.get("eth0") ?? {};
  for (const [text, length] of [
    ["10.77.1.2", 32],
    ["fd77::2", 128],
  ] as const) {
    pod.addresses.add({ link: index, address: IpAddress.parse(text), prefixLength: length });
  }
  pod.links.set("lo", { isUp: true });
  pod.links.set(index, { isUp: true });
  const gateway = IpAddress.parse("10.77.1.1");
  pod.routes.add({ destination: Cidr.of(gateway), link: index, scope: Scope.link });
  pod.routes.add({ destination: Cidr.parse("0.0.0.0/0"), link: index, gateway });
}

function setUpByIp(name: string): void {
  const device = `v${name}`.slice(0, 15);
  const ip = (...args: string[]): unknown => execFileSync("ip", args);
  ip("netns", "add", name);
  ip("link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", name);
  ip("link", "set", device, "up");
  ip("-n", name, "addr", "add", "10.77.1.2/32", "dev", "eth0");
  ip("-n", name, "addr", "add", "fd77::2/128", "dev", "eth0");
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "link", "set", "eth0", "up");
  ip("-n", name, "route", "add", "10.77.1.1", "dev", "eth0", "scope", "link");
  ip("-n", name, "route", "add", "default", "via", "10.77.1.1", "dev", "eth0");
}

async function namespaces({ rounds, progress }: BenchContext): Promise<Row[]> {
  let number = 0;
  const timed = async (setUp: (name: string) => void): Promise<number> => {
    const name = `cb${process.pid}n${number++}`;
    try {
      return await duration(() => setUp(name));
    } finally {
      deleteNamespace(name);
    }
  };
  const { ratios, ours } = await compare(
    () => timed(setUpByIp),
    () => timed(setUpByNetlink),
    rounds,
    (round) => progress(`a pod's devices, round ${round + 1} of ${rounds}`),
  );
  const theirs = ours.map((ms, at) => ms / (ratios[at] ?? 1));
  return [
    row({
      what: "namespace, veth, addresses and routes of a pod: speed",
      against: "nine ip commands",
      unit: "x",
      goal: 10,
      better: "higher",
      samples: ratios,
    }),
    row({
      what: "namespace, veth, addresses and routes of a pod",
      unit: "ms",
      better: "lower",
      samples: theirs,
    }),
  ];
}

async function packets({ rounds, progress }: BenchContext): Promise<Row[]> {
  progress("packet decode");
  const bytes = packet()
    .ethernet({})
    .ipv4({ source: "10.0.0.1", destination: "10.0.0.2" })
    .tcp({ sourcePort: 40_000, destinationPort: 80, flags: ["ACK", "PSH"] })
    .payload("GET / HTTP/1.1")
    .build();
  const samples = await rates(() => {
    for (let count = 0; count < 1000; count++) decodePacket(bytes);
    return 1000;
  }, rounds);
  return [
    row({ what: "packets decoded, Ethernet, IPv4 and TCP", unit: "/s", better: "higher", samples }),
  ];
}

async function loading({ rounds, progress }: BenchContext): Promise<Row[]> {
  progress("loading");
  const bytes = readFileSync(join(FIXTURES, "big.bpf.o"));
  const parse: number[] = [];
  const load: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    let spec: CollectionSpec | undefined;
    const parseMs = await duration(() => {
      spec = CollectionSpec.parse(bytes, "big");
    });
    const loadMs = await duration(() => {
      using _collection = spec === undefined ? undefined : Collection.load(spec);
    });
    if (round === 0) continue;
    parse.push(parseMs);
    load.push(loadMs);
  }
  return [
    row({
      what: "an object of 5,000 instructions: reading it",
      unit: "ms",
      better: "lower",
      samples: parse,
    }),
    row({
      what: "an object of 5,000 instructions: maps, verifier, JIT",
      unit: "ms",
      better: "lower",
      samples: load,
    }),
  ];
}

const bench: Bench = defineBench({
  summary: "The kernel from TypeScript: ring buffers, maps, a pod's devices, packets, loading.",
  async run(context) {
    const rows: Row[] = [];
    for (const part of [ringBuffer, maps, namespaces, packets, loading])
      rows.push(...(await part(context)));
    return rows;
  },
});

export default bench;
