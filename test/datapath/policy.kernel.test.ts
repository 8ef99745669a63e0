import assert from "node:assert/strict";
import { test } from "node:test";
import { DropReason, type FlowEvent, FlowEventKind } from "#abi";
import { AsyncScope } from "#base";
import { trySctp } from "./world/sctp.ts";
import {
  addressOf,
  dial,
  exchange,
  ping,
  type Reach,
  serve,
  tryTcp,
  tryUdp,
} from "./world/traffic.ts";
import { World, type WorldPod } from "./world/world.ts";

// What policies say is what packets meet, and what is told of them names the policy.

interface Shop {
  readonly scope: AsyncScope;
  readonly world: World;
  readonly web: WorldPod;
  readonly api: WorldPod;
  readonly other: WorldPod;
}

const WEB = { app: "web" };

async function shop(scope: AsyncScope): Promise<Shop> {
  const world = scope.use(await World.start());
  const web = await world.addPod("shop/web", { labels: WEB });
  const ports = [{ name: "first", containerPort: 8000 }];
  const api = await world.addPod("shop/api", { labels: { app: "api" }, ports });
  const other = await world.addPod("bank/other", { labels: { app: "other" } });
  for (const place of [web, api, other, world.node]) {
    await serve(scope, place, 8000);
    await serve(scope, place, 8001);
  }
  return { scope, world, web, api, other };
}

const policy = (name: string, spec: string, namespace = "shop"): string => `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`;

const ONLY_WEB = policy(
  "only-web",
  `{ endpointSelector: { matchLabels: { app: api } },
     ingress: [{ fromEndpoints: [{ matchLabels: { app: web } }],
                 toPorts: [{ ports: [{ port: "8000", protocol: TCP }] }] }] }`,
);

function drops(events: readonly FlowEvent[]): FlowEvent[] {
  return events.filter(({ kind }) => kind === FlowEventKind.eventDrop);
}

/** All at once, since what is blocked takes its time. */
async function expectAll(checks: Readonly<Record<string, [Promise<Reach>, Reach]>>): Promise<void> {
  const found = Object.entries(checks).map(async ([what, [check]]) => [what, await check] as const);
  const expected = Object.entries(checks).map(([what, [, reach]]) => [what, reach] as const);
  assert.deepEqual(await Promise.all(found), expected);
}

test("pods are let in by their labels, to the port that is named, over both families", async () => {
  await using scope = new AsyncScope();
  const { world, web, api, other } = await shop(scope);
  await world.apply(ONLY_WEB);
  world.takeEvents();
  for (const family of [4, 6] as const) {
    const address = addressOf(api, family);
    await expectAll({
      "by label and port": [tryTcp(web, address, 8000), "reached"],
      "another port": [tryTcp(web, address, 8001), "blocked"],
      "another protocol": [tryUdp(web, address, 8000), "blocked"],
      "a ping": [ping(web, address), "blocked"],
      "another label": [tryTcp(other, address, 8000), "blocked"],
      "its host may always": [tryTcp(world.node, address, 8001), "reached"],
    });
  }
  assert.equal(await tryTcp(api, other.ipv4, 8000), "reached", "answers come back");
  const events = world.takeEvents();
  const first = events.find(({ destinationPort }) => destinationPort === 8000);
  assert.deepEqual(world.policiesBehind(first ?? assert.fail("an event"), "ingress"), [
    "shop/only-web",
  ]);
  const dropped = drops(events);
  assert.ok(dropped.length >= 8);
  for (const { reason, slot } of dropped) {
    assert.equal(reason, DropReason.dropPolicyDenied);
    assert.equal(slot[1], api.slot);
  }
});

test("a label that changes changes what a pod may, open connections and all", async () => {
  await using scope = new AsyncScope();
  const { world, web, api, other } = await shop(scope);
  await world.apply(ONLY_WEB);
  const open = await dial(web, api.ipv4, 8000);
  assert.ok(typeof open !== "string");
  scope.defer(() => void open.destroy());
  assert.ok(await exchange(open, "while it may"));
  await world.relabel("shop/web", { app: "former" });
  assert.equal(await exchange(open, "when it may not"), false);
  assert.equal(await tryTcp(web, api.ipv4, 8000), "blocked");
  assert.equal(await tryTcp(other, api.ipv4, 8000), "blocked");
  await world.relabel("shop/web", WEB);
  assert.equal(await tryTcp(web, api.ipv4, 8000), "reached");
});

