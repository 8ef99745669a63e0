/** The programs of bpf/pod.bpf.c, run on packets by BPF_PROG_TEST_RUN. */
import { type FlowCounts, nodeStateCodec, type PodSettings, type Traffic } from "#abi";
import { Rig } from "../../datapath/rig.ts";
import { countsOf } from "./counts.ts";
import { type Counts, type KeptTable, KEPT_TABLES, type Outcome, type Side } from "./side.ts";
import { type ClockStep, type PacketStep, type StateMap, STATE_MAPS, type Write } from "./step.ts";
import { u32Key } from "./world.ts";

/** Much more than a case has, so that nothing is evicted. */
const FLOWS = 2_048;

const ARRAYS: ReadonlySet<StateMap> = new Set(["nodeStates", "endpoints", "policies"]);

export class KernelSide implements Side, Disposable {
  readonly #rig: Rig;
  readonly #written = new Map<StateMap, Map<string, Uint8Array>>();

  /** Packets can be sent at these slots. */
  constructor(settings: Required<PodSettings>, slots: readonly number[]) {
    const flows = { maxEntries: FLOWS };
    this.#rig = new Rig({
      slots,
      settings,
      maps: { tcp_flows: flows, other_flows: flows, datagrams: flows },
    });
  }

  /** Runs `body` where the devices are, which is faster than to go there for each packet. */
  inside<T>(body: () => T): T {
    return this.#rig.inside(body);
  }

  reset(): void {
    // First, since it sets an epoch.
    this.#rig.clear();
    this.write({ map: "nodeStates", key: u32Key(0), value: new Uint8Array(nodeStateCodec.size) });
    for (const map of STATE_MAPS) {
      const store = this.#rig.stores[map];
      for (const key of this.#written.get(map)?.values() ?? []) {
        if (ARRAYS.has(map)) store.update(key, new Uint8Array(store.lookup(key)?.length ?? 0));
        else store.delete(key);
      }
    }
    this.#written.clear();
    for (const table of KEPT_TABLES) {
      const keys = Array.from(this.entries(table), ([key]) => key);
      for (const key of keys) this.#rig.stores[table].delete(key);
    }
  }

  write({ map, key, value }: Write): void {
    let written = this.#written.get(map);
    if (written === undefined) this.#written.set(map, (written = new Map<string, Uint8Array>()));
    written.set(key.toString(), key);
    if (value === undefined) this.#rig.stores[map].delete(key);
    else this.#rig.stores[map].update(key, value);
  }

  setClock({ jiffies, timeNs }: ClockStep): void {
    this.#rig.setTime(jiffies, timeNs);
  }

  send({ hook, slot, cameBy, bytes }: PacketStep): Outcome {
    const { action, packet, mark, rawEvents } = this.#rig.run(hook, slot, bytes, { cameBy });
    return { action, packet, mark, events: rawEvents };
  }

  entries(table: KeptTable): Iterable<readonly [Uint8Array, Uint8Array]> {
    return this.#rig.stores[table].entries();
  }

  counts(): Counts {
    const { tcp, other, egress, ingress } = this.#rig.counts();
    const flows: readonly FlowCounts[] = [tcp, other];
    const traffic: ReadonlyMap<number, Traffic>[] = [egress, ingress];
    return countsOf(flows, traffic);
  }

  [Symbol.dispose](): void {
    this.#rig[Symbol.dispose]();
  }
}
