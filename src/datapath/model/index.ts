/**
 * The pod's programs as their meaning: what each packet meets, in TypeScript, over the same bytes
 * of the same maps. The oracle of the programs' tests, and the datapath of tests without a kernel.
 *
 * Not here: the ring buffer's and the maps' limits, services, and removing expired flows.
 *
 * Invariants:
 * - Pure. Written from the datapath's contract, not from the C.
 * - Any bytes are a packet: processing one never throws, as long as the stores hold whole values.
 * - What the programs write to maps for all CPUs is written to the stores, byte for byte; what they
 *   count for each CPU is in `counts`.
 */
export { memoryStores } from "./memory-stores.ts";
export {
  Model,
  type ModelAction,
  type ModelInput,
  type ModelOutput,
} from "./model.ts";
export type { ModelSettings } from "./pass.ts";
export { FlowTable, type ModelStores, type Store } from "./stores.ts";
