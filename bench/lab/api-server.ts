import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertDefined, AsyncScope } from "#base";
import { KubeClient, KubeError, type KubeObject, RESOURCES } from "#kube";
import { type BenchContext, duration, rates, type Row, row, type RowSpec } from "../lib/index.ts";
import type { Cluster } from "./cluster.ts";
import { Watches } from "./watches.ts";

const NAMESPACE = "bench";
/** As busy programs of a cluster are: each with connections of its own. */
const CLIENTS = 4;
/** So many requests of each are on their way at once. */
const CONCURRENT = 8;
const OBJECTS = 500;
const EVENTS = 1_000;
const PACED_EVENTS = 500;
const PACED_EVERY_MS = 10;
const PODS = 10_000;
/** As kubectl's and informers'. */
const PAGE = 500;
const ACCOUNT_PATIENCE_MS = 30_000;
const POLL_MS = 50;

interface Samples {
  readonly writes: number[];
  readonly followed: number[];
  readonly lateMs: number[];
  readonly listSeconds: number[];
}

/** What the API server of a cluster does, asked by this process; the goals are the lab's. */
export async function apiServer(
  cluster: Cluster,
  context: BenchContext,
  { hasGoals }: { hasGoals: boolean },
): Promise<Row[]> {
  await using clients = new AsyncScope();
  const open = Array.from({ length: CLIENTS }, async () =>
    clients.use(await KubeClient.fromKubeconfig(cluster.kubeconfig)),
  );
  const samples = await measure(await Promise.all(open), context);
  const of = `API server of ${cluster.name}`;
  return specsOf(samples).map(({ what, goal, ...spec }) =>
    row({ ...spec, what: `${of}: ${what}`, ...(hasGoals && goal !== undefined ? { goal } : {}) }),
  );
}

async function measure(
  clients: readonly KubeClient[],
  { rounds, progress }: BenchContext,
): Promise<Samples> {
  const client = assertDefined(clients[0], "there is a client");
  await makeNamespace(client);
  progress("API server: writes");
  const writes = await rates(() => writeAll(clients), rounds, { minimumMs: 1_000 });
  await each(clients, OBJECTS, (one, number) => one.create(RESOURCES.ConfigMap, configMap(number)));
  const samples: Samples = { writes, followed: [], lateMs: [], listSeconds: [] };
  for (let round = 0; round < rounds; round++) {
    progress(`API server: watches, round ${round + 1} of ${rounds}`);
    samples.followed.push(await watchedRate(client, clients));
    samples.lateMs.push(await watchedLateMs(client));
  }
  progress(`API server: making ${PODS} pods`);
  await each(clients, PODS, (one, number) => one.create(RESOURCES.Pod, idlePod(number)));
  for (let round = 0; round < rounds; round++) {
    progress(`API server: lists, round ${round + 1} of ${rounds}`);
    samples.listSeconds.push((await duration(() => listAll(client))) / 1000);
  }
  return samples;
}

function specsOf({ writes, followed, lateMs, listSeconds }: Samples): RowSpec[] {
  return [
    { what: "writes", unit: "/s", goal: 2_000, better: "higher", samples: writes },
    {
      what: "events that each of 100 watchers sees",
      unit: "/s",
      goal: 100,
      better: "higher",
      samples: followed,
    },
    {
      what: "99 of 100 events, at 100/s to 100 watchers, seen after",
      unit: "ms",
      better: "lower",
      samples: lateMs,
    },
    {
      what: "10,000 pods listed in pages of 500",
      unit: "s",
      goal: 2,
      better: "lower",
      samples: listSeconds,
    },
  ];
}

/** With its service account, without which no pod is let in. */
async function makeNamespace(client: KubeClient): Promise<void> {
  await client.create(RESOURCES.Namespace, { metadata: { name: NAMESPACE } });
  const endMs = performance.now() + ACCOUNT_PATIENCE_MS;
  for (;;) {
    try {
      await client.get(RESOURCES.ServiceAccount, { namespace: NAMESPACE, name: "default" });
      return;
    } catch (error) {
      if (!KubeError.is(error, "NotFound") || performance.now() > endMs) throw error;
    }
    await sleep(POLL_MS);
  }
}

