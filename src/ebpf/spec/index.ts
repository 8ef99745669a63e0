/**
 * eBPF objects as their files say them, independent of the running kernel: programs, maps and
 * variables of an object, linked instructions, and codecs made from type information.
 *
 * Not here: anything that needs a kernel. File descriptors, kernel symbols and features are filled
 * in by whoever loads.
 *
 * Invariants: pure; the same bytes and overrides give the same instructions. Any bytes give a
 * collection or a DecodeError. What a caller asks for that an object does not have is an AppError
 * that lists what it has.
 */
export {
  FUNCTION_INFO_BYTES,
  type FunctionSpec,
  type InitialElement,
  type KfuncReference,
  LINE_INFO_BYTES,
  type LinkedFunction,
  type LinkedProgram,
  type LineInfo,
  type MapOptions,
  type MapReference,
  type MapSpec,
  type ProgramSpec,
  type Reference,
  type VariableSpec,
} from "./types.ts";
export { AttachType, MapType, ProgramType, Pseudo } from "./uapi.ts";
export { Btf, type ResolvedType } from "./btf/btf.ts";
export { findTypeId } from "./btf/find-type.ts";
export type { BtfKind } from "./btf/format.ts";
export type { BtfType } from "./btf/types.ts";
export { type Codec, codecOf } from "./codec/codec.ts";
export type { Value, ValueInput } from "./codec/node.ts";
export { linkProgram } from "./link/link-program.ts";
export { CollectionSpec } from "./object/collection.ts";
