import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AppError, NotSupportedError } from "#base";
import {
  Collection,
  KernelMap,
  perCpu,
  TypedMap,
  unpin,
  type ValueCodec,
  VerifierError,
} from "#ebpf";
import { type Codec, CollectionSpec, type Value, type ValueInput } from "#ebpf/spec";
import { bpfFolder } from "#test";

// The fixture maps.bpf.c has one of everything; each program answers what is compared here.

const PIN_FOLDER = bpfFolder();
const PACKET = new Uint8Array(64);

function spec(name: string): CollectionSpec {
  return CollectionSpec.parse(
    readFileSync(join(import.meta.dirname, `testdata/${name}.bpf.o`)),
    name,
  );
}

function loadMaps(change: (spec: CollectionSpec) => void = () => {}): Collection {
  const maps = spec("maps").setMap("recent", { pinning: "none" });
  change(maps);
  return Collection.load(maps);
}

function answer(collection: Collection, program: string, mark = 0): number {
  // `mark` is the third word of struct __sk_buff.
  const context = new Uint8Array(192);
  new DataView(context.buffer).setUint32(8, mark, true);
  return collection.program(program).testRun({ data: PACKET, context }).returnValue | 0;
}

function typed(collection: Collection, name: string): TypedMap<ValueInput, Value> {
  const wrap = (codec: Codec | undefined): ValueCodec<Value> => {
    assert.ok(codec, `${name} has types`);
    return {
      size: codec.size,
      decode: codec.decode,
      encode: (value) => codec.encode(value),
    };
  };
  const { spec: from } = collection;
  return new TypedMap(collection.map(name), wrap(from.keyCodec(name)), wrap(from.valueCodec(name)));
}

/** The first byte of a variable as it is in the kernel now. */
function readVariable(collection: Collection, name: string): number | undefined {
  const variable = collection.spec.variables.find((each) => each.name === name);
  assert.ok(variable, `there is a variable ${name}`);
  return collection.map(variable.map).lookup(u32(0))?.[variable.offset];
}

function u32(value: number): Uint8Array {
  return new Uint8Array(new Uint32Array([value]).buffer);
}

function u64(value: bigint): Uint8Array {
  return new Uint8Array(new BigUint64Array([value]).buffer);
}

test("subprograms of several sections call each other", () => {
  using maps = loadMaps();
  assert.equal(answer(maps, "subprograms"), 2 * 64 + 1 + 2);
});

test("settings have their C values, or those that they were given", () => {
  using plain = loadMaps();
  assert.equal(answer(plain, "settings"), 2 + 80 + "h".charCodeAt(0));
  using changed = loadMaps((each) =>
    each.setVariables({
      setting_bytes: Uint8Array.of(100, 0, 0, 0, 0, 0),
      setting_ports: [1000, 0, 0],
      setting_text: "\0",
    }),
  );
  assert.equal(answer(changed, "settings"), 1100);
  using struct = loadMaps((each) =>
    each.setVariables({
      setting_colour: -3,
      setting_limits: { bytes: 1n, corner: { x: -77, y: 0 }, word: 0, low: 0, high: 0 },
    }),
  );
  assert.equal(answer(struct, "settings"), -77);
});

test("constants of the compiler's own are there", () => {
  using maps = loadMaps();
  assert.equal(answer(maps, "constants"), 3);
});

test("callbacks run over map elements and in loops", () => {
  using maps = loadMaps();
  const flows = typed(maps, "flows");
  for (const port of [1, 2, 3]) {
    flows.set(
      { source: 1, destination: 2, port, protocol: 6, unused: 0 },
      {
        packets: 1n,
        bytes: BigInt(port * 100),
        colour: 1,
        points: [
          { x: 0, y: 0 },
          { x: -1, y: port },
        ],
      },
    );
  }
  assert.equal(answer(maps, "for_each"), 3);
  assert.equal(answer(maps, "looped"), 2 * 45);
  const [first] = [...flows.entries()].filter(([key]) => (key as { port: number }).port === 3);
  assert.deepEqual((first?.[1] as { points: unknown } | undefined)?.points, [
    { x: 0, y: 0 },
    { x: -1, y: 3 },
  ]);
});