test("denial beats permission, and is told with its policy", async () => {
  await using scope = new AsyncScope();
  const { world, web, api } = await shop(scope);
  await world.apply(ONLY_WEB);
  await world.apply(
    policy(
      "no-web",
      `{ endpointSelector: { matchLabels: { app: api } },
         ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: web } }] }] }`,
    ),
  );
  world.takeEvents();
  assert.equal(await tryTcp(web, api.ipv4, 8000), "blocked");
  const [event] = drops(world.takeEvents());
  assert.equal(event?.reason, DropReason.dropPolicyDeny);
  assert.deepEqual(world.policiesBehind(event ?? assert.fail("an event"), "ingress"), [
    "shop/no-web",
  ]);
  await world.remove({ kind: "CiliumNetworkPolicy", namespace: "shop", name: "no-web" });
  assert.equal(await tryTcp(web, api.ipv4, 8000), "reached");
});

test("entities: a pod that may send to the host only", async () => {
  await using scope = new AsyncScope();
  const { world, web, api } = await shop(scope);
  await world.apply(
    policy(
      "host-only",
      `{ endpointSelector: { matchLabels: { app: web } }, egress: [{ toEntities: [host] }] }`,
    ),
  );
  for (const family of [4, 6] as const) {
    const host = addressOf(world.node, family);
    await expectAll({
      host: [tryTcp(web, host, 8000), "reached"],
      "ping of the host": [ping(web, host), "reached"],
      pod: [tryTcp(web, addressOf(api, family), 8000), "blocked"],
    });
  }
  assert.equal(await tryTcp(api, web.ipv4, 8000), "reached", "egress says nothing of who comes");
});

test("ipBlocks are of addresses, whoever has them, with their exceptions", async () => {
  await using scope = new AsyncScope();
  const { world, web, api, other } = await shop(scope);
  await world.apply(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: by-address, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock: { cidr: 10.10.0.0/16, except: ["${other.ipv4.key}/32"] }
        - ipBlock: { cidr: "${api.ipv6.key}/128" }
`);
  await expectAll({
    "in the block": [tryTcp(web, api.ipv4, 8000), "reached"],
    "its exception": [tryTcp(web, other.ipv4, 8000), "blocked"],
    "the host, which is in the block": [tryTcp(web, world.node.ipv4, 8000), "reached"],
    "the other block": [tryTcp(web, api.ipv6, 8000), "reached"],
    "in neither": [tryTcp(web, other.ipv6, 8000), "blocked"],
  });
});

test("ipBlocks of ingress, ports by name, ICMP by type and SCTP are held to as well", async () => {
  await using scope = new AsyncScope();
  const { world, web, api, other } = await shop(scope);
  await world.apply(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: from-web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: api } }
  ingress:
    - from: [{ ipBlock: { cidr: "${web.ipv4.key}/32" } }]
      ports: [{ port: first, protocol: TCP }, { port: 9, endPort: 10, protocol: SCTP }]
---
${policy(
  "ping",
  `{ endpointSelector: { matchLabels: { app: api } },
  ingress: [{ icmps: [{ fields: [{ family: IPv6, type: EchoRequest }] }] }] }`,
)}
`);
  await expectAll({
    "the named port": [tryTcp(web, api.ipv4, 8000), "reached"],
    "another port": [tryTcp(web, api.ipv4, 8001), "blocked"],
    "the same pod by its other address": [tryTcp(web, api.ipv6, 8000), "blocked"],
    "another address": [tryTcp(other, api.ipv4, 8000), "blocked"],
    "ping of the type": [ping(other, api.ipv6), "reached"],
    "ping of another type": [ping(other, api.ipv4), "blocked"],
    "SCTP in the range": [trySctp(web, api, 4, 10), "reached"],
    "SCTP beyond it": [trySctp(web, api, 4, 11), "blocked"],
    "SCTP from elsewhere": [trySctp(other, api, 4, 10), "blocked"],
    "SCTP to whom no policy guards": [trySctp(api, other, 6, 11), "reached"],
  });
});

