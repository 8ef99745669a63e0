import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  fixedJiffiesVariable,
  type Flow,
  type FlowKey,
  flowKeyCodec,
  flowCodec,
  flowEventsRing,
  nodeStateCodec,
  policyEntryCodec,
  policyKeyCodec,
} from "#abi";
import { AppError } from "#base";
import {
  type DatapathSettings,
  defaultDatapathSettings,
  KernelDatapath,
  openKernelDatapath,
  readFlowEvents,
  watchFlowEvents,
} from "#datapath";
import { KernelAttacher, KernelMap, programsAtDevice, type RawEntry, unpin } from "#ebpf";
import { MapType } from "#ebpf/spec";
import { createAnonymousNamespace, type Namespace, openNetlink, withNamespace } from "#netlink";
import { bpfFolder } from "#test";
import { copyEntries, copyLateEntries } from "./copy-map.ts";

const PINS = bpfFolder();
const SLOTS = [101, 102];
const TCP = 6;
const FIRST = new Uint8Array(4);

const small: DatapathSettings = {
  ...defaultDatapathSettings,
  tables: {
    tcpFlows: 1024,
    otherFlows: 1024,
    policyEntries: 1024,
    ipcache: 1024,
    eventRingBytes: 65_536,
  },
};

function withTables(tables: Partial<DatapathSettings["tables"]>): DatapathSettings {
  return { ...small, tables: { ...small.tables, ...tables } };
}

let folders = 0;
function pinFolder(): string {
  return join(PINS, String(folders++));
}

function makePods(): Namespace {
  const namespace = createAnonymousNamespace("host");
  using netlink = openNetlink({ namespace });
  for (const index of SLOTS) {
    const peer = { name: `pod${index}` };
    netlink.links.create({ name: `lxc${index}`, index, details: { kind: "veth", peer } });
  }
  return namespace;
}

function programsAt(namespace: Namespace, slot: number): number[] {
  using netlink = openNetlink({ namespace });
  return withNamespace(namespace, () => [
    ...programsAtDevice(netlink, slot, "ingress"),
    ...programsAtDevice(netlink, slot, "egress"),
  ]);
}

function programsOf({ collection }: KernelDatapath): number[] {
  return ["from_pod", "to_pod"].map((name) => collection.program(name).info().id);
}

function flowKey(number: number, protocol = TCP): FlowKey {
  const address = (last: number): { bytes: Uint8Array } => ({
    bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last),
  });
  return {
    low: address(1),
    high: address(2 + (number >> 16)),
    lowPort: number & 0xffff,
    highPort: 80,
    protocol,
    scope: 0,
  };
}

function flow(lastSeen: number): Flow {
  return {
    epoch: 1,
    lastSeen,
    lastTold: [0, 0],
    identity: [0, 0],
    slot: [0, 0],
    port: 80,
    proxyPort: 0,
    flags: 0,
    toldTcpFlags: new Uint8Array(2),
  };
}

function rawFlow(number: number, lastSeen = 0): RawEntry {
  return [flowKeyCodec.encode(flowKey(number)), flowCodec.encode(flow(lastSeen))];
}

/** For tests: where not 0, what the clock says. */
function setJiffies({ collection }: KernelDatapath, jiffies: number): void {
  const section = collection.map(fixedJiffiesVariable.map);
  const contents = section.lookup(FIRST) ?? assert.fail("a section has one element");
  contents.set(fixedJiffiesVariable.codec.encode(BigInt(jiffies)), fixedJiffiesVariable.offset);
  section.update(FIRST, contents);
}

const ways = [
  ["by links, where the kernel has them", undefined],
  ["by filters, as before Linux 6.6", "clsact"],
] as const;