test("tail calls out of subprograms reach the programs that the object put there", () => {
  using maps = loadMaps();
  answer(maps, "tail_entry");
  assert.equal(readVariable(maps, "result"), 42);
});

test("maps of maps hold the object's, and take others later", async () => {
  using maps = loadMaps();
  maps.map("inner_a").update(u32(0), u64(11n));
  maps.map("inner_b").update(u32(0), u64(22n));
  assert.deepEqual(
    [0, 1, 2].map((index) => answer(maps, "inner_maps", index)),
    [11, -1, 22],
  );
  const { shape } = maps.map("inner_a");
  using added = KernelMap.create({ ...shape, name: "added", maxEntries: 7 });
  added.update(u32(0), u64(33n));
  await maps.map("hash_of_maps").updateAsync(u32(9), u32(added.fd));
  assert.equal(answer(maps, "inner_maps", 9), 33);
  const [id] = new Uint32Array(
    Uint8Array.from(maps.map("hash_of_maps").lookup(u32(9)) ?? []).buffer,
  );
  assert.equal(id, added.id);
  using again = KernelMap.openById(id ?? 0);
  assert.deepEqual(again.lookup(u32(0)), u64(33n));
  assert.equal(await maps.map("hash_of_maps").deleteAsync(u32(9)), true);
  assert.equal(answer(maps, "inner_maps", 9), -1);
});

