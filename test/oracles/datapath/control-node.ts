/** A node in a random cluster whose maps the product's own control writes, recorded beforehand. */
import { Cidr, FakeClock, MacAddress, type Random } from "#base";
import {
  blockTable,
  type Datapath,
  type EndpointRow,
  endpointTable,
  ipcacheTable,
  NodeDatapath,
  type PrefixRow,
} from "#datapath";
import { type ListenerKind, PolicyEngine } from "#policy";
import { StateDb, type Table, type WriteTransaction } from "#statedb";
import { modelOf } from "../policy/product.ts";
import { clusterMoments, type ClusterMoment, type PodFacts } from "./cluster-history.ts";
import type { Node } from "./generate-case.ts";
import { probesOf } from "./probes.ts";
import { REMOTES } from "./raw-node.ts";
import { recordedMaps } from "./recorder.ts";
import type { Step, Write } from "./step.ts";
import type { End } from "./traffic.ts";

const UPLINK = 9;
/** Longer than what is replaced is kept. */
const RETIREMENT_MS = 1_000;
/** Writes that come at once, before packets may. */
const NO_POLICIES = [0, 0] as const;
const MAX_WRITES = 40;

/** Nobody listens for some, as before their proxy has started. */
const PROXY_PORTS: Partial<Record<ListenerKind, number>> = { http: 10_080, dns: 10_053 };

interface Change {
  readonly steps: readonly Step[];
  /** Who talks from then on. */
  readonly ends: readonly End[];
}

/** Brings all of a cluster's history into maps, and answers it as changes to be played again. */
export async function recordNode(random: Random, slots: readonly number[]): Promise<Node> {
  const writes: Write[] = [];
  const clock = new FakeClock();
  const db = new StateDb([endpointTable, ipcacheTable, blockTable]);
  const datapath = recordedDatapath(writes);
  const engine = new PolicyEngine(modelOf([]).options);
  const proxyPort = (listener: ListenerKind): number => PROXY_PORTS[listener] ?? 0;
  await using node = new NodeDatapath({ datapath, db, clock, proxyPort });
  node.start();
  node.declareFull();
  const places = new Places(random, slots);
  const changes: Change[] = [];
  for (const moment of clusterMoments(random)) {
    const { rows, remote } = places.place(moment.pods);
    const change = node.change(engine, {
      enter: moment.enter,
      write: (transaction) => writeMoment(transaction, moment, rows, remote),
      leave: moment.leave,
    });
    await clock.advance(RETIREMENT_MS);
    await change;
    const settled = node.settled();
    await clock.advance(RETIREMENT_MS);
    await settled;
    const probes = probesOf(random, rows, remote, moment.judge);
    const steps = [...stepsOf(random, writes.splice(0)), ...probes];
    changes.push({ steps, ends: endsOf(rows, remote) });
  }
  return new RecordedNode(random, slots, changes);
}

function recordedDatapath(writes: Write[]): Datapath {
  return {
    maps: recordedMaps(writes),
    attach: () => {},
    detach: () => {},
    attached: () => [],
    readEvents: () => 0,
    collectFlows: () => Promise.resolve({ kept: 0, removed: 0 }),
    [Symbol.dispose]: () => {},
  };
}

function writeMoment(
  transaction: WriteTransaction,
  moment: ClusterMoment,
  rows: readonly EndpointRow[],
  remote: readonly PodFacts[],
): void {
  const remotePrefixes = remote.flatMap(({ ipv4, ipv6, identity }) =>
    [ipv4, ipv6].map((address) => ({ prefix: Cidr.of(address), identity })),
  );
  replaceRows(transaction, endpointTable, rows);
  replaceRows<PrefixRow>(transaction, ipcacheTable, [...moment.ipcache, ...remotePrefixes]);
  replaceRows<PrefixRow>(transaction, blockTable, moment.blocks);
}

function replaceRows<T extends object>(
  transaction: WriteTransaction,
  table: Table<T, never>,
  rows: readonly T[],
): void {
  const keys = new Set(rows.map((row) => table.key(row)));
  transaction.deleteWhere(table, (row) => !keys.has(table.key(row)));
  for (const row of rows) transaction.insert(table, row);
}

/** Packets may come between writes: the order in which control writes is part of what is tried. */
function stepsOf(random: Random, writes: readonly Write[]): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < writes.length; ) {
    const count = random.chance(0.5) ? writes.length : random.between(1, MAX_WRITES);
    const what = `control writes ${at + 1} and more of ${writes.length}`;
    steps.push({ kind: "change", what, writes: writes.slice(at, at + count) });
    at += count;
  }
  return steps;
}

function endsOf(rows: readonly EndpointRow[], remote: readonly PodFacts[]): End[] {
  const pods = rows.map(({ slot, name, identity, ipv4, ipv6, mac, hostMac }) => ({
    pod: { slot, name, identity, policies: NO_POLICIES, since: 0, ipv4, ipv6, mac, hostMac },
    remote: undefined,
  }));
  const others = [...remote.map((pod) => ({ ...pod, cameBy: UPLINK })), ...REMOTES];
  return [...pods, ...others.map((each) => ({ pod: undefined, remote: each }))];
}

/** Where pods are: most on this node. */
class Places {
  readonly #random: Random;
  readonly #slots: readonly number[];
  readonly #slotOf = new Map<string, number | undefined>();

  constructor(random: Random, slots: readonly number[]) {
    this.#random = random;
    this.#slots = slots;
  }

  place(pods: readonly PodFacts[]): { rows: EndpointRow[]; remote: PodFacts[] } {
    const rows: EndpointRow[] = [];
    const remote: PodFacts[] = [];
    for (const pod of pods) {
      const slot = this.#placeOf(pod.name);
      if (slot === undefined) remote.push(pod);
      else rows.push({ ...pod, id: slot, slot, ...macsOf(slot) });
    }
    return { rows, remote };
  }

  #placeOf(name: string): number | undefined {
    if (!this.#slotOf.has(name)) {
      const slot = this.#slots[this.#slotOf.size];
      const isHere = this.#slotOf.size === 0 || this.#random.chance(0.8);
      this.#slotOf.set(name, isHere ? slot : undefined);
    }
    return this.#slotOf.get(name);
  }
}

function macsOf(slot: number): { mac: MacAddress; hostMac: MacAddress } {
  return {
    mac: MacAddress.fromBytes(Uint8Array.of(2, 0, 0, 0, 1, slot % 256)),
    hostMac: MacAddress.fromBytes(Uint8Array.of(2, 0, 0, 0, 2, slot % 256)),
  };
}

class RecordedNode implements Node {
  readonly slots: readonly number[];
  ends: readonly End[] = REMOTES.map((remote) => ({ pod: undefined, remote }));
  readonly #random: Random;
  readonly #changes: Change[];
  #steps: Step[] = [];

  constructor(random: Random, slots: readonly number[], changes: readonly Change[]) {
    this.#random = random;
    this.slots = slots;
    this.#changes = [...changes];
  }

  begin(): Step[] {
    this.#next();
    return this.#steps.splice(0);
  }

  change(): Step[] {
    if (this.#steps.length === 0) this.#next();
    return this.#steps.splice(0, this.#random.between(1, 3));
  }

  #next(): void {
    const change = this.#changes.shift();
    if (change === undefined) return;
    this.#steps = [...change.steps];
    this.ends = change.ends;
  }
}
