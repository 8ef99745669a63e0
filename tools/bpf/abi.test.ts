import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import * as committed from "#abi";
import { AppError } from "#base";
import { type Btf, codecOf, CollectionSpec, type ValueInput } from "#ebpf/spec";
import { property } from "#test";
import { root } from "../lib/files.ts";
import { renderAbi } from "./abi.ts";
import { AbiTypes } from "./abi-types.ts";
import { isPadding, memberName } from "./names.ts";

interface Codec {
  size: number;
  decode: (bytes: Uint8Array) => unknown;
  encode: (value: unknown) => Uint8Array;
}

const fixtures = readSpec("src/ebpf/testdata/maps.bpf.o");
const events = readSpec("bpf/obj/events.bpf.o");

function readSpec(path: string): CollectionSpec {
  return CollectionSpec.parse(readFileSync(join(root, path)), path);
}

/** Generated code, as a module that runs. It stands in the tree, whose imports it uses. */
async function importAbi(name: string, spec: CollectionSpec): Promise<Record<string, unknown>> {
  const folder = join(root, `.cache/abi-test-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    copyFileSync(join(root, "src/abi/codec.ts"), join(folder, "codec.ts"));
    for (const [file, text] of renderAbi([{ name, spec }])) {
      writeFileSync(join(folder, file), text);
    }
    const index = pathToFileURL(join(folder, "index.ts")).href;
    return (await import(index)) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let imported: Promise<Record<string, unknown>> | undefined;

/** What is generated of an object with more kinds of types than those of today's programs. */
function generated(): Promise<Record<string, unknown>> {
  imported ??= importAbi("maps", fixtures);
  return imported;
}

/** A value as generated code has it: other names, and no padding. */
function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const members = Object.entries(value)
    .filter(([name]) => !isPadding(name))
    .map(([name, each]) => [memberName(name), renamed(each)]);
  return Object.fromEntries(members);
}

/** Names of the structs whose codecs were generated. */
function structsOf(btf: Btf, module: Readonly<Record<string, unknown>>): [string, number, Codec][] {
  return [...btf.entries()].flatMap(([id, type]): [string, number, Codec][] => {
    const codec = module[`${memberName(type.name)}Codec`];
    return type.kind === "struct" && codec !== undefined ? [[type.name, id, codec as Codec]] : [];
  });
}

function agrees(btf: Btf, module: Readonly<Record<string, unknown>>, random: Uint8Array): void {
  const structs = structsOf(btf, module);
  assert.ok(structs.length > 2);
  for (const [name, id, codec] of structs) {
    const reference = codecOf(btf, id);
    assert.equal(codec.size, reference.size, name);
    const bytes = random.subarray(0, reference.size);
    const value = codec.decode(bytes);
    const wanted = reference.decode(bytes);
    // What a program keeps in the kernel's own structs is left out here, and zero there.
    const plain = renamed(wanted) as Record<string, unknown>;
    delete plain["timer"];
    assert.deepEqual(value, plain, name);
    assert.deepEqual(codec.encode(value), withoutPadding(reference, wanted), name);
  }
}

function withoutPadding(codec: ReturnType<typeof codecOf>, value: unknown): Uint8Array {
  const zero = codec.decode(new Uint8Array(codec.size));
  const clean = { ...(value as object) } as Record<string, unknown>;
  for (const name of Object.keys(clean)) {
    if (isPadding(name)) clean[name] = (zero as Record<string, unknown>)[name];
  }
  return codec.encode(clean as ValueInput);
}

const bytes = fc.uint8Array({ minLength: 512, maxLength: 512 });

property("what is committed reads and writes as the types of bpf/obj say", bytes, (random) =>
  agrees(events.btf, committed, random),
);

property("so does what is generated of other objects", bytes, async (random) =>
  agrees(fixtures.btf, await generated(), random),
);

test("maps, rings, variables and constants are there by their names", async () => {
  const { flowsMap, rawMap, percpuPointsMap, clockOffsetVariable, Colour } =
    (await generated()) as Record<string, Record<string, Codec>>;
  assert.equal(flowsMap?.["name"], "flows");
  assert.equal(flowsMap?.["key"]?.size, 12);
  assert.equal(rawMap?.["value"]?.size, 24);
  assert.equal(percpuPointsMap?.["isPerCpu"], true);
  assert.deepEqual({ ...Colour }, { red: 1, green: 2, blue: -3 });
  const { name, map, offset, codec } = clockOffsetVariable ?? {};
  assert.deepEqual([name, map, offset], ["clock_offset", ".data", 0]);
  assert.equal(codec?.decode(codec.encode(7n)), 7n);
  assert.equal(committed.eventsRing.event.size, 56);
  assert.equal(committed.eventsRingOffsets.tcpFlags, 55);
  assert.equal(committed.countersMap.isPerCpu, true);
  assert.deepEqual({ ...committed.Direction }, { ingress: 0, egress: 1 });
});

test("settings have their C names and what may be given for them", () => {
  const text = renderAbi([{ name: "maps", spec: fixtures }]).get("settings.ts") ?? "";
  for (const line of [
    "readonly setting_u64?: bigint;",
    "readonly setting_bool?: boolean;",
    "readonly setting_text?: Uint8Array | string;",
    "readonly setting_ports?: readonly (number)[];",
    "corner: { readonly x: number; readonly y: number }",
  ]) {
    assert.ok(text.includes(line), `${line} in\n${text}`);
  }
  const settings: committed.EventsSettings = { sample_every: 3, is_reader_woken: true };
  assert.equal(events.copy().setVariables(settings).variable("sample_every"), 3);
});

test("what no line of TypeScript can say is refused by its name", () => {
  const { btf } = fixtures;
  const limits = btf.find("struct", "limits") ?? assert.fail("no struct limits");
  assert.throws(
    () => new AbiTypes().shape(btf, limits, "map x"),
    (error) =>
      error instanceof AppError &&
      error.message.startsWith("struct limits, a member without a name: an anonymous union"),
  );
  const names = ["ring", "events"].map((name) => ({
    name,
    spec: name === "ring" ? readSpec("src/ebpf/testdata/ring.bpf.o") : events,
  }));
  assert.throws(() => renderAbi(names), /struct event: two objects define it otherwise/);
});