test("a timer in a map's value fires", async () => {
  using maps = loadMaps();
  assert.equal(answer(maps, "timer"), 0);
  const rounds = 100;
  for (let round = 0; round < rounds && readVariable(maps, "fired") === 0; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(readVariable(maps, "fired"), 1);
});

test("what user space writes into each kind of map, programs read", () => {
  using maps = loadMaps();
  maps.map("recent").update(u32(1), u64(1n));
  const counts = maps.map("percpu_counts");
  const perCpuCounts = new TypedMap(
    counts,
    { size: 4, encode: u32, decode: (bytes) => bytes[0] ?? 0 },
    perCpu({ size: 4, encode: u32, decode: (bytes) => bytes[0] ?? 0 }),
  );
  const cpus = counts.valueBytes / 8;
  perCpuCounts.set(
    1,
    Array.from({ length: cpus }, () => 10),
  );
  assert.deepEqual(
    perCpuCounts.get(1),
    Array.from({ length: cpus }, () => 10),
  );
  maps.map("percpu_points").update(
    u32(1),
    new Uint8Array(cpus * 8).map((_, at) => (at % 8 === 0 ? 100 : 0)),
  );
  maps.map("raw").update(u32(1), Uint8Array.from([...new Uint8Array(16), ...u64(1000n)]));
  typed(maps, "prefixes").set({ length: 24, address: Uint8Array.of(10, 1, 2, 0) }, 10_000);
  const mark = new DataView(Uint8Array.of(10, 1, 2, 99).buffer).getUint32(0, true);
  assert.equal(answer(maps, "lookups", mark), 11_111);
  assert.equal(answer(maps, "lookups", 0), 1111);
});

test("a program behind a question mark is loaded only when it is asked for", () => {
  using maps = loadMaps();
  assert.equal(maps.programs.has("optional"), false);
  const asked = spec("maps").setMap("recent", { pinning: "none" });
  using optional = Collection.load(asked, { programs: ["optional"] });
  assert.deepEqual([...optional.programs.keys()], ["optional"]);
  assert.throws(() => optional.program("settings"), /no program settings: there are optional/);
});

test("a map that asks to be pinned is, and the next collection finds it", () => {
  const pin = join(PIN_FOLDER, "recent");
  assert.throws(
    () => Collection.load(spec("maps")),
    /recent asks to be pinned by its name: say where, as pinFolder/,
  );
  {
    using first = Collection.load(spec("maps"), { pinFolder: PIN_FOLDER });
    first.map("recent").update(u32(1), u64(77n));
  }
  using second = Collection.load(spec("maps"), { pinFolder: PIN_FOLDER });
  assert.deepEqual(second.map("recent").lookup(u32(1)), u64(77n));
  assert.equal(answer(second, "lookups"), 77);
  const other = spec("maps").setMap("recent", { maxEntries: 128 });
  assert.throws(
    () => Collection.load(other, { pinFolder: PIN_FOLDER }),
    /pinned at .*another kind of map \(maxEntries 256 instead of 128\)/,
  );
  unpin(pin);
  assert.equal(existsSync(pin), false);
});

test("pins outside a bpffs are refused with a word on where to", () => {
  using map = KernelMap.create({
    name: "m",
    type: 1,
    keySize: 4,
    valueSize: 4,
    maxEntries: 1,
    flags: 0,
  });
  assert.throws(
    () => map.pin(`/tmp/ciliate-test-${process.pid}/m`),
    /is not in a bpffs: pin below \//,
  );
});

test("a map of one's own takes the place of the object's", () => {
  const { flows } = Object.fromEntries(spec("maps").maps.map((map) => [map.name, map]));
  assert.ok(flows);
  using own = KernelMap.create({ ...flows, name: "own" });
  using maps = Collection.load(spec("maps").setMap("recent", { pinning: "none" }), {
    maps: { flows: own },
  });
  own.update(new Uint8Array(12), new Uint8Array(flows.valueSize).fill(1));
  assert.equal(answer(maps, "for_each"), 1);
  using wrong = KernelMap.create({ ...flows, name: "wrong", maxEntries: 9 });
  assert.throws(
    () => Collection.load(spec("maps"), { maps: { flows: wrong } }),
    /maxEntries 9 instead of 1024/,
  );
});

test("a program that the verifier refuses is told with the line of C, and leaves nothing open", () => {
  assert.throws(
    () => Collection.load(spec("bad")),
    (error) => {
      assert.ok(error instanceof VerifierError);
      assert.match(error.message, /^the verifier refuses program out_of_bounds: /);
      assert.match(error.sourceLine ?? "", /return data\[14\]/);
      assert.ok(error.log.includes("invalid access to packet"));
      return true;
    },
  );
});

test("kernel functions are found by name, and a missing one is named", () => {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  // bpf_dynptr_from_skb came with Linux 6.4.
  if (major < 6 || (major === 6 && minor < 4)) {
    assert.throws(
      () => Collection.load(spec("kfunc")),
      (error) =>
        error instanceof NotSupportedError && error.feature.includes("bpf_dynptr_from_skb"),
    );
    return;
  }
  using kfunc = Collection.load(spec("kfunc"));
  assert.ok(kfunc.programs.size > 0);
});

test("the kernel tells about a program, and runs it many times", () => {
  using big = Collection.load(spec("big"));
  const [program] = big.programs.values();
  assert.ok(program);
  const info = program.info();
  assert.ok(
    info.verifiedInstructions > 4000 && info.translatedInstructions > 1000,
    JSON.stringify(info, (_, value) => String(value)),
  );
  const { durationNs } = program.testRun({ data: PACKET, repeat: 1000 });
  assert.ok(durationNs > 0);
});

test("programs of each type load; a packet comes out as it went in", () => {
  using empty = Collection.load(spec("empty"));
  const result = empty.program("empty_tc").testRun({ data: PACKET.map((_, at) => at) });
  assert.deepEqual(
    [...result.data],
    Array.from(PACKET, (_, at) => at),
  );
  assert.throws(() => empty.map("flows"), AppError);
});
