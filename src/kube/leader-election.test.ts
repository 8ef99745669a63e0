import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";

import { type Clock, FakeClock, systemClock } from "#base";

import type { KubeClient } from "./client.ts";
import { LeaderElection } from "./index.ts";
import { RESOURCES } from "./resource.ts";
import { TestServer } from "./test-server.ts";

const REF = { namespace: "kube-system", name: "operator" };

interface World {
  server: TestServer;
  client: KubeClient;
  clock: FakeClock;
  /** Lets time pass, with the server's answers in between. */
  pass: (seconds: number) => Promise<void>;
  candidate: (identity: string, clock?: Clock) => LeaderElection;
}

async function world(t: TestContext): Promise<World> {
  const server = await TestServer.start();
  const client = server.client();
  const clock = new FakeClock();
  t.after(async () => {
    client[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let at = 0; at < seconds; at++) {
      await setTimeout(10);
      await clock.advance(1_000);
      await setTimeout(10);
    }
  };
  const candidate = (identity: string, its: Clock = clock): LeaderElection =>
    new LeaderElection({ client, ...REF, identity, clock: its });
  return { server, client, clock, pass, candidate };
}

async function holderOf(client: KubeClient): Promise<unknown> {
  const lease = await client.get(RESOURCES.Lease, REF);
  return (lease["spec"] as { holderIdentity: string }).holderIdentity;
}

/** Leads until told to stop, and says so. */
function leader(log: string[], name: string): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    log.push(`${name} leads`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    log.push(`${name} stops`);
  };
}

test("one leads at a time, and hands over at once when it stops", async (t) => {
  const { client, pass, candidate } = await world(t);
  const log: string[] = [];
  const stopA = new AbortController();
  const stopB = new AbortController();
  const a = candidate("a");
  const runA = a.run(leader(log, "a"), stopA.signal);
  await pass(1);
  const b = candidate("b");
  const runB = b.run(leader(log, "b"), stopB.signal);
  await pass(40);
  assert.deepEqual([log, a.isLeader, b.isLeader], [["a leads"], true, false]);
  assert.equal(await holderOf(client), "a");
  stopA.abort();
  await runA;
  assert.equal(await holderOf(client), "");
  await pass(3);
  assert.deepEqual(log, ["a leads", "a stops", "b leads"]);
  const lease = await client.get(RESOURCES.Lease, REF);
  const { renewTime, ...spec } = lease["spec"] as Record<string, unknown>;
  assert.match(String(renewTime), /^2024-01-01T00:00:\d\d\.\d{6}Z$/);
  assert.deepEqual([spec["leaseDurationSeconds"], spec["leaseTransitions"]], [15, 1]);
  stopB.abort();
  await runB;
});

test("a leader that cannot renew stops before another can begin", async (t) => {
  const { server, pass, candidate } = await world(t);
  const log: string[] = [];
  const runA = candidate("a").run(leader(log, "a"));
  const lost = assert.rejects(runA, { code: "leadership-lost" });
  await pass(3);
  const stopB = new AbortController();
  let isPartitioned = true;
  server.intercept = ({ method, body }, response) => {
    const spec = (body as { spec?: { holderIdentity?: string } } | undefined)?.spec;
    const isFromA = method === "PUT" && spec?.holderIdentity === "a";
    if (isPartitioned && isFromA) response.destroy();
    return isPartitioned && isFromA;
  };
  const runB = candidate("b").run(leader(log, "b"), stopB.signal);
  await pass(25);
  await lost;
  assert.deepEqual(log, ["a leads", "a stops", "b leads"]);
  isPartitioned = false;
  stopB.abort();
  await runB;
});

test("who is told to stop while it waits, stops; and what the leader throws is thrown", async (t) => {
  const { client, pass, candidate } = await world(t);
  const fail = (): Promise<never> => Promise.reject(new Error("out of ideas"));
  await assert.rejects(candidate("a", systemClock).run(fail), /out of ideas/);
  assert.equal(await holderOf(client), "");
  const stop = new AbortController();
  const first = candidate("a").run(leader([], "a"), stop.signal);
  await pass(2);
  const stopWaiting = new AbortController();
  const waiting = candidate("b").run(() => assert.fail("it never leads"), stopWaiting.signal);
  await pass(2);
  stopWaiting.abort();
  await waiting;
  stop.abort();
  await first;
});
