import { type NodeState, nodeStatesMap } from "#abi";
import type { BpfMap } from "#ebpf";
import { assertDefined } from "#base";

const KEY = nodeStatesMap.key.encode(0);

/**
 * The number by which flows know whether they were judged by what holds now. To be raised after a
 * change of maps that may turn an allow into something else. Beside it stands the generation,
 * which says which of an endpoint's two policies holds. Nobody else writes them.
 */
export class Epoch {
  readonly #map: BpfMap;
  #state: NodeState;

  /** Goes on where the last process ended. */
  constructor(nodeStates: BpfMap) {
    this.#map = nodeStates;
    const value = assertDefined(nodeStates.lookup(KEY), "an array has all of its elements");
    this.#state = nodeStatesMap.value.decode(value);
    if (this.#state.epoch === 0) this.raise();
  }

  /** Never 0. */
  get current(): number {
    return this.#state.epoch;
  }

  get generation(): number {
    return this.#state.generation;
  }

  /** Answers the new one. */
  raise(): number {
    return this.#put(this.#state.generation);
  }

  /** Raises it, and has the other of each endpoint's policies hold: all of it by one write. */
  flip(): void {
    this.#put(this.#state.generation ^ 1);
  }

  #put(generation: number): number {
    const epoch = (this.#state.epoch + 1) >>> 0 || 1;
    const state = { epoch, generation };
    this.#map.update(KEY, nodeStatesMap.value.encode(state));
    this.#state = state;
    return epoch;
  }
}
