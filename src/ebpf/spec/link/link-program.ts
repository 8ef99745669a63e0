import { ByteWriter, DecodeError } from "#base";
import { INSTRUCTION_BYTES, Instructions } from "../instructions.ts";
import type { CollectionSpec } from "../object/collection.ts";
import {
  FUNCTION_INFO_BYTES,
  type FunctionSpec,
  type KfuncReference,
  LINE_INFO_BYTES,
  type LinkedFunction,
  type LinkedProgram,
  type MapReference,
  type ProgramSpec,
} from "../types.ts";
import { Pseudo } from "../uapi.ts";

/** What the kernel verifies at most. */
const MAX_INSTRUCTIONS = 1_000_000;

/** A function and where in the program it stands. */
interface Placed {
  readonly index: number;
  readonly spec: FunctionSpec;
  readonly start: number;
}

/**
 * The program as one run of instructions: its own, then those of each subprogram that it comes
 * to, once each, in the order in which they are first mentioned.
 */
export function linkProgram(
  collection: CollectionSpec,
  program: ProgramSpec | string,
): LinkedProgram {
  const spec = typeof program === "string" ? collection.program(program) : program;
  const placed = place(collection.functions, spec.functionIndex);
  const starts = new Map(placed.map(({ index, start }) => [index, start]));
  const last = placed.at(-1);
  const count = last === undefined ? 0 : last.start + countOf(last.spec);
  const bytes = new Uint8Array(count * INSTRUCTION_BYTES);
  for (const { spec: each, start } of placed) {
    bytes.set(each.instructions, start * INSTRUCTION_BYTES);
  }
  const code = new Instructions(bytes);
  const maps: MapReference[] = [];
  const kfuncs: KfuncReference[] = [];
  for (const each of placed) resolve(code, each, starts, maps, kfuncs);
  return {
    program: spec,
    instructions: bytes,
    maps,
    kfuncs,
    functions: placed.map(
      ({ spec: { name }, start }): LinkedFunction => ({ name, instruction: start }),
    ),
    ...information(placed),
  };
}

function countOf({ instructions }: FunctionSpec): number {
  return instructions.length / INSTRUCTION_BYTES;
}

function place(functions: readonly FunctionSpec[], entry: number): Placed[] {
  const placed: Placed[] = [];
  const waiting = [entry];
  const seen = new Set(waiting);
  let start = 0;
  for (const index of waiting) {
    const spec = functions[index];
    if (spec === undefined) continue;
    placed.push({ index, spec, start });
    start += countOf(spec);
    if (start > MAX_INSTRUCTIONS) {
      throw new DecodeError(
        `a program of more than ${MAX_INSTRUCTIONS} instructions`,
        spec.fileOffset,
      );
    }
    for (const reference of spec.references) {
      if (reference.kind !== "call" && reference.kind !== "callback") continue;
      if (seen.has(reference.functionIndex)) continue;
      seen.add(reference.functionIndex);
      waiting.push(reference.functionIndex);
    }
  }
  return placed;
}

/** Fills in what the object alone decides, and notes what it does not. */
function resolve(
  code: Instructions,
  { spec, start }: Placed,
  starts: ReadonlyMap<number, number>,
  maps: MapReference[],
  kfuncs: KfuncReference[],
): void {
  for (const reference of spec.references) {
    const instruction = start + reference.instruction;
    switch (reference.kind) {
      case "map":
        code.setSourceRegister(instruction, Pseudo.mapFd);
        code.setImmediate(instruction, 0);
        code.setImmediate(instruction + 1, 0);
        maps.push({ instruction, map: reference.map, kind: "map", offset: 0 });
        break;
      case "mapValue": {
        const { map, offset } = reference;
        code.setSourceRegister(instruction, Pseudo.mapValue);
        code.setImmediate(instruction, 0);
        code.setImmediate(instruction + 1, offset);
        maps.push({ instruction, map, kind: "value", offset });
        break;
      }
      case "call":
      case "callback": {
        // Both are counted from the next instruction, whatever the size of this one.
        const target = (starts.get(reference.functionIndex) ?? 0) - instruction - 1;
        const isCall = reference.kind === "call";
        code.setSourceRegister(instruction, isCall ? Pseudo.call : Pseudo.func);
        code.setImmediate(instruction, target);
        if (!isCall) code.setImmediate(instruction + 1, 0);
        break;
      }
      case "kfunc": {
        const { name, isWeak, use } = reference;
        if (use === "call") code.setSourceRegister(instruction, Pseudo.kfuncCall);
        code.setImmediate(instruction, 0);
        kfuncs.push({ instruction, name, isWeak, use });
      }
    }
  }
}

/** The kernel takes either all functions' information or none. */
function information(placed: readonly Placed[]): Pick<LinkedProgram, "functionInfo" | "lineInfo"> {
  const none = new Uint8Array(0);
  if (placed.some(({ spec }) => spec.typeId === undefined)) {
    return { functionInfo: none, lineInfo: none };
  }
  const functions = new ByteWriter({
    what: "func_info",
    maxBytes: placed.length * FUNCTION_INFO_BYTES,
  });
  for (const { spec, start } of placed) functions.u32le(start).u32le(spec.typeId ?? 0);
  // Each function must begin with a line of its own.
  const hasLines = placed.every(({ spec }) => spec.lines[0]?.instruction === 0);
  return {
    functionInfo: functions.finish(),
    lineInfo: hasLines ? lineInfo(placed) : none,
  };
}

function lineInfo(placed: readonly Placed[]): Uint8Array {
  const count = placed.reduce((sum, { spec }) => sum + spec.lines.length, 0);
  const writer = new ByteWriter({
    what: "line_info",
    maxBytes: count * LINE_INFO_BYTES,
    initialBytes: count * LINE_INFO_BYTES,
  });
  for (const { spec, start } of placed) {
    for (const { instruction, fileNameOffset, lineOffset, lineAndColumn } of spec.lines) {
      writer
        .u32le(start + instruction)
        .u32le(fileNameOffset)
        .u32le(lineOffset)
        .u32le(lineAndColumn);
    }
  }
  return writer.finish();
}
