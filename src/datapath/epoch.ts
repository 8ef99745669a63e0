import type { BpfMap } from "#ebpf";
import { nodeStatesMap } from "#abi";
import { assertDefined } from "#base";

const KEY = nodeStatesMap.key.encode(0);

/**
 * The number by which flows know whether they were judged by what holds now. To be raised after a
 * change of maps that may turn an allow into something else. Nobody else writes it.
 */
export class Epoch {
  readonly #map: BpfMap;
  #current: number;

  /** Goes on where the last process ended. */
  constructor(nodeStates: BpfMap) {
    this.#map = nodeStates;
    const value = assertDefined(nodeStates.lookup(KEY), "an array has all of its elements");
    this.#current = nodeStatesMap.value.decode(value).epoch;
    if (this.#current === 0) this.raise();
  }

  /** Never 0. */
  get current(): number {
    return this.#current;
  }

  /** Answers the new one. */
  raise(): number {
    const epoch = (this.#current + 1) >>> 0 || 1;
    this.#map.update(KEY, nodeStatesMap.value.encode({ epoch }));
    this.#current = epoch;
    return epoch;
  }
}
