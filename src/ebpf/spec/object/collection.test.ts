import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AppError } from "#base";
import { Btf } from "../btf/btf.ts";
import { UnsupportedObjectError } from "../errors.ts";
import { MapFlag, MapType, ProgramFlag, ProgramType } from "../uapi.ts";
import { CollectionSpec } from "./collection.ts";

function parse(name: string): CollectionSpec {
  const path = join(import.meta.dirname, `../../testdata/${name}.bpf.o`);
  return CollectionSpec.parse(readFileSync(path), name);
}

function refuses(code: string, body: () => unknown, message: RegExp): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof AppError && error.code === code, String(error));
    assert.match(error.message, message);
    return true;
  });
}

test("programs have types by their sections", () => {
  const { programs, license } = parse("empty");
  assert.deepEqual(
    programs.map(({ name, type }) => [name, type]),
    [
      ["empty_tc", ProgramType.schedCls],
      ["empty_xdp", ProgramType.xdp],
      ["empty_connect4", ProgramType.cgroupSockAddr],
      ["empty_sk_lookup", ProgramType.skLookup],
      ["answer_syscall", ProgramType.syscall],
    ],
  );
  assert.equal(license, "Dual BSD/GPL");
  const optional = parse("maps").program("optional");
  assert.deepEqual([optional.isAutoLoaded, optional.flags], [false, ProgramFlag.xdpHasFrags]);
});

test("maps are as their definitions say", () => {
  const maps = parse("maps");
  const { keyTypeId, valueTypeId, ...flows } = maps.map("flows");
  assert.deepEqual(flows, {
    name: "flows",
    type: MapType.hash,
    keySize: 12,
    valueSize: 32,
    maxEntries: 1024,
    flags: MapFlag.noPrealloc,
    numaNode: undefined,
    extra: 0n,
    pinning: "none",
    isTypedInKernel: true,
    inner: undefined,
    initial: [],
    contents: undefined,
    isConstant: false,
  });
  assert.deepEqual(
    [maps.btf.describe(keyTypeId), maps.btf.describe(valueTypeId)],
    ["struct flow_key", "struct flow"],
  );
  assert.equal(maps.map("recent").pinning, "byName");
  const raw = maps.map("raw");
  assert.deepEqual([raw.keySize, raw.valueSize, raw.isTypedInKernel], [4, 24, false]);
  assert.equal(maps.keyCodec("raw"), undefined);
  assert.equal(maps.keyCodec("flows")?.type, "struct flow_key");
});

test("maps of maps and of programs say what is in them from the start", () => {
  const maps = parse("maps");
  const outer = maps.map("array_of_maps");
  assert.deepEqual([outer.inner?.valueSize, outer.inner?.flags], [8, MapFlag.innerMap]);
  assert.deepEqual(outer.initial, [
    { index: 0, kind: "map", name: "inner_a" },
    { index: 2, kind: "map", name: "inner_b" },
  ]);
  assert.deepEqual(maps.map("hash_of_maps").initial, []);
  assert.deepEqual(maps.map("tails").initial, [
    { index: 1, kind: "program", name: "tail_first" },
    { index: 3, kind: "program", name: "tail_second" },
  ]);
});

test("a ring buffer's events have a type that the kernel is not told", () => {
  const ring = parse("ring");
  const { keySize, valueSize, isTypedInKernel } = ring.map("ring");
  assert.deepEqual([keySize, valueSize, isTypedInKernel], [0, 0, false]);
  assert.equal(ring.valueCodec("ring")?.size, 128);
});

test("sections are maps of one element", () => {
  const maps = parse("maps");
  const sections = maps.maps.filter(({ contents }) => contents !== undefined);
  assert.deepEqual(
    sections.map(({ name, isConstant, flags, isTypedInKernel }) => [
      name,
      isConstant,
      flags,
      isTypedInKernel,
    ]),
    [
      [".rodata", true, MapFlag.readOnlyProgram, true],
      [".data", false, MapFlag.mmapable, true],
      [".bss", false, MapFlag.mmapable, true],
      // The compiler's own, of which BTF does not know.
      [".rodata.cst16", true, MapFlag.readOnlyProgram, false],
    ],
  );
  assert.equal(maps.valueCodec(".rodata"), undefined);
});