for (const [name, tc] of ways) {
  test(`programs are attached, survive their process, are taken over and removed: ${name}`, () => {
    using namespace = makePods();
    const folder = pinFolder();
    const open = (): KernelDatapath =>
      openKernelDatapath({
        pinFolder: folder,
        settings: small,
        ...(tc === undefined ? {} : { attacher: new KernelAttacher({ tc }) }),
      });
    withNamespace(namespace, () => {
      const first = open();
      for (const slot of SLOTS) first.attach(slot);
      first.attach(101);
      assert.deepEqual(first.attached(), SLOTS);
      const before = programsOf(first);
      for (const slot of SLOTS) assert.deepEqual(programsAt(namespace, slot), before);
      first.maps.nodeStates.update(FIRST, nodeStateCodec.encode({ epoch: 7, generation: 1 }));
      first[Symbol.dispose]();
      for (const slot of SLOTS) assert.deepEqual(programsAt(namespace, slot), before);

      const second = open();
      assert.deepEqual(second.attached(), SLOTS);
      const after = programsOf(second);
      assert.notDeepEqual(after, before);
      for (const slot of SLOTS) assert.deepEqual(programsAt(namespace, slot), after);
      assert.deepEqual(
        second.maps.nodeStates.lookup(FIRST),
        nodeStateCodec.encode({ epoch: 7, generation: 1 }),
        "the maps are those that were there",
      );
      second.detach(102);
      second.detach(102);
      assert.deepEqual([second.attached(), programsAt(namespace, 102)], [[101], []]);
      second.remove();
      assert.deepEqual(programsAt(namespace, 101), []);
      assert.deepEqual(readdirSync(folder), []);
    });
  });

  test(`a pod whose device went while nobody looked is forgotten: ${name}`, () => {
    using namespace = makePods();
    using netlink = openNetlink({ namespace });
    const folder = pinFolder();
    const attacher = tc === undefined ? new KernelAttacher() : new KernelAttacher({ tc });
    const options = { pinFolder: folder, settings: small, attacher };
    withNamespace(namespace, () => {
      const first = openKernelDatapath(options);
      for (const slot of SLOTS) first.attach(slot);
      first[Symbol.dispose]();
      netlink.links.delete(101);
      const second = openKernelDatapath(options);
      assert.deepEqual(second.attached(), [102]);
      netlink.links.delete(102);
      second.detach(102);
      assert.deepEqual(second.attached(), []);
      assert.throws(() => second.attach(103), /ENODEV/);
      assert.deepEqual(second.attached(), []);
      second.remove();
    });
  });
}

test("maps of another size are replaced with all that they hold, in both directions", () => {
  using namespace = makePods();
  const folder = pinFolder();
  const open = (tables: Partial<DatapathSettings["tables"]>): KernelDatapath =>
    withNamespace(namespace, () =>
      openKernelDatapath({ pinFolder: folder, settings: withTables(tables) }),
    );
  const first = open({});
  withNamespace(namespace, () => first.attach(101));
  first.maps.tcpFlows.updateMany(Array.from({ length: 500 }, (_, number) => rawFlow(number)));
  const entry = policyEntryCodec.encode({
    cookie: 1,
    precedence: 2,
    proxyPort: 0,
    effect: 1,
    authentication: 0,
    flags: 0,
  });
  const keys = Array.from({ length: 300 }, (_, identity) =>
    policyKeyCodec.encode({
      policy: 1,
      identity,
      port: 0,
      protocol: 0,
      direction: 0,
      portPrefix: 0,
    }),
  );
  first.maps.policyEntries.updateMany(keys.map((key): RawEntry => [key, entry]));
  const kept = first.maps.endpoints.shape.maxEntries;
  // As a process leaves it that was killed at this.
  first.collection.map("blocks").pin(join(folder, "v1", "tcp_flows-next"));
  first[Symbol.dispose]();

  const second = open({ tcpFlows: 4096, policyEntries: 2048, eventRingBytes: 131_072 });
  assert.equal(second.maps.tcpFlows.shape.maxEntries, 4096);
  assert.equal([...second.maps.tcpFlows.entries()].length, 500);
  assert.equal([...second.maps.policyEntries.entries()].length, 300);
  assert.equal(second.collection.map(flowEventsRing.name).shape.maxEntries, 131_072);
  assert.equal(second.maps.endpoints.shape.maxEntries, kept);
  assert.deepEqual(programsAt(namespace, 101), programsOf(second));
  assert.deepEqual(
    readdirSync(join(folder, "v1")).filter((name) => name.endsWith("-next")),
    [],
  );
  second[Symbol.dispose]();

  const third = open({ tcpFlows: 128, policyEntries: 512 });
  const flows = [...third.maps.tcpFlows.entries()].length;
  assert.ok(flows > 0 && flows <= 128, `${flows} flows stay, as many as there is room for`);
  assert.equal([...third.maps.policyEntries.entries()].length, 300);
  third[Symbol.dispose]();

  assert.throws(
    () => open({ policyEntries: 100 }),
    (error) =>
      error instanceof AppError &&
      error.code === "map-too-small" &&
      /policy_entries.*more than the 100 entries/.test(error.message),
  );
  const last = open({ policyEntries: 512 });
  assert.deepEqual(programsAt(namespace, 101), programsOf(last));
  withNamespace(namespace, () => last.remove());
  assert.deepEqual(readdirSync(folder), []);
});

test("what came into a map after it was copied is brought along", () => {
  using old = makeFlowMap(64);
  using fresh = makeFlowMap(128);
  const entries = Array.from({ length: 5 }, (_, number) => rawFlow(number, number));
  old.updateMany(entries.slice(0, 2));
  const copied = copyEntries(old, fresh, "somewhere");
  old.updateMany(entries.slice(2));
  const [third = assert.fail()] = entries.slice(2);
  const known = flowCodec.encode(flow(99));
  fresh.update(third[0], known);
  copyLateEntries(old, fresh, copied);
  assert.equal([...fresh.entries()].length, 5);
  assert.deepEqual(fresh.lookup(third[0]), known, "what the programs know already is newer");
});

