/**
 * What the tests of every module share: property tests with a replayable seed, fuzzers, text
 * scripts, and the leak check that each test run ends with. Imported by tests only, as `#test`.
 */
export { defineFuzz, type FuzzTarget, registerFuzz } from "./fuzz.ts";
export { defineFuzzSoak } from "./fuzz-soak.ts";
export { bpfFolder } from "./bpf-folder.ts";
export { attributed, setTestFile } from "./attribution.ts";
export { checkLeaks, startLeakCheck } from "./leaks.ts";
export { property } from "./property.ts";
export { type ScriptCommands, runScripts } from "./script.ts";
export {
  defineSoak,
  registerSoak,
  type Soak,
  type SoakContext,
  type SoakSpec,
  soakOf,
} from "./soak.ts";
