import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type FlowCounts,
  flowCountsMap,
  type LostEvents,
  lostEventsMap,
  type MapAbi,
  metricsMap,
  type Traffic,
} from "#abi";
import { KernelMap, perCpu, TypedMap } from "#ebpf";
import { readFlowCounts, readLostEvents, readTraffic } from "#datapath";

/** A map in which each CPU has counted `count(cpu)`, and how many CPUs there are. */
function fill<K, V>(
  abi: MapAbi<K, V>,
  maxEntries: number,
  rows: [K, count: (cpu: number) => V][],
): { map: KernelMap; cpus: bigint } {
  const { name, type, key, value } = abi;
  const shape = { name, type, keySize: key.size, valueSize: value.size, maxEntries, flags: 0 };
  const map = KernelMap.create(shape);
  const typed = new TypedMap(map, key, perCpu(value));
  const cpus = map.valueBytes / perCpu(value).size;
  for (const [index, count] of rows)
    typed.set(
      index,
      Array.from({ length: cpus }, (_, cpu) => count(cpu)),
    );
  return { map, cpus: BigInt(cpus) };
}

test("traffic is summed over CPUs, and told by direction and reason", () => {
  const same = (packets: bigint) => (): Traffic => ({ packets, bytes: 100n * packets });
  const onFirst = (cpu: number): Traffic => ({ packets: cpu === 0 ? 9n : 0n, bytes: 1n });
  const { map: metrics, cpus } = fill(metricsMap, 512, [
    [256 + 133, onFirst],
    [256, same(3n)],
    [133, same(2n)],
  ]);
  using _ = metrics;
  assert.deepEqual(readTraffic({ metrics }), [
    { direction: "egress", reason: 133, packets: 2n * cpus, bytes: 200n * cpus },
    { direction: "ingress", reason: 0, packets: 3n * cpus, bytes: 300n * cpus },
    { direction: "ingress", reason: 133, packets: 9n, bytes: cpus },
  ]);
});

test("lost events and flows are summed over CPUs", () => {
  const lost: LostEvents = { drops: 1n, traces: 2n };
  const { map: lostEvents, cpus } = fill(lostEventsMap, 1, [[0, () => lost]]);
  using _lost = lostEvents;
  assert.deepEqual(readLostEvents({ lostEvents }), { drops: cpus, traces: 2n * cpus });
  const counts = (created: bigint) => (): FlowCounts => ({ created, recovered: 1n, failed: 0n });
  const { map: flowCounts } = fill(flowCountsMap, 2, [
    [0, counts(5n)],
    [1, counts(7n)],
  ]);
  using _flows = flowCounts;
  assert.deepEqual(readFlowCounts({ flowCounts }), {
    tcp: { created: 5n * cpus, recovered: cpus, failed: 0n },
    other: { created: 7n * cpus, recovered: cpus, failed: 0n },
  });
});