function makeFlowMap(maxEntries: number): KernelMap {
  const { size: keySize } = flowKeyCodec;
  const { size: valueSize } = flowCodec;
  return KernelMap.create({
    name: "flows",
    type: MapType.lruHash,
    keySize,
    valueSize,
    maxEntries,
    flags: 0,
  });
}

test("a pinned map of another layout is refused, with what differs and what to do", () => {
  const folder = pinFolder();
  mkdirSync(join(folder, "v1"), { recursive: true });
  const path = join(folder, "v1", "tcp_flows");
  {
    using other = KernelMap.create({
      name: "tcp_flows",
      type: MapType.lruHash,
      keySize: 16,
      valueSize: 36,
      maxEntries: 1024,
      flags: 0,
    });
    other.pin(path);
  }
  assert.throws(
    () => openKernelDatapath({ pinFolder: folder, settings: small }),
    (error) =>
      error instanceof AppError &&
      error.code === "incompatible-map" &&
      error.fields["map"] === "tcp_flows" &&
      /keySize 16 instead of 40.*drain the node and remove/.test(error.message),
  );
  assert.deepEqual(readdirSync(join(folder, "v1")), ["tcp_flows"], "nothing else was changed");
  unpin(path);
});

test("pins of another version are refused", () => {
  const folder = pinFolder();
  mkdirSync(join(folder, "v99"), { recursive: true });
  assert.throws(
    () => openKernelDatapath({ pinFolder: folder, settings: small }),
    (error) => error instanceof AppError && error.code === "incompatible-pins",
  );
  assert.equal(existsSync(join(folder, "v1")), false);
});

test("the length of a jiffy is found", async () => {
  const datapath = openKernelDatapath({ pinFolder: pinFolder(), settings: small });
  assert.ok(datapath instanceof KernelDatapath);
  try {
    assert.ok([100, 250, 300, 1000].includes(datapath.hertz), `${datapath.hertz}`);
    const before = datapath.readClock();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const after = datapath.readClock();
    const seconds = Number(after.timeNs - before.timeNs) / 1e9;
    const ticks = Number(after.jiffies - before.jiffies);
    assert.ok(Math.abs(ticks - seconds * datapath.hertz) <= 3, `${ticks} in ${seconds} s`);
  } finally {
    datapath.remove();
  }
});

test("of a full table, those flows are collected that have expired", async () => {
  const { tcpFlows } = defaultDatapathSettings.tables;
  const datapath = openKernelDatapath({
    pinFolder: pinFolder(),
    settings: withTables({ tcpFlows }),
  });
  try {
    const now = 1_000_000;
    setJiffies(datapath, now);
    // Nobody has answered any of them.
    const timeout = 60 * datapath.hertz;
    const entries = Array.from({ length: tcpFlows }, (_, number) =>
      rawFlow(number, now - timeout - (number % 2)),
    );
    datapath.maps.tcpFlows.updateMany(entries);
    const there = [...datapath.maps.tcpFlows.entries()].length;
    assert.ok(there > tcpFlows * 0.95, `${there} flows found room`);
    const { kept, removed } = await datapath.collectFlows("tcp");
    assert.equal(kept + removed, there);
    assert.ok(Math.abs(kept - removed) < there * 0.1, `${kept} kept, ${removed} removed`);
    assert.equal([...datapath.maps.tcpFlows.entries()].length, kept);
    assert.deepEqual(await datapath.collectFlows("other"), { kept: 0, removed: 0 });
  } finally {
    datapath.remove();
  }
});

test("what programs say of packets is read as events, at once or as it comes", async () => {
  const datapath = openKernelDatapath({ pinFolder: pinFolder(), settings: small });
  try {
    const packet = new Uint8Array(60);
    const { returnValue } = datapath.collection.program("from_pod").testRun({ data: packet });
    assert.equal(returnValue, 2);
    const found: [kind: number, reason: number][] = [];
    const count = readFlowEvents(datapath, ({ kind, reason }) => void found.push([kind, reason]));
    assert.deepEqual([count, found], [1, [[1, 203]]]);
    assert.equal(
      datapath.readEvents(() => assert.fail()),
      0,
    );
    const next = new Promise((resolve) => {
      const watch = watchFlowEvents(datapath, (event) => {
        watch[Symbol.dispose]();
        resolve(event.reason);
      });
    });
    datapath.collection.program("to_pod").testRun({ data: packet });
    assert.equal(await next, 203);
  } finally {
    datapath.remove();
  }
});