test("variables have the values of the source", () => {
  const maps = parse("maps");
  const values = Object.fromEntries(maps.variables.map(({ name }) => [name, maps.variable(name)]));
  assert.deepEqual(values, {
    setting_u8: 8,
    setting_s16: -16,
    setting_u32: 32,
    setting_s64: -64n,
    setting_u64: 64n,
    setting_bool: true,
    setting_colour: 2,
    setting_bytes: Uint8Array.of(2, 4, 6, 8, 10, 12),
    setting_text: new TextEncoder().encode("hello\0\0\0"),
    setting_ports: [80, 443, 8080],
    setting_limits: {
      bytes: 1500n,
      corner: { x: -1, y: 7 },
      word: 0x04030201,
      parts: Uint8Array.of(1, 2, 3, 4),
      low: 5,
      high: 17,
    },
    clock_offset: 1000n,
    hidden_data: 7,
    hidden_bss: 0,
    result: 0n,
    fired: 0,
  });
});

test("variables are set by their names and types, in one copy only", () => {
  const original = parse("maps");
  const changed = original.copy().setVariables({
    setting_u8: 255,
    setting_bool: false,
    setting_ports: [1, 2, 3],
    setting_text: "bye",
    clock_offset: 5,
  });
  assert.deepEqual(
    ["setting_u8", "setting_bool", "setting_ports", "clock_offset"].map((name) =>
      changed.variable(name),
    ),
    [255, false, [1, 2, 3], 5n],
  );
  assert.equal(original.variable("setting_u8"), 8);
  assert.equal(original.variable("clock_offset"), 1000n);
  refuses("encode", () => changed.setVariable("setting_u8", 256), /^setting_u8: 256 is no/);
  refuses("encode", () => changed.setVariable("setting_ports", [1]), /a list of 3 is needed/);
  refuses(
    "not-found",
    () => changed.setVariable("seting_u8", 1),
    /maps: there is no variable seting_u8: there are setting_u8, .*result/,
  );
});

test("what is a user's choice of a map can be changed", () => {
  const maps = parse("maps")
    .setMap("flows", { maxEntries: 7, numaNode: 1 })
    .setMap("array_of_maps", { inner: { maxEntries: 99 } });
  const { maxEntries, numaNode, flags } = maps.map("flows");
  assert.deepEqual([maxEntries, numaNode, flags], [7, 1, MapFlag.noPrealloc | MapFlag.numaNode]);
  assert.equal(maps.map("array_of_maps").inner?.maxEntries, 99);
  assert.equal(maps.map("array_of_maps").maxEntries, 4);
  refuses("spec", () => maps.setMap("flows", { inner: {} }), /flows is no map of maps/);
  refuses("not-found", () => maps.setMap("flow", {}), /no map flow: there are inner_a, /);
});

test("what is not there is answered with what is", () => {
  const empty = parse("empty");
  refuses("not-found", () => empty.program("x"), /no program x: there are empty_tc, empty_xdp/);
  refuses("not-found", () => empty.map("x"), /empty: there is no map x: there are none/);
});

test("the kernel's types have sections with sizes and places, and no foreign functions", () => {
  const maps = parse("maps");
  const kernel = Btf.decode(maps.kernelBtf());
  assert.equal(kernel.count, maps.btf.count);
  const section = kernel.type(kernel.find("datasec", ".rodata") ?? 0);
  assert.ok(section?.kind === "datasec");
  assert.equal(section.size, maps.map(".rodata").valueSize);
  const offsets = section.variables.map(({ offset }) => offset);
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  );
  assert.ok((offsets.at(-1) ?? 0) > 0);

  const kfunc = Btf.decode(parse("kfunc").kernelBtf());
  assert.equal(kfunc.find("datasec", ".ksyms"), undefined);
  for (const [, type] of kfunc.entries()) {
    if (type.kind !== "func") continue;
    assert.equal(type.linkage, 1, type.name);
    const proto = kfunc.type(type.target);
    assert.ok(proto?.kind === "funcProto");
    assert.ok(
      proto.params.every(({ name }) => name !== ""),
      type.name,
    );
  }
});

test("an object that wants CO-RE says so", () => {
  assert.throws(
    () => parse("core"),
    (error) => {
      assert.ok(error instanceof UnsupportedObjectError);
      assert.match(
        error.message,
        /CO-RE relocations \(it has 2\) is not supported: use the stable/,
      );
      return true;
    },
  );
});
