/** Two candidates for one Lease. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type KubeClient, LeaderElection, type LeaderElectionOptions } from "#kube";
import type { Cluster } from "../cluster.ts";
import { until, World } from "./world.ts";

/** Short, for a test; a server needs not be fast for it. */
const TIMES = { leaseSeconds: 6, renewSeconds: 4, retrySeconds: 0.5 };

/** Who leads, one after the other, and whether two ever did at once. */
class Office {
  readonly leaders: string[] = [];
  inOffice = 0;
  mostAtOnce = 0;

  /** Leads until the signal, or until told to go. */
  async lead(name: string, signal: AbortSignal, resign: AbortSignal): Promise<void> {
    this.leaders.push(name);
    this.inOffice += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.inOffice);
    await new Promise<void>((resolve) => {
      for (const each of [signal, resign]) {
        if (each.aborted) resolve();
        else each.addEventListener("abort", () => resolve(), { once: true });
      }
    });
    this.inOffice -= 1;
  }
}

function candidate(client: KubeClient, identity: string, { namespace }: World): LeaderElection {
  const options: LeaderElectionOptions = { client, namespace, name: "office", identity, ...TIMES };
  return new LeaderElection(options);
}

export function defineLeaders(cluster: () => Cluster): void {
  test("a leader that ends hands over at once", async () => {
    await using world = await World.open(cluster());
    const office = new Office();
    const resign = { one: new AbortController(), two: new AbortController() };
    const runs = (["one", "two"] as const).map((name) =>
      candidate(world.client, name, world).run((signal) =>
        office.lead(name, signal, resign[name].signal),
      ),
    );
    await until("somebody leads", () => office.leaders.length === 1);
    const [first = "one"] = office.leaders;
    resign[first as keyof typeof resign].abort();
    await until("the other one does", () => office.leaders.length === 2);
    for (const each of Object.values(resign)) each.abort();
    await Promise.all(runs);
    assert.deepEqual(office.leaders.toSorted(), ["one", "two"]);
    assert.equal(office.mostAtOnce, 1);
  });

  test("a leader that is cut off steps down before another one leads", async () => {
    await using world = await World.open(cluster());
    const { client, cable } = await world.cable();
    const office = new Office();
    const stop = new AbortController();
    const first = candidate(client, "cut-off", world).run((signal) =>
      office.lead("cut-off", signal, stop.signal),
    );
    const lost = assert.rejects(first, { code: "leadership-lost" });
    await until("the first one leads", () => office.leaders.length === 1);
    const second = candidate(world.client, "waiting", world).run((signal) =>
      office.lead("waiting", signal, stop.signal),
    );
    cable.unplug();
    await lost;
    await until("the second one leads", () => office.leaders.length === 2);
    assert.equal(office.mostAtOnce, 1);
    stop.abort();
    await second;
  });
}
