/**
 * Maps and attachments in memory, for tests without a kernel: held to the same contract as the
 * kernel's (`src/ebpf/contract`). Not for production, and not a simulation of programs.
 */
export { FakeAttacher } from "./fake-attacher.ts";
export { FakeMap } from "./fake-map.ts";
