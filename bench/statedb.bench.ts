import { defineTable, Reconciler, StateDb, type Table, type Target } from "#statedb";
import {
  type Bench,
  type BenchContext,
  compareRates,
  defineBench,
  rates,
  row,
  type Row,
} from "./lib/index.ts";

interface Pod {
  readonly name: string;
  readonly node: string;
  readonly serial: number;
}

const pods: Table<Pod, "node"> = defineTable({
  name: "pods",
  key: (pod) => pod.name,
  indexes: { node: (pod) => [pod.node] },
});

const OBJECTS = 100_000;
const SIZES = [100, 1_000, 10_000, 100_000];
/** Objects a transaction, where many share one. */
const BATCH = 100;
/** Calls between two looks at the clock. */
const CALLS = 1_000;
/** Visits keys in an order that no cache foresees: a prime that divides no size. */
const STRIDE = 7_919;

const nothing: Target<Pod> = {
  update: () => Promise.resolve(),
  delete: () => Promise.resolve(),
  prune: () => Promise.resolve(),
};

/** What is asked for goes here, so that the compiler cannot leave the asking out. */
const sink: { kept?: unknown } = {};

function makePod(at: number, serial = 0): Pod {
  return { name: `namespace-${at % 100}/pod-${at}`, node: `node-${at % 1000}`, serial };
}

function filled(objects: number): { db: StateDb; names: string[] } {
  const db = new StateDb([pods]);
  const all = Array.from({ length: objects }, (_, at) => makePod(at));
  db.write((txn) => {
    for (const pod of all) txn.insert(pods, pod);
  });
  return { db, names: all.map((pod) => pod.name) };
}

/** A body that calls `step` with one place after the other, spread over all of them. */
function over(objects: number, step: (at: number) => void): () => number {
  let at = 0;
  return () => {
    for (let call = 0; call < CALLS; call++) {
      at = (at + STRIDE) % objects;
      step(at);
    }
    return CALLS;
  };
}

async function basics({ rounds, progress }: BenchContext): Promise<Row[]> {
  const { db, names } = filled(OBJECTS);
  let serial = 0;
  const single = over(OBJECTS, (at) => {
    serial += 1;
    db.write((txn) => txn.insert(pods, makePod(at, serial)));
  });
  const batched = over(OBJECTS / BATCH, (batch) => {
    db.write((txn) => {
      for (let at = batch * BATCH; at < (batch + 1) * BATCH; at++)
        txn.insert(pods, makePod(at, ++serial));
    });
  });
  const get = over(OBJECTS, (at) => {
    sink.kept = db.snapshot().get(pods, names[at] ?? "");
  });
  const byNode = over(1000, (at) => {
    sink.kept = db.snapshot().by(pods, "node", `node-${at}`).next();
  });
  const native = new Map([...db.snapshot().all(pods)].map((pod) => [pod.name, pod]));
  const nativeGet = over(OBJECTS, (at) => {
    sink.kept = native.get(names[at] ?? "");
  });

  const rate = async (what: string, body: () => number, goal?: number): Promise<Row> => {
    progress(what);
    const samples = await rates(body, rounds);
    return row({
      what,
      unit: "/s",
      better: "higher",
      samples,
      ...(goal === undefined ? {} : { goal }),
    });
  };
  const rows = [
    await rate(`writes, one a transaction, at ${OBJECTS} objects`, single),
    row({
      what: `writes, ${BATCH} a transaction, at ${OBJECTS} objects`,
      unit: "/s",
      better: "higher",
      samples: (await rates(batched, rounds)).map((transactions) => transactions * BATCH),
    }),
    await rate(`reads by key, at ${OBJECTS} objects`, get),
    await rate(`first of an index key, at ${OBJECTS} objects`, byNode),
  ];
  progress("reads against a plain Map");
  const { ratios } = await compareRates(get, nativeGet, rounds);
  const against = "a plain Map, which has no order and no snapshots";
  rows.push(row({ what: "reads by key", against, unit: "x", better: "higher", samples: ratios }));
  return rows;
}

/** Each size against the smallest: a snapshot must cost the same, a write a little more. */
async function snapshots({ rounds, progress }: BenchContext): Promise<Row[]> {
  const smallestSize = SIZES[0] ?? 1;
  const take = (objects: number): (() => number) => {
    const { db } = filled(objects);
    return over(smallestSize, () => {
      sink.kept = db.snapshot();
    });
  };
  const takeAndWrite = (objects: number): (() => number) => {
    const { db } = filled(objects);
    let serial = 0;
    return over(smallestSize, (at) => {
      sink.kept = db.snapshot();
      serial += 1;
      db.write((txn) => txn.insert(pods, makePod(at, serial)));
    });
  };
  const rows: Row[] = [];
  const against = `the same at ${smallestSize} objects`;
  for (const objects of SIZES.slice(1)) {
    progress(`snapshots at ${objects} objects`);
    const { ratios } = await compareRates(take(objects), take(smallestSize), rounds);
    const flat = { against, unit: "x", better: "higher" as const };
    rows.push(
      row({ ...flat, what: `snapshots, at ${objects} objects`, goal: 0.9, samples: ratios }),
    );
    const writes = await compareRates(takeAndWrite(objects), takeAndWrite(smallestSize), rounds);
    rows.push(
      row({
        ...flat,
        what: `a snapshot and a write, at ${objects} objects`,
        samples: writes.ratios,
      }),
    );
  }
  return rows;
}

async function readers({ rounds, progress }: BenchContext): Promise<Row[]> {
  progress("change streams");
  const { db } = filled(OBJECTS);
  using stream = db.changes(pods);
  while (stream.next().length > 0);
  let serial = 0;
  const follow = over(OBJECTS, (at) => {
    serial += 1;
    db.write((txn) => txn.insert(pods, makePod(at, serial)));
    stream.next();
  });
  const followed = await rates(follow, rounds);

  progress("reconciler");
  await using reconciler = new Reconciler("nothing", db, pods, nothing);
  reconciler.start();
  await reconciler.settled();
  const reconciled = await rates(async () => {
    db.write((txn) => {
      for (let at = 0; at < 10_000; at++) txn.insert(pods, makePod(at, ++serial));
    });
    await reconciler.settled();
    return 10_000;
  }, rounds);
  return [
    row({
      what: `write, then read the change, at ${OBJECTS} objects`,
      unit: "/s",
      better: "higher",
      samples: followed,
    }),
    row({
      what: "objects reconciled to a target that does nothing",
      unit: "/s",
      better: "higher",
      samples: reconciled,
    }),
  ];
}

const bench: Bench = defineBench({
  summary: `Tables of ${OBJECTS} objects with one secondary index: writes, reads, snapshots, change streams, a reconciler.`,
  async run(context) {
    return [...(await basics(context)), ...(await snapshots(context)), ...(await readers(context))];
  },
});

export default bench;
