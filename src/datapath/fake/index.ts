/**
 * The datapath in memory, for tests without a kernel: the maps are fakes, the model judges packets.
 * Not for production, and no network: what a packet becomes, `process` answers.
 */
export { FAKE_HERTZ } from "./settings.ts";
export { FakeDatapath } from "./fake-datapath.ts";
