import assert from "node:assert/strict";
import { test } from "node:test";
import { DropReason } from "#abi";
import { AsyncScope } from "#base";
import { addressOf } from "../world/traffic.ts";
import { type Place, World, type WorldPod } from "../world/world.ts";
import { Traffic } from "./counts.ts";
import { policy, policyRef } from "./policies.ts";
import { type Conversation, converse, isHeard, type Transport } from "./sockets.ts";

// What policy denies is cut with the next packet, whoever sends it; what it allows is left alone.

const DENIED = { first: 7000, last: 7999 };
const ALLOWED_PORT = 8000;
const CHANGES = 12;

const WEB = { app: "web" };
const FORMER = { app: "former" };

/** Web and whoever is beyond the node may do everything to api, and api to them. */
const ALLOW = policy(
  "allow",
  `{ endpointSelector: { matchLabels: { app: api } },
     ingress: [{ fromEndpoints: [{ matchLabels: { app: web } }] }],
     egress: [{ toEndpoints: [{ matchLabels: { app: web } }] }] }`,
);
const PORTS = `toPorts: [{ ports: [
  { port: "${DENIED.first}", endPort: ${DENIED.last}, protocol: TCP },
  { port: "${DENIED.first}", endPort: ${DENIED.last}, protocol: UDP }] }]`;

interface Flow {
  readonly what: string;
  readonly conversation: Conversation;
  readonly sender: "client" | "server";
}

interface Shop {
  readonly world: World;
  readonly web: WorldPod;
  readonly api: WorldPod;
  readonly beyond: Place;
  readonly traffic: Traffic;
}

async function shop(scope: AsyncScope): Promise<Shop> {
  const world = scope.use(await World.start());
  const web = await world.addPod("shop/web", { labels: WEB });
  const api = await world.addPod("shop/api", { labels: { app: "api" } });
  const beyond = await world.addRemote("shop/beyond", WEB);
  await world.apply(ALLOW);
  return { world, web, api, beyond, traffic: new Traffic(() => world.datapath.maps) };
}

/** One for each family, protocol, and side that is to send; each side has said something. */
function openFlows(scope: AsyncScope, client: Place, server: Place, firstPort: number): Flow[] {
  const flows: Flow[] = [];
  for (const family of [4, 6] as const) {
    for (const transport of ["tcp", "udp"] as const satisfies Transport[]) {
      for (const sender of ["client", "server"] as const) {
        const conversation = scope.use(
          converse(
            { ...client, address: addressOf(client, family) },
            { ...server, address: addressOf(server, family) },
            transport,
            firstPort + flows.length,
          ),
        );
        const what = `IPv${family} ${transport} from ${client.name}, ${sender} sends`;
        const flow = { what, conversation, sender } as const;
        talk(flow);
        flows.push(flow);
      }
    }
  }
  return flows;
}

/** Both ways. */
function talk({ what, conversation: { client, server } }: Flow): void {
  assert.ok(isHeard(client, server, "a question"), `${what}: the question`);
  assert.ok(isHeard(server, client, "an answer"), `${what}: the answer`);
}

/** Each says one thing, which the other is not to hear: no packet at all comes through. */
async function expectCut(traffic: Traffic, flows: readonly Flow[], reason: number): Promise<void> {
  for (const { what, conversation, sender } of flows) {
    traffic.begin();
    const [from, to] =
      sender === "client"
        ? [conversation.client, conversation.server]
        : [conversation.server, conversation.client];
    from.send(Buffer.from("too late"));
    const counted = await traffic.quiet();
    assert.deepEqual(Object.keys(counted), [String(reason)], what);
    assert.equal(to.receive(Buffer.alloc(16)), 0, what);
  }
}

const NEW_DENIALS = {
  "the responder's": policy(
    "deny",
    `{ endpointSelector: { matchLabels: { app: api } },
       ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: web } }], ${PORTS} }] }`,
  ),
  "the initiator's": policy(
    "deny",
    `{ endpointSelector: { matchLabels: { app: web } },
       egress: [{ toEntities: [all] }],
       egressDeny: [{ toEndpoints: [{ matchLabels: { app: api } }], ${PORTS} }] }`,
  ),
};

