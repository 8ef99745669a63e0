/**
 * eBPF from TypeScript: load objects, drive their maps, attach their programs, read their events.
 *
 * Not here: what the objects are for; and how an object file is read, which needs no kernel
 * (`#ebpf/spec`). Maps and attachments in memory are in `#ebpf/fake`.
 *
 * Invariants:
 * - Everything opened is a Disposable that somebody owns; what a pin keeps stays beyond it.
 * - What the kernel refuses is a SyscallError that says what was done and, where it was not
 *   permitted, what one must be; a refused program is a VerifierError with the line of C.
 * - The interfaces of `map-types.ts` and `attach-types.ts` are the seam to the kernel, held by one
 *   contract (`test/contracts`) for it and for the fakes.
 */
export type {
  AttachableProgram,
  Attacher,
  Attachment,
  CgroupOptions,
  Direction,
  NetnsOptions,
  TcOptions,
  XdpOptions,
} from "./attach-types.ts";
export { Collection, type LoadOptions } from "./kernel/collection.ts";
export { type FeatureName, hasFeature, probeFeatures, requireFeature } from "./kernel/features.ts";
export { KernelAttacher, type KernelAttacherOptions } from "./kernel/kernel-attacher.ts";
export { type CreateMapOptions, KernelMap } from "./kernel/kernel-map.ts";
export {
  findBpfFilesystem,
  mountBpfFilesystem,
  renamePin,
  unmountBpfFilesystem,
  unpin,
} from "./kernel/pin.ts";
export {
  Program,
  type ProgramInfo,
  type SyscallRunResult,
  type TestRunOptions,
  type TestRunResult,
} from "./kernel/program.ts";
export {
  forEachRecord,
  RECORD_HEADER_BYTES,
  RingBuffer,
  type RingBufferCounts,
} from "./kernel/ring-buffer.ts";
export { programsAtDevice } from "./kernel/query.ts";
export { VerifierError } from "./kernel/verifier-error.ts";
export { perCpu, TypedMap, type ValueCodec } from "./typed-map.ts";
export type { BpfMap, MapShape, RawEntry, UpdateMode } from "./map-types.ts";
