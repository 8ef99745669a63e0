import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { DropReason } from "#abi";
import { AsyncScope } from "#base";
import { defaultDatapathSettings } from "#datapath";
import { addressOf, dial, exchange, ping, serve, tryTcp, tryUdp } from "../world/traffic.ts";
import { type Place, World } from "../world/world.ts";
import { Traffic } from "./counts.ts";
import { policy, policyRef } from "./policies.ts";

// A pod whose policy is not in place yet may do nothing, unless the node is set to be open.

const PORT = 8000;
const PATIENT_MS = 10_000;
const MANY_PORTS = 200;

/** What comes of each way to somebody, by protocol and family. */
async function reachBetween(
  pairs: readonly (readonly [Place, Place])[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const asked = pairs.flatMap(([from, to]) =>
    ([4, 6] as const).map(async (family) => {
      const address = addressOf(to, family);
      const answers = await Promise.all([
        tryTcp(from, address, PORT),
        tryUdp(from, address, PORT),
        ping(from, address),
      ]);
      found[`${from.name} to ${to.name}, IPv${family}`] = answers.join(" ");
    }),
  );
  await Promise.all(asked);
  return found;
}

function assertAll(found: Record<string, string>, answer: string): void {
  const wanted = Object.keys(found).map((pair) => [pair, `${answer} ${answer} ${answer}`] as const);
  assert.deepEqual(found, Object.fromEntries(wanted));
}

test("until its first policy is in place, nothing comes to a pod or from it", async () => {
  await using scope = new AsyncScope();
  const world = scope.use(await World.start());
  const early = await world.addPod("shop/early");
  const beyond = await world.addRemote("shop/beyond", {});
  const others = [early, beyond, world.node];
  for (const place of others) await serve(scope, place, PORT);
  const traffic = new Traffic(() => world.datapath.maps);
  let opened: ReturnType<typeof dial> | undefined;
  const late = await world.addPod("shop/late", {
    // Pods with the same labels share a policy.
    labels: { app: "late" },
    async beforePolicy(pod) {
      await serve(scope, pod, PORT);
      const pairs = others.flatMap((other) => [[pod, other] as const, [other, pod] as const]);
      assertAll(await reachBetween(pairs), "blocked");
      const counted = await traffic.quiet();
      assert.deepEqual(Object.keys(counted), [String(DropReason.dropEndpointNotReady)]);
      opened = dial(pod, early.ipv4, PORT, PATIENT_MS);
    },
  });
  const socket = await opened;
  assert.ok(typeof socket === "object", "a connection that began before comes about then");
  scope.defer(() => void socket.destroy());
  const pairs = others.flatMap((other) => [[late, other] as const, [other, late] as const]);
  assertAll(await reachBetween(pairs), "reached");
});

test("where the node is open meanwhile, the first policy ends what it denies", async () => {
  await using scope = new AsyncScope();
  const world = scope.use(await World.start({ settings: { isOpenWithoutPolicy: true } }));
  const early = await world.addPod("shop/early", { labels: { app: "early" } });
  await serve(scope, early, PORT);
  await world.apply(
    policy(
      "late",
      `{ endpointSelector: { matchLabels: { app: late } },
         egress: [{ toEntities: [host] }], ingress: [{ fromEntities: [host] }] }`,
    ),
  );
  const connections: Socket[] = [];
  const late = await world.addPod("shop/late", {
    labels: { app: "late" },
    async beforePolicy(pod) {
      await serve(scope, pod, PORT);
      assertAll(
        await reachBetween([
          [pod, early],
          [early, pod],
          [world.node, pod],
        ]),
        "reached",
      );
      const open = await dial(pod, early.ipv4, PORT);
      assert.ok(typeof open !== "string");
      scope.defer(() => void open.destroy());
      connections.push(open);
    },
  });
  for (const each of connections) assert.equal(await exchange(each, "still?"), false);
  assertAll(
    await reachBetween([
      [late, early],
      [early, late],
    ]),
    "blocked",
  );
  assertAll(await reachBetween([[world.node, late]]), "reached");
});

test("a pod whose policy finds no room is shut, and opens when there is room", async () => {
  await using scope = new AsyncScope();
  const tables = { ...defaultDatapathSettings.tables, policyEntries: 128, ipcache: 1024 };
  const world = scope.use(await World.start({ settings: { tables } }));
  const early = await world.addPod("shop/early", { labels: { app: "early" } });
  await serve(scope, early, PORT);
  // Every other port, so that none goes together with the next.
  const ports = Array.from({ length: MANY_PORTS }, (_, at) => PORT + 2 * at);
  const groups = Array.from({ length: Math.ceil(MANY_PORTS / 40) }, (_, at) =>
    ports.slice(40 * at, 40 * (at + 1)),
  );
  const rules = groups.map(
    (group) => `{ ports: [${group.map((port) => `{ port: "${port}" }`).join(", ")}] }`,
  );
  await world.apply(
    policy(
      "large",
      `{ endpointSelector: { matchLabels: { app: late } },
         egress: [{ toPorts: [${rules.join(", ")}] }] }`,
    ),
  );
  const late = await world.addPod("shop/late", { labels: { app: "late" } });
  await serve(scope, late, PORT);
  const traffic = new Traffic(() => world.datapath.maps);
  assertAll(
    await reachBetween([
      [late, early],
      [early, late],
      [world.node, late],
    ]),
    "blocked",
  );
  assert.deepEqual(Object.keys(await traffic.quiet()), [String(DropReason.dropEndpointNotReady)]);
  assert.equal(world.control.status().policies.behind.length, 1, "and it is told");
  await world.remove(policyRef("large"));
  assertAll(
    await reachBetween([
      [late, early],
      [early, late],
    ]),
    "reached",
  );
});
