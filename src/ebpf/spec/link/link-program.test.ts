import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Instructions } from "../instructions.ts";
import { CollectionSpec } from "../object/collection.ts";
import { FUNCTION_INFO_BYTES, LINE_INFO_BYTES, type LinkedProgram } from "../types.ts";
import { Pseudo } from "../uapi.ts";
import { linkProgram } from "./link-program.ts";

function parse(name: string): CollectionSpec {
  const path = join(import.meta.dirname, `../../testdata/${name}.bpf.o`);
  return CollectionSpec.parse(readFileSync(path), name);
}

const maps = parse("maps");

function functionsOf(linked: LinkedProgram): string[] {
  return linked.functions.map(({ name }) => name);
}

/** Where a call or a callback at that place leads, by name. */
function targetOf(linked: LinkedProgram, instruction: number): string | undefined {
  const code = new Instructions(linked.instructions);
  const target = instruction + 1 + code.immediate(instruction);
  return linked.functions.find((each) => each.instruction === target)?.name;
}

test("each subprogram comes once, in the order of first mention", () => {
  assert.deepEqual(functionsOf(linkProgram(maps, "subprograms")), [
    "subprograms",
    "twice_and_one",
    "twice",
  ]);
  assert.deepEqual(functionsOf(linkProgram(maps, "tail_entry")), ["tail_entry", "jump"]);
  assert.deepEqual(functionsOf(linkProgram(maps, "looped")), ["looped", "add_index", "twice"]);
});

test("calls lead to where their subprogram now stands", () => {
  const linked = linkProgram(maps, "looped");
  const code = new Instructions(linked.instructions);
  const found: (string | undefined)[] = [];
  for (let at = 0; at < code.count; at++) {
    const opcode = code.opcode(at);
    const register = code.sourceRegister(at);
    if (opcode === 0x85 && register === Pseudo.call) found.push(targetOf(linked, at));
    if (opcode === 0x18 && register === Pseudo.func) found.push(`&${targetOf(linked, at)}`);
  }
  assert.deepEqual(found, ["&add_index", "twice"]);
});

test("maps and values are left for descriptors, with all else in place", () => {
  const linked = linkProgram(maps, "lookups");
  const code = new Instructions(linked.instructions);
  assert.deepEqual(
    linked.maps.map(({ map, kind }) => [map, kind]),
    [
      ["recent", "map"],
      ["percpu_counts", "map"],
      ["percpu_points", "map"],
      ["raw", "map"],
      ["prefixes", "map"],
    ],
  );
  for (const { instruction } of linked.maps) {
    assert.deepEqual(
      [code.opcode(instruction), code.sourceRegister(instruction), code.immediate(instruction)],
      [0x18, Pseudo.mapFd, 0],
    );
  }
  const values = linkProgram(maps, "settings");
  const settings = new Instructions(values.instructions);
  const offsets = new Map(
    maps.variables.map(({ name, map, offset }) => [`${map}+${offset}`, name]),
  );
  for (const { instruction, map, kind, offset } of values.maps) {
    assert.equal(kind, "value");
    assert.equal(settings.sourceRegister(instruction), Pseudo.mapValue);
    assert.equal(settings.immediate(instruction + 1), offset);
    assert.ok(map === ".rodata.cst16" || offsets.has(`${map}+${offset}`), `${map}+${offset}`);
  }
});

test("functions of the kernel are left for their ids", () => {
  const linked = linkProgram(parse("kfunc"), "kfunc");
  const code = new Instructions(linked.instructions);
  assert.deepEqual(
    linked.kfuncs.map(({ name, isWeak, use }) => [name, isWeak, use]),
    [
      ["bpf_no_such_function", true, "address"],
      ["bpf_no_such_function", true, "call"],
      ["bpf_dynptr_from_skb", false, "call"],
    ],
  );
  assert.deepEqual(
    linked.kfuncs.map(({ instruction }) => code.sourceRegister(instruction)),
    [0, Pseudo.kfuncCall, Pseudo.kfuncCall],
  );
});

test("functions and lines are told by where they now stand", () => {
  const linked = linkProgram(maps, "subprograms");
  const functions = new DataView(linked.functionInfo.slice().buffer);
  const told = linked.functions.map((_, index) => {
    const type = maps.btf.type(functions.getUint32(index * FUNCTION_INFO_BYTES + 4, true));
    return [functions.getUint32(index * FUNCTION_INFO_BYTES, true), type?.name];
  });
  assert.deepEqual(
    told,
    linked.functions.map(({ instruction, name }) => [instruction, name]),
  );
  const lines = new DataView(linked.lineInfo.slice().buffer);
  const starts = Array.from({ length: linked.lineInfo.length / LINE_INFO_BYTES }, (_, index) =>
    lines.getUint32(index * LINE_INFO_BYTES, true),
  );
  assert.deepEqual(
    starts,
    [...new Set(starts)].toSorted((a, b) => a - b),
  );
  for (const { instruction } of linked.functions) assert.ok(starts.includes(instruction));
});

test("linking changes nothing of the collection and gives the same twice", () => {
  const first = linkProgram(maps, "timer");
  first.instructions.fill(0);
  const second = linkProgram(maps, maps.program("timer"));
  assert.ok(second.instructions.some((byte) => byte !== 0));
  assert.deepEqual(linkProgram(parse("maps"), "timer"), second);
});