test("policies that come and go under load cut what they deny, and nothing else", async () => {
  await using scope = new AsyncScope();
  const { world, web, api, other } = await shop(scope);
  await world.apply(ONLY_WEB);
  const open = await dial(web, api.ipv4, 8000);
  assert.ok(typeof open !== "string");
  scope.defer(() => void open.destroy());
  let rounds = 0;
  let isOver = false;
  const talk = (async () => {
    while (!isOver) {
      assert.ok(await exchange(open, `round ${rounds}`), `round ${rounds} was cut`);
      rounds += 1;
    }
  })();
  for (let turn = 0; turn < 4; turn++) {
    await world.apply(
      policy(
        "other-too",
        `{ endpointSelector: { matchLabels: { app: api } },
           ingress: [{ fromEndpoints: [{ matchLabels:
             { app: other, "k8s:io.kubernetes.pod.namespace": bank } }] }] }`,
      ),
    );
    assert.equal(await tryTcp(other, api.ipv4, 8001), "reached");
    await world.remove({ kind: "CiliumNetworkPolicy", namespace: "shop", name: "other-too" });
    assert.equal(await tryTcp(other, api.ipv4, 8001), "blocked");
  }
  isOver = true;
  await talk;
  assert.ok(rounds > 100, `${rounds} rounds`);
});

test("who comes later, and has the label, may from his first packet on", async () => {
  await using scope = new AsyncScope();
  const { world, api } = await shop(scope);
  await world.apply(ONLY_WEB);
  const late = await world.addPod("shop/late", { labels: { app: "web", version: "2" } });
  const stranger = await world.addPod("shop/stranger", { labels: { app: "stranger" } });
  await expectAll({
    late: [tryTcp(late, api.ipv4, 8000), "reached"],
    stranger: [tryTcp(stranger, api.ipv4, 8000), "blocked"],
  });
});

test("who has the address of a pod that went is not taken for it", async () => {
  await using scope = new AsyncScope();
  const { world, web, api } = await shop(scope);
  await world.apply(ONLY_WEB);
  assert.equal(await tryUdp(api, web.ipv4, 8000), "reached", "a flow that is remembered");
  assert.equal(await tryTcp(web, api.ipv4, 8000), "reached");
  await world.removePod("shop/web");
  assert.equal(world.netlink.routes.list({ link: web.slot }).length, 0);
  assert.equal(await tryTcp(api, web.ipv4, 8000), "unreachable", "nobody has the address");
  const heir = await world.addPod("bank/heir", { labels: { app: "heir" }, heirOf: web });
  assert.notEqual(heir.slot, web.slot);
  await serve(scope, heir, 8000);
  await expectAll({
    "to the heir": [tryTcp(api, heir.ipv4, 8000), "reached"],
    "from the heir": [tryTcp(heir, api.ipv4, 8000), "blocked"],
    "from the heir, over IPv6": [tryTcp(heir, api.ipv6, 8000), "blocked"],
  });
});

test("an agent that begins anew cuts nothing, and what was denied stays so meanwhile", async () => {
  await using scope = new AsyncScope();
  const { world, web, api, other } = await shop(scope);
  await world.apply(ONLY_WEB);
  const open = await dial(web, api.ipv4, 8000);
  assert.ok(typeof open !== "string");
  scope.defer(() => void open.destroy());
  let turns = 0;
  await world.restartAgent(async () => {
    turns += 1;
    assert.ok(await exchange(open, `turn ${turns}`));
    await expectAll({
      allowed: [tryTcp(web, api.ipv6, 8000), "reached"],
      denied: [tryTcp(other, api.ipv6, 8000), "blocked"],
    });
  });
  assert.equal(turns, 2);
  assert.ok(await exchange(open, "afterwards"));
  await world.remove({ kind: "CiliumNetworkPolicy", namespace: "shop", name: "only-web" });
  assert.equal(await tryTcp(other, api.ipv6, 8000), "reached", "the new one is in charge");
});