/** `count` calls, some at once. */
async function each(
  clients: readonly KubeClient[],
  count: number,
  call: (client: KubeClient, number: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async (client: KubeClient): Promise<void> => {
    while (next < count) await call(client, next++);
  };
  const workers = clients.flatMap((client) => Array.from({ length: CONCURRENT }, () => client));
  await Promise.all(workers.map(work));
}

/** Makes, changes and deletes as many; answers how many writes that was. */
async function writeAll(clients: readonly KubeClient[]): Promise<number> {
  const { ConfigMap } = RESOURCES;
  await each(clients, OBJECTS, (one, number) => one.create(ConfigMap, configMap(number, "made")));
  await each(clients, OBJECTS, (one, number) => one.update(ConfigMap, configMap(number, "new")));
  await each(clients, OBJECTS, (one, number) => one.delete(ConfigMap, configMap(number).metadata));
  return 3 * OBJECTS;
}

function configMap(number: number, value = ""): KubeObject & { metadata: { name: string } } {
  const metadata = { namespace: NAMESPACE, name: `config-${number}` };
  return { metadata, data: { key: value, text: "some text of a configuration ".repeat(20) } };
}

/** Events a second that the slowest watcher sees while writes go as fast as they can. */
async function watchedRate(client: KubeClient, clients: readonly KubeClient[]): Promise<number> {
  await using watches = await openWatches(client);
  const beganMs = performance.now();
  await each(clients, EVENTS, change);
  await watches.seen(EVENTS);
  return EVENTS / ((performance.now() - beganMs) / 1000);
}

/** From the start of a write to a watcher's sight of it, for 99 of 100 of all of both. */
async function watchedLateMs(client: KubeClient): Promise<number> {
  await using watches = await openWatches(client);
  const beganMs: number[] = [];
  const writes: Promise<unknown>[] = [];
  const firstMs = performance.now();
  for (let number = 0; number < PACED_EVENTS; number++) {
    await sleep(Math.max(0, firstMs + number * PACED_EVERY_MS - performance.now()));
    beganMs.push(performance.now());
    writes.push(change(client, number));
  }
  await Promise.all(writes);
  await watches.seen(PACED_EVENTS);
  const late = watches.seenMs.flatMap((seen) =>
    seen.map((ms, number) => ms - (beganMs[number] ?? NaN)),
  );
  return late.toSorted((a, b) => a - b)[Math.floor(late.length * 0.99)] ?? NaN;
}

/** All of them connected, which a first event tells. */
async function openWatches(client: KubeClient): Promise<Watches> {
  const watches = await Watches.open(client, NAMESPACE);
  await change(client, 0);
  await watches.seen(1);
  watches.forget();
  return watches;
}

/** One event. Writes that are on their way at once are to objects of their own. */
function change(client: KubeClient, number: number): Promise<unknown> {
  const patch = { data: { key: `${performance.now()} ${number}` } };
  const ref = { namespace: NAMESPACE, name: `config-${number % OBJECTS}` };
  return client.patch(RESOURCES.ConfigMap, ref, patch, { type: "merge" });
}

async function listAll(client: KubeClient): Promise<void> {
  let count = 0;
  let token: string | undefined;
  do {
    const page = await client.list(RESOURCES.Pod, {
      namespace: NAMESPACE,
      limit: PAGE,
      continue: token,
    });
    count += page.items.length;
    token = page.continue;
  } while (token !== undefined);
  assert(count === PODS, `${PODS} pods are listed, not ${count}`);
}

/** Of a scheduler that is not there, so that nobody acts on it. */
function idlePod(number: number): KubeObject {
  return {
    metadata: { namespace: NAMESPACE, name: `pod-${number}`, labels: { app: "idle" } },
    spec: {
      schedulerName: "nobody",
      automountServiceAccountToken: false,
      containers: [{ name: "idle", image: "pause", ports: [{ containerPort: 80 }] }],
    },
  };
}