for (const [whose, denial] of Object.entries(NEW_DENIALS)) {
  test(`a new denial of ${whose} cuts open flows with the next packet of either side`, async () => {
    await using scope = new AsyncScope();
    const { world, web, api, beyond, traffic } = await shop(scope);
    // Who is beyond the node has no policy here.
    const clients = whose === "the responder's" ? [web, beyond] : [web];
    const cut = clients.flatMap((client, at) =>
      openFlows(scope, client, api, DENIED.first + 10 * at),
    );
    const left = clients.flatMap((client, at) =>
      openFlows(scope, client, api, ALLOWED_PORT + 10 * at),
    );
    await world.apply(denial);
    await expectCut(traffic, cut, DropReason.dropPolicyDeny);
    traffic.begin();
    for (const flow of left) talk(flow);
    const { "forwarded egress": out, "forwarded ingress": into, ...drops } = traffic.counted();
    assert.deepEqual(drops, {}, `of ${out} and ${into} packets`);
    await world.remove(policyRef("deny"));
    for (const flow of cut.filter(({ conversation: { client } }) => client.transport === "udp"))
      talk(flow);
  });
}

test("a flow that began towards the outside is cut by a denial of the pod that began it", async () => {
  await using scope = new AsyncScope();
  const { world, api, beyond, traffic } = await shop(scope);
  const cut = openFlows(scope, api, beyond, DENIED.first);
  const left = openFlows(scope, api, beyond, ALLOWED_PORT);
  await world.apply(
    policy(
      "deny",
      `{ endpointSelector: { matchLabels: { app: api } },
         egressDeny: [{ toEndpoints: [{ matchLabels: { app: web } }], ${PORTS} }] }`,
    ),
  );
  await expectCut(traffic, cut, DropReason.dropPolicyDeny);
  for (const flow of left) talk(flow);
});

test("what every policy allows is not disturbed by changes, in either direction", async () => {
  await using scope = new AsyncScope();
  const { world, web, api, beyond, traffic } = await shop(scope);
  const flows = [
    ...openFlows(scope, web, api, ALLOWED_PORT),
    ...openFlows(scope, beyond, api, ALLOWED_PORT + 10),
    ...openFlows(scope, api, beyond, ALLOWED_PORT),
  ];
  traffic.begin();
  for (let change = 0; change < CHANGES; change++) {
    // Another shape each time: what lets the flows pass is never the same entry.
    await world.apply(
      policy(
        "allow",
        `{ endpointSelector: { matchLabels: { app: api } },
           ingress: [{ fromEndpoints: [{ ${change % 2 === 0 ? "" : "matchLabels: { app: web }"} }],
             toPorts: [{ ports: [{ port: "${7900 + change}", endPort: ${8100 + change} }] }] }],
           egress: [{ toEntities: [${change % 3 === 0 ? "all" : "cluster"}] }],
           egressDeny: [{ toPorts: [{ ports: [{ port: "${9000 + change}" }] }] }] }`,
      ),
    );
    // Either side is the first to be judged again.
    for (const { what, conversation, sender } of flows) {
      const { client, server } = conversation;
      const [first, second] = sender === "client" ? [client, server] : [server, client];
      assert.ok(isHeard(first, second, "still there?"), `${what}, change ${change}`);
      assert.ok(isHeard(second, first, "still here"), `${what}, change ${change}`);
    }
  }
  const { "forwarded egress": out, "forwarded ingress": into, ...drops } = await traffic.quiet();
  assert.deepEqual(drops, {}, `of ${out} and ${into} packets`);
});

for (const side of ["of the node", "beyond the node"]) {
  test(`a peer ${side} who becomes somebody that may not is cut with the next packet`, async () => {
    await using scope = new AsyncScope();
    const { world, web, api, beyond, traffic } = await shop(scope);
    const [peer, other] = side === "of the node" ? [web, beyond] : [beyond, web];
    const begun = openFlows(scope, peer, api, ALLOWED_PORT);
    const answered = openFlows(scope, api, peer, ALLOWED_PORT);
    const left = openFlows(scope, other, api, ALLOWED_PORT + 10);
    await world.relabel(peer.name, FORMER);
    await expectCut(traffic, [...begun, ...answered], DropReason.dropPolicyDenied);
    traffic.begin();
    for (const flow of left) talk(flow);
    await world.relabel(peer.name, WEB);
    for (const flow of [...begun, ...answered])
      if (flow.conversation.client.transport === "udp") talk(flow);
  });
}
