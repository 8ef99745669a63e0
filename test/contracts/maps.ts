import assert from "node:assert/strict";
import { test } from "node:test";
import type { BpfMap, MapShape, RawEntry } from "#ebpf";
import { MapType } from "#ebpf/spec";
import { isErrno } from "#sys";
import { attributed } from "#test";

// What a BpfMap promises, whoever it is: run against the kernel's and the one in memory.

interface MapWorld {
  make: (shape: MapShape) => BpfMap;
}

function shapeOf(type: number, shape: Partial<MapShape> = {}): MapShape {
  // Longest-prefix maps must not be preallocated.
  const flags = type === MapType.lpmTrie ? 1 : 0;
  return { name: "contract", type, keySize: 4, valueSize: 8, maxEntries: 16, flags, ...shape };
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function valueOf(map: BpfMap, fill: number): Uint8Array {
  return new Uint8Array(map.valueBytes).fill(fill);
}

/** Four bytes of prefix length, then the address. */
function prefix(length: number, ...address: number[]): Uint8Array {
  return Uint8Array.from([...u32(length), ...address]);
}

function byKey(entries: Iterable<RawEntry>): Record<string, number> {
  const pairs = [...entries].map(([key, value]) => [key.join("."), value[0] ?? -1] as const);
  return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const HASHES = { hash: MapType.hash, percpuHash: MapType.percpuHash, lruHash: MapType.lruHash };

export function mapContract(who: string, world: MapWorld): void {
  for (const [name, type] of Object.entries(HASHES)) {
    test(attributed(`${who} ${name}: what is put in is found until it is deleted`), () => {
      using map = world.make(shapeOf(type));
      assert.equal(map.lookup(u32(1)), undefined);
      map.update(u32(1), valueOf(map, 7));
      map.update(u32(2), valueOf(map, 8));
      assert.deepEqual(map.lookup(u32(1)), valueOf(map, 7));
      map.update(u32(1), valueOf(map, 9));
      assert.deepEqual(map.lookup(u32(1)), valueOf(map, 9));
      assert.equal(map.delete(u32(1)), true);
      assert.equal(map.delete(u32(1)), false);
      assert.equal(map.lookup(u32(1)), undefined);
      assert.deepEqual(byKey(map.entries()), { "2.0.0.0": 8 });
    });

    test(attributed(`${who} ${name}: an update may ask for a new key, or a known one`), () => {
      using map = world.make(shapeOf(type));
      assert.throws(
        () => map.update(u32(1), valueOf(map, 1), "replace"),
        (error) => isErrno(error, "ENOENT"),
      );
      map.update(u32(1), valueOf(map, 1), "create");
      assert.throws(
        () => map.update(u32(1), valueOf(map, 2), "create"),
        (error) => isErrno(error, "EEXIST"),
      );
      map.update(u32(1), valueOf(map, 3), "replace");
      assert.deepEqual(map.lookup(u32(1)), valueOf(map, 3));
    });

    test(attributed(`${who} ${name}: many at once`), () => {
      using map = world.make(shapeOf(type, { maxEntries: 10_000 }));
      const entries = Array.from(
        { length: 5000 },
        (_, at): RawEntry => [u32(at), valueOf(map, at & 0xff)],
      );
      assert.equal(map.updateMany(entries).size, 0);
      const found = byKey(map.entries());
      assert.equal(Object.keys(found).length, 5000);
      assert.equal(found[u32(4999).join(".")], 4999 & 0xff);
      assert.equal(map.deleteMany(entries.slice(0, 4998).map(([key]) => key)).size, 0);
      assert.equal(Object.keys(byKey(map.entries())).length, 2);
      // What is not there need not be deleted.
      assert.equal(map.deleteMany([u32(77_777), u32(4999)]).size, 0);
      assert.equal(map.lookup(u32(4999)), undefined);
    });
  }

  test(attributed(`${who}: what a caller does with his bytes does not reach into the map`), () => {
    using map = world.make(shapeOf(MapType.hash));
    const value = valueOf(map, 1);
    map.update(u32(1), value);
    value.fill(2);
    const found = map.lookup(u32(1));
    assert.deepEqual(found, valueOf(map, 1));
    found?.fill(3);
    assert.deepEqual(map.lookup(u32(1)), valueOf(map, 1));
  });

  test(attributed(`${who}: keys and values of another size are a mistake of the caller`), () => {
    using map = world.make(shapeOf(MapType.hash));
    assert.throws(() => map.lookup(new Uint8Array(3)), /keys of 4 bytes, not 3/);
    assert.throws(() => map.update(u32(1), new Uint8Array(9)), /values of 8 bytes, not 9/);
    assert.throws(
      () => map.updateMany([[new Uint8Array(5), new Uint8Array(8)]]),
      /keys of 4 bytes, not 5/,
    );
  });

  test(attributed(`${who}: a full hash refuses, and says of many which ones`), () => {
    using map = world.make(shapeOf(MapType.hash, { maxEntries: 4 }));
    for (let at = 0; at < 4; at++) map.update(u32(at), valueOf(map, at));
    assert.throws(
      () => map.update(u32(9), valueOf(map, 9)),
      (error) => isErrno(error, "E2BIG"),
    );
    map.update(u32(3), valueOf(map, 33));
    const entries: RawEntry[] = [
      [u32(0), valueOf(map, 10)],
      [u32(8), valueOf(map, 18)],
      [u32(1), valueOf(map, 11)],
    ];
    const failures = map.updateMany(entries);
    assert.deepEqual([...failures.keys()], [1]);
    assert.ok(isErrno(failures.get(1), "E2BIG"));
    assert.deepEqual(byKey(map.entries()), {
      "0.0.0.0": 10,
      "1.0.0.0": 11,
      "2.0.0.0": 2,
      "3.0.0.0": 33,
    });
  });

  test(
    attributed(`${who}: a least-recently-used map never refuses, and keeps what is used`),
    () => {
      using map = world.make(shapeOf(MapType.lruHash, { maxEntries: 1024 }));
      for (let at = 0; at < 10_000; at++) map.update(u32(at), valueOf(map, at & 0xff));
      assert.notEqual(map.lookup(u32(9_999)), undefined);
      assert.ok([...map.entries()].length <= 1024);
    },
  );

  test(attributed(`${who} array: every place is there from the start and never goes`), () => {
    using map = world.make(shapeOf(MapType.array, { maxEntries: 3 }));
    assert.deepEqual(map.lookup(u32(2)), valueOf(map, 0));
    map.update(u32(1), valueOf(map, 5));
    assert.deepEqual(byKey(map.entries()), { "0.0.0.0": 0, "1.0.0.0": 5, "2.0.0.0": 0 });
    assert.equal(map.lookup(u32(3)), undefined);
    assert.throws(
      () => map.update(u32(3), valueOf(map, 1)),
      (error) => isErrno(error, "E2BIG"),
    );
    assert.throws(
      () => map.update(u32(0), valueOf(map, 1), "create"),
      (error) => isErrno(error, "EEXIST"),
    );
    assert.throws(
      () => map.delete(u32(0)),
      (error) => isErrno(error, "EINVAL"),
    );
    const failures = map.updateMany([
      [u32(2), valueOf(map, 6)],
      [u32(7), valueOf(map, 7)],
      [u32(0), valueOf(map, 8)],
    ]);
    assert.deepEqual([...failures.keys()], [1]);
    assert.deepEqual(byKey(map.entries()), { "0.0.0.0": 8, "1.0.0.0": 5, "2.0.0.0": 6 });
  });

  test(attributed(`${who} per-CPU array: a value for each CPU, each in eight bytes`), () => {
    using map = world.make(shapeOf(MapType.percpuArray, { maxEntries: 2, valueSize: 4 }));
    assert.equal(map.valueBytes % 8, 0);
    const value = Uint8Array.from({ length: map.valueBytes }, (_, at) =>
      at % 8 === 0 ? 1 + at / 8 : 0,
    );
    map.update(u32(1), value);
    assert.deepEqual(map.lookup(u32(1)), value);
  });

  test(
    attributed(
      `${who} longest prefix: the longest that fits answers, a delete takes the exact one`,
    ),
    () => {
      using map = world.make(shapeOf(MapType.lpmTrie, { keySize: 8 }));
      map.update(prefix(0, 0, 0, 0, 0), valueOf(map, 1));
      map.update(prefix(8, 10, 0, 0, 0), valueOf(map, 2));
      map.update(prefix(20, 10, 1, 0x20, 0), valueOf(map, 3));
      const find = (...address: number[]): number | undefined =>
        map.lookup(prefix(32, ...address))?.[0];
      assert.deepEqual(
        [find(192, 0, 2, 1), find(10, 9, 9, 9), find(10, 1, 0x2f, 1), find(10, 1, 0x30, 1)],
        [1, 2, 3, 2],
      );
      assert.equal(map.delete(prefix(9, 10, 0, 0, 0)), false);
      assert.equal(map.delete(prefix(8, 10, 0, 0, 0)), true);
      assert.equal(find(10, 9, 9, 9), 1);
      assert.equal([...map.entries()].length, 2);
    },
  );

  test(attributed(`${who} longest prefix: too long a prefix and too many are refused`), () => {
    using map = world.make(shapeOf(MapType.lpmTrie, { keySize: 8, maxEntries: 1 }));
    assert.throws(
      () => map.update(prefix(33, 10, 0, 0, 0), valueOf(map, 1)),
      (error) => isErrno(error, "EINVAL"),
    );
    map.update(prefix(8, 10, 0, 0, 0), valueOf(map, 1));
    assert.throws(
      () => map.update(prefix(8, 11, 0, 0, 0), valueOf(map, 1)),
      (error) => isErrno(error, "ENOSPC"),
    );
  });

  test(attributed(`${who}: asynchronous forms do the same`), async () => {
    using map = world.make(shapeOf(MapType.hash));
    await map.updateAsync(u32(1), valueOf(map, 4));
    await assert.rejects(map.updateAsync(u32(1), valueOf(map, 5), "create"), (error) =>
      isErrno(error, "EEXIST"),
    );
    assert.deepEqual(map.lookup(u32(1)), valueOf(map, 4));
    assert.equal(await map.deleteAsync(u32(1)), true);
    assert.equal(await map.deleteAsync(u32(1)), false);
  });

  test(attributed(`${who}: a frozen map can be read and no longer written`), () => {
    using map = world.make(shapeOf(MapType.hash));
    map.update(u32(1), valueOf(map, 1));
    map.freeze();
    assert.deepEqual(map.lookup(u32(1)), valueOf(map, 1));
    assert.throws(
      () => map.update(u32(1), valueOf(map, 2)),
      (error) => isErrno(error, "EPERM"),
    );
    assert.throws(
      () => map.delete(u32(1)),
      (error) => isErrno(error, "EPERM"),
    );
  });
}
