import assert from "node:assert/strict";
import { test } from "node:test";
import { AsyncScope } from "#base";
import { EvictionCounter, type FlowTable, readFlowCounts } from "#datapath";
import { addressOf } from "../world/traffic.ts";
import type { World } from "../world/world.ts";
import { Child, pathOf } from "./child.ts";
import { Traffic } from "./counts.ts";
import { CONVERSATIONS, keysOf, open, type Shop, shop, SMALL, talk } from "./flows.ts";
import { policy } from "./policies.ts";
import type { Transport } from "./sockets.ts";

// A table of flows that is full, or lost some: what policy allows goes on, and nothing else does.

/** Many times what fits. */
const STORM = 30_000;
/** Of each flow of a storm. */
const PACKETS = 3;

async function flowsIn(
  world: World,
  table: FlowTable,
): Promise<{ created: bigint; kept: number; removed: number }> {
  const collected = await world.datapath.collectFlows(table);
  return { created: readFlowCounts(world.datapath.maps)[table].created, ...collected };
}

/** Begins flows in another process, until so many packets have gone and `isDone`; says how many. */
async function storm(
  { web, api }: Shop,
  transport: Transport,
  isDone: () => boolean = () => true,
): Promise<number> {
  await using flood = new Child("flood.ts", {
    namespace: pathOf(web.namespace),
    addresses: ([4, 6] as const).map((family) => [
      addressOf(web, family).key,
      addressOf(api, family).key,
    ]),
    transport,
    // Flows of one packet do not push out those of more.
    packets: PACKETS,
    ports: [7000],
    perSecond: 50_000,
  });
  await flood.next();
  const ask = async (message: string): Promise<number> =>
    ((await flood.ask(message)) as { sent: number }).sent;
  while ((await ask("count")) < STORM || !isDone());
  return (await ask("stop")) / PACKETS;
}

test("flows that are pushed out are counted, and connections go on without their entries", async () => {
  await using scope = new AsyncScope();
  const all = await shop(scope);
  const { world, web, api } = all;
  const connections = open(scope, [web, api], "tcp", CONVERSATIONS);
  const { maps } = world.datapath;
  const established = keysOf(maps.tcpFlows);
  const traffic = new Traffic(() => maps);
  const counter = new EvictionCounter();
  assert.equal(counter.observe(await flowsIn(world, "tcp")), 0n);
  const isLost = (): boolean => {
    const present = new Set(keysOf(maps.tcpFlows));
    return !established.some((key) => present.has(key));
  };
  const begun = await storm(all, "tcp", isLost);
  await traffic.quiet();
  const evicted = counter.observe(await flowsIn(world, "tcp"));
  const left = keysOf(maps.tcpFlows).length;
  assert.ok(left <= SMALL, `${left} fit`);
  assert.equal(Number(evicted), begun + CONVERSATIONS - left);
  for (const [at, connection] of connections.entries())
    talk(connection, at % 4 < 2 ? "client" : "server", `connection ${at}`);
  const { recovered, failed } = readFlowCounts(maps).tcp;
  assert.deepEqual([Number(recovered), failed], [CONVERSATIONS, 0n]);
  const { "forwarded egress": out, "forwarded ingress": into, ...drops } = await traffic.quiet();
  assert.deepEqual(drops, {}, `of ${out} and ${into} packets`);
});

test("a connection that lost its entry goes on where policy allows it, and only there", async () => {
  await using scope = new AsyncScope();
  const { world, web, api } = await shop(scope);
  const beyond = await world.addRemote("shop/beyond", { app: "web" });
  const { maps } = world.datapath;
  const lose = (): void => {
    const keys = Array.from(maps.tcpFlows.entries(), ([key]) => key.slice());
    assert.ok(keys.length > 0);
    maps.tcpFlows.deleteMany(keys);
  };
  const traffic = new Traffic(() => maps);
  const pairs = [
    [web, api],
    [beyond, api],
    [web, beyond],
  ] as const;
  const connections = pairs.flatMap((pair) => open(scope, pair, "tcp", 2));
  for (const first of ["client", "server"] as const) {
    for (const [at, connection] of connections.entries()) {
      lose();
      talk(connection, first, `connection ${at}`);
    }
  }
  for (const connection of connections.slice(0, 4)) talk(connection, "client", "before the end");
  const { "forwarded egress": _out, "forwarded ingress": _into, ...drops } = await traffic.quiet();
  assert.deepEqual(drops, {});
  await world.apply(
    policy(
      "no",
      `{ endpointSelector: { matchLabels: { app: api } },
       ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: web } }] }] }`,
    ),
  );
  await traffic.quiet();
  for (const { client, server } of connections.slice(0, 4)) {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      traffic.begin();
      const known = keysOf(maps.tcpFlows);
      if (known.length > 0) lose();
      from.send(Buffer.from("x"));
      const reasons = Object.keys(await traffic.quiet());
      assert.ok(reasons.length > 0);
      assert.ok(!reasons.some((reason) => reason.startsWith("forwarded")), reasons.join(" "));
      assert.equal(to.receive(Buffer.alloc(8)), 0);
      assert.deepEqual(keysOf(maps.tcpFlows), [], "a denied packet makes no entry");
    }
  }
});

test("a storm of datagrams pushes no connection out", async () => {
  await using scope = new AsyncScope();
  const all = await shop(scope);
  const { world, web, api } = all;
  const connections = open(scope, [web, api], "tcp", CONVERSATIONS);
  const { maps } = world.datapath;
  const established = keysOf(maps.tcpFlows);
  assert.equal(established.length, CONVERSATIONS);
  const counter = new EvictionCounter();
  counter.observe(await flowsIn(world, "other"));
  const begun = await storm(all, "udp");
  await new Traffic(() => maps).quiet();
  const evicted = counter.observe(await flowsIn(world, "other"));
  assert.equal(Number(evicted), begun - keysOf(maps.otherFlows).length);
  assert.ok(evicted > BigInt(SMALL), `${evicted} of datagrams were pushed out`);
  assert.deepEqual(keysOf(maps.tcpFlows), established);
  for (const connection of connections) talk(connection, "server", "afterwards");
  assert.equal(readFlowCounts(maps).tcp.recovered, 0n);
});
