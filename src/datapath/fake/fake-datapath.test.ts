import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endpointsMap,
  flowCountsCodec,
  flowEventCodec,
  lostEventsCodec,
  nodeStatesMap,
  trafficCodec,
} from "#abi";
import { AssertionError, MacAddress } from "#base";
import { defaultDatapathSettings } from "#datapath";
import { type BpfMap, perCpu } from "#ebpf";
import { FAKE_HERTZ, FakeDatapath } from "#datapath/fake";

const SLOT = 21;

const SETTINGS = {
  ...defaultDatapathSettings,
  isOpenWithoutPolicy: true,
  tables: { ...defaultDatapathSettings.tables, eventRingBytes: 4096 },
};

/** From 02:…:01 and 10.0.0.1 to 10.0.0.9, UDP. */
function datagram(sourcePort: number): Uint8Array {
  const bytes = new Uint8Array(42);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45]);
  bytes[23] = 17;
  bytes.set([10, 0, 0, 1, 10, 0, 0, 9, sourcePort >> 8, sourcePort & 0xff, 0, 53], 26);
  return bytes;
}

function open(): FakeDatapath {
  const datapath = new FakeDatapath(SETTINGS);
  const { nodeStates, endpoints } = datapath.maps;
  nodeStates.update(
    nodeStatesMap.key.encode(0),
    nodeStatesMap.value.encode({ epoch: 1, generation: 0 }),
  );
  const ipv4 = new Uint8Array(16);
  ipv4.set([0xff, 0xff, 10, 0, 0, 1], 10);
  const endpoint = endpointsMap.value.encode({
    policy: [0, 0],
    identity: 500,
    since: 1,
    id: 1,
    flags: 1,
    ipv4: { bytes: ipv4 },
    ipv6: { bytes: new Uint8Array(16) },
    mac: MacAddress.parse("02:00:00:00:00:01").bytes,
    hostMac: MacAddress.parse("02:00:00:00:00:02").bytes,
  });
  endpoints.update(endpointsMap.key.encode(SLOT), endpoint);
  datapath.attach(SLOT);
  return datapath;
}

function valueAt(map: BpfMap, index: number): Uint8Array {
  const value = map.lookup(Uint8Array.of(index, 0, 0, 0));
  assert.ok(value);
  return value;
}

function send(datapath: FakeDatapath, sourcePort = 1000, nowJiffies = 1): number {
  const packet = datagram(sourcePort);
  return datapath.process({ hook: "from_pod", slot: SLOT, packet, nowJiffies, timeNs: 5n }).action;
}

test("packets go through the model, and leave flows, counts and events", () => {
  using datapath = open();
  assert.deepEqual([send(datapath), send(datapath)], [-1, -1]);
  const states: number[] = [];
  const read = (): number =>
    datapath.readEvents((event) => states.push(flowEventCodec.decode(event).state));
  assert.deepEqual([read(), states, read()], [1, [0], 0]);
  const { metrics, flowCounts, otherFlows } = datapath.maps;
  const [traffic] = perCpu(trafficCodec).decode(valueAt(metrics, 0));
  assert.deepEqual(traffic, { packets: 2n, bytes: 84n });
  const [counts] = perCpu(flowCountsCodec).decode(valueAt(flowCounts, 1));
  assert.deepEqual(counts, { created: 1n, recovered: 0n, failed: 0n });
  assert.equal([...otherFlows.entries()].length, 1);
});

test("expired flows are collected by the clock of the last packet", async () => {
  using datapath = open();
  send(datapath, 1000, 1);
  send(datapath, 1001, 60 * FAKE_HERTZ + 2);
  assert.deepEqual(await datapath.collectFlows("other"), { kept: 1, removed: 1 });
  assert.deepEqual(await datapath.collectFlows("tcp"), { kept: 0, removed: 0 });
});

test("what the ring has no room for is counted as lost", () => {
  using datapath = open();
  for (let port = 1000; port < 1040; port++) send(datapath, port);
  assert.equal(
    datapath.readEvents(() => {}),
    30,
  );
  const lost = valueAt(datapath.maps.lostEvents, 0);
  assert.deepEqual(perCpu(lostEventsCodec).decode(lost)[0], { drops: 0n, traces: 10n });
});

test("slots are attached and detached, in order; a packet needs a program", () => {
  using datapath = open();
  datapath.attach(9);
  datapath.attach(9);
  assert.deepEqual(datapath.attached(), [9, SLOT]);
  datapath.detach(SLOT);
  datapath.detach(SLOT);
  assert.deepEqual(datapath.attached(), [9]);
  assert.throws(() => send(datapath), AssertionError);
});
