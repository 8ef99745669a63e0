/** Maps in memory that write down what is written into them, to be written elsewhere again. */
import {
  type DatapathMapName,
  type DatapathMaps,
  datapathMapShape,
  makeDatapathMaps,
} from "#datapath";
import type { UpdateMode } from "#ebpf";
import { FakeMap } from "#ebpf/fake";
import { type StateMap, STATE_MAPS, type Write } from "./step.ts";

/** As many slots and policies as a case may have: small arrays are made faster. */
const ARRAY_SIZES: Partial<Record<StateMap, number>> = {
  nodeStates: 1,
  endpoints: 128,
  policies: 64,
};
const ENTRIES = 4_096;

class RecordedMap extends FakeMap {
  readonly #map: StateMap;
  readonly #writes: Write[];

  constructor(map: StateMap, writes: Write[]) {
    super(datapathMapShape(map, ARRAY_SIZES[map] ?? ENTRIES));
    this.#map = map;
    this.#writes = writes;
  }

  override update(key: Uint8Array, value: Uint8Array, mode?: UpdateMode): void {
    super.update(key, value, mode);
    this.#writes.push({ map: this.#map, key: key.slice(), value: value.slice() });
  }

  override delete(key: Uint8Array): boolean {
    const isThere = super.delete(key);
    if (isThere) this.#writes.push({ map: this.#map, key: key.slice(), value: undefined });
    return isThere;
  }
}

/** The maps that user space writes, and those that it only reads, empty. */
export function recordedMaps(writes: Write[]): DatapathMaps {
  return makeDatapathMaps((name) =>
    isStateMap(name) ? new RecordedMap(name, writes) : new FakeMap(datapathMapShape(name, 1)),
  );
}

function isStateMap(name: DatapathMapName): name is StateMap {
  return STATE_MAPS.some((each) => each === name);
}
