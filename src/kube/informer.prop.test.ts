import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";

import fc from "fast-check";

import { type Clock, systemClock, unreachable } from "#base";
import { type Logger, silentLogger } from "#base/log";
import { property } from "#test";

import { Informer } from "./informer.ts";
import { type KubeObject, objectKey } from "./index.ts";
import { RESOURCES } from "./resource.ts";
import { TestServer } from "./test-server.ts";

// Objects come, change and go while the server cuts its streams, forgets, and fails. Whoever is
// told by handlers must see a history that can be: no state twice, none older after a newer one,
// each `previous` the one told last; and in the end exactly what the server has.

const PODS = "/api/v1/namespaces/n/pods";
const MAX_TURNS = 2_000;

const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal),
};

type Step =
  | { do: "put" | "delete"; name: number }
  | { do: "cut"; how: "end" | "reset" | "half-line" }
  | { do: "forget" | "bookmark" | "fail" }
  | { do: "wait"; ms: number };

const change = fc.record({
  do: fc.constantFrom("put" as const, "put" as const, "delete" as const),
  name: fc.nat(5),
});
const cut = fc.record({
  do: fc.constant("cut" as const),
  how: fc.constantFrom("end" as const, "reset" as const, "half-line" as const),
});
const other = fc.record({
  do: fc.constantFrom("forget" as const, "bookmark" as const, "fail" as const),
});
const wait = fc.record({ do: fc.constant("wait" as const), ms: fc.nat(4) });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { arbitrary: change, weight: 6 },
    { arbitrary: cut, weight: 1 },
    { arbitrary: other, weight: 1 },
    { arbitrary: wait, weight: 4 },
  ),
  { maxLength: 120, size: "max" },
);

/** What somebody knows who only listens. */
class Listener {
  readonly known = new Map<string, KubeObject>();
  /** By uid: the newest state that was told, also of what is gone. */
  readonly #newest = new Map<string, number>();

  onAdd(object: KubeObject): void {
    assert.ok(!this.known.has(objectKey(object)), `${objectKey(object)} is there already`);
    this.#take(object);
  }

  onUpdate(object: KubeObject, previous: KubeObject): void {
    assert.equal(this.known.get(objectKey(object)), previous);
    assert.equal(object.metadata.uid, previous.metadata.uid);
    this.#take(object);
  }

  onDelete(object: KubeObject): void {
    const known = this.known.get(objectKey(object));
    assert.equal(known?.metadata.uid, object.metadata.uid);
    this.known.delete(objectKey(object));
  }

  #take(object: KubeObject): void {
    const { uid = "", resourceVersion } = object.metadata;
    assert.ok(
      Number(resourceVersion) > (this.#newest.get(uid) ?? 0),
      "told twice, or out of order",
    );
    this.#newest.set(uid, Number(resourceVersion));
    this.known.set(objectKey(object), object);
  }
}

async function perform(server: TestServer, step: Step): Promise<void> {
  switch (step.do) {
    case "put":
      server.put(`${PODS}/p${step.name}`);
      return;
    case "delete":
      server.delete(`${PODS}/p${step.name}`);
      return;
    case "cut":
      server.cut(step.how);
      return;
    case "forget":
      server.forget();
      return;
    case "bookmark":
      server.bookmark();
      return;
    case "fail":
      server.failNext();
      return;
    case "wait":
      await setTimeout(step.ms);
      return;
    default:
      unreachable(step);
  }
}

function versions(objects: Iterable<KubeObject>): string[] {
  return [...objects]
    .map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
    .toSorted();
}

property(
  "no object is lost or told twice, however the server behaves",
  steps,
  async (all) => {
    await using server = await TestServer.start();
    using client = server.client();
    const listener = new Listener();
    const failures: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      with: () => logger,
      error: (message, fields) => void failures.push([message, fields?.["error"]]),
    };
    await using informer = new Informer({
      client,
      resource: RESOURCES.Pod,
      handlers: listener,
      clock: hastyClock,
      logger,
    });
    for (const step of all) await perform(server, step);
    await informer.synced();
    const isSame = (): boolean =>
      versions(listener.known.values()).join() === versions(server.objects()).join();
    for (let turn = 0; !isSame() && turn < MAX_TURNS; turn++) await setTimeout(1);
    assert.deepEqual(failures, []);
    assert.deepEqual(versions(listener.known.values()), versions(server.objects()));
    assert.deepEqual(versions(informer.list()), versions(server.objects()));
  },
  { runs: 40 },
);
