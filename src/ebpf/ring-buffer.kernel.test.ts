import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Collection, forEachRecord, RECORD_HEADER_BYTES, RingBuffer } from "#ebpf";
import { CollectionSpec } from "#ebpf/spec";

const PACKET = new Uint8Array(64);
const EVENT_BYTES = 128;
const RING_BYTES = 1 << 20;
const FITTING = RING_BYTES / (EVENT_BYTES + RECORD_HEADER_BYTES);

function load(settings: { events_per_run: number; submit_flags?: bigint }): Collection {
  const path = join(import.meta.dirname, "testdata/ring.bpf.o");
  const spec = CollectionSpec.parse(readFileSync(path), "ring").setMap("ring", {
    maxEntries: RING_BYTES,
  });
  return Collection.load(spec.setVariables(settings));
}

function write(ring: Collection, times = 1): void {
  ring.program("write_events").testRun({ data: PACKET, repeat: times });
}

function sequenceOf(record: Uint8Array): number {
  return Number(new DataView(record.buffer, record.byteOffset).getBigUint64(0, true));
}

function lost(ring: Collection): number {
  const bytes = ring.map("lost").lookup(new Uint8Array(4)) ?? new Uint8Array();
  const counts = new BigUint64Array(Uint8Array.from(bytes).buffer);
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

test("records come whole, once and in order, over many rounds of the ring", () => {
  using ring = load({ events_per_run: 1000 });
  using reader = new RingBuffer(ring.map("ring"));
  let expected = 0;
  for (let round = 0; round < 50; round++) {
    write(ring);
    const records = reader.drain((record) => {
      assert.equal(record.length, EVENT_BYTES);
      assert.equal(sequenceOf(record), expected);
      const last = new DataView(record.buffer, record.byteOffset).getBigUint64(
        EVENT_BYTES - 8,
        true,
      );
      assert.equal(Number(last), expected ^ 14);
      expected += 1;
    });
    assert.equal(records, 1000);
  }
  assert.deepEqual(reader.counts(), { records: 50_000, bytes: 50_000 * EVENT_BYTES, discarded: 0 });
  assert.equal(
    reader.drain(() => assert.fail("there is no more")),
    0,
  );
  assert.equal(lost(ring), 0);
});

test("a full ring loses what comes last, and what was lost is counted", () => {
  using ring = load({ events_per_run: 10_000 });
  using reader = new RingBuffer(ring.map("ring"));
  write(ring);
  assert.ok(reader.waitingBytes() > RING_BYTES - EVENT_BYTES - RECORD_HEADER_BYTES);
  const seen: number[] = [];
  reader.drain((record) => seen.push(sequenceOf(record)));
  assert.equal(seen.length, Math.floor(FITTING));
  assert.deepEqual([seen[0], seen.at(-1)], [0, seen.length - 1]);
  assert.equal(lost(ring), 10_000 - seen.length);
  write(ring);
  let first = -1;
  reader.drain((record) => {
    if (first < 0) first = sequenceOf(record);
  });
  assert.equal(first, 10_000);
});

test("spans hold whole records with their headers, and can be looked at after a copy", () => {
  using ring = load({ events_per_run: 5000 });
  using reader = new RingBuffer(ring.map("ring"));
  write(ring);
  const copies: Uint8Array[] = [];
  assert.equal(
    reader.drainSpans((span) => copies.push(span.slice())),
    5000,
  );
  write(ring);
  const sequences: number[] = [];
  for (const copy of copies) {
    forEachRecord(copy, (offset, length) =>
      sequences.push(sequenceOf(copy.subarray(offset, offset + length))),
    );
  }
  assert.deepEqual([sequences.length, sequences[0], sequences.at(-1)], [5000, 0, 4999]);
});

for (const [how, submitFlags, everyMs] of [
  ["woken by the kernel", 0n, undefined],
  ["by a timer", 1n, 1],
] as const) {
  test(`a reader gets what comes ${how}, without asking`, async () => {
    using ring = load({ events_per_run: 10, submit_flags: submitFlags });
    using reader = new RingBuffer(ring.map("ring"));
    let records = 0;
    const enough = new Promise<void>((resolve) => {
      const take = (_span: Uint8Array, count: number): void => {
        records += count;
        if (records < 30) return;
        reading[Symbol.dispose]();
        resolve();
      };
      const reading = reader.read(take, everyMs === undefined ? {} : { everyMs });
    });
    for (let round = 0; round < 3; round++) {
      write(ring);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await enough;
    assert.equal(records, 30);
  });
}

test("only ring buffers are read as such", () => {
  using ring = load({ events_per_run: 1 });
  assert.throws(() => new RingBuffer(ring.map("lost")), /map lost is no ring buffer/);
});
