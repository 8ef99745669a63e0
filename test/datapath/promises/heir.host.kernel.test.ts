import assert from "node:assert/strict";
import { test } from "node:test";
import { DropReason } from "#abi";
import { AsyncScope, type IpFamily, Scope } from "#base";
import { addressOf } from "../world/traffic.ts";
import { type Place, World, type WorldPod } from "../world/world.ts";
import { Traffic } from "./counts.ts";
import { policy } from "./policies.ts";
import { converse, isHeard, Socket, type Transport } from "./sockets.ts";

// An address of a pod that is gone is another pod's: who gets it is no party to what was.

let nextPort = 7000;

/** Api and web may begin whatever they like with each other; nobody but the host with an heir. */
const OBJECTS =
  policy(
    "api",
    `{ endpointSelector: { matchLabels: { app: api } },
       egress: [{ toEndpoints: [{ matchLabels: { app: web } }] }],
       ingress: [{ fromEndpoints: [{ matchLabels: { app: web } }, { matchLabels: { app: asking } }] }] }`,
  ) +
  policy(
    "heir",
    `{ endpointSelector: { matchExpressions: [{ key: app, operator: In, values: [heir, asking] }] },
       egress: [{ toEntities: [host] }], ingress: [{ fromEntities: [host] }] }`,
  ) +
  policy(
    "asking",
    `{ endpointSelector: { matchLabels: { app: asking } },
       egress: [{ toEndpoints: [{ matchLabels: { app: api } }] }] }`,
  );

/** What the predecessor left: the other side's end, and where its own was. */
interface Legacy {
  readonly what: string;
  readonly family: IpFamily;
  readonly transport: Transport;
  readonly other: Socket;
  readonly otherPlace: Place;
  readonly ownPort: number;
}

/** A conversation that either of the two began, over each family and transport. */
function leave(scope: AsyncScope, pod: WorldPod, otherPlace: Place): Legacy[] {
  const legacies: Legacy[] = [];
  for (const family of [4, 6] as const) {
    for (const transport of ["tcp", "udp"] as const) {
      for (const [client, server] of [
        [pod, otherPlace],
        [otherPlace, pod],
      ] as const) {
        const conversation = converse(
          { ...client, address: addressOf(client, family) },
          { ...server, address: addressOf(server, family) },
          transport,
          nextPort++,
        );
        assert.ok(isHeard(conversation.client, conversation.server, "hello"));
        assert.ok(isHeard(conversation.server, conversation.client, "hello"));
        const [own, other] =
          client === pod
            ? [conversation.client, conversation.server]
            : [conversation.server, conversation.client];
        legacies.push({
          what: `IPv${family} ${transport} with ${otherPlace.name}, begun by ${client.name}`,
          family,
          transport,
          other: scope.use(other),
          otherPlace,
          ownPort: own.port(),
        });
        // Says goodbye to nobody: its cable goes first.
        scope.use(own);
      }
    }
  }
  return legacies;
}

interface Inheritance {
  readonly world: World;
  readonly heir: WorldPod;
  readonly legacies: readonly Legacy[];
  readonly traffic: Traffic;
}

async function inherit(scope: AsyncScope, app: string): Promise<Inheritance> {
  const world = scope.use(await World.start({ objects: OBJECTS }));
  const api = await world.addPod("shop/api", { labels: { app: "api" } });
  const beyond = await world.addRemote("shop/beyond", { app: "api" });
  const web = await world.addPod("shop/web", { labels: { app: "web" } });
  const legacies = [...leave(scope, web, api), ...leave(scope, web, beyond)];
  await world.removePod("shop/web");
  const heir = await world.addPod("shop/heir", { labels: { app }, heirOf: web });
  const traffic = new Traffic(() => world.datapath.maps);
  await traffic.quiet();
  return { world, heir, legacies, traffic };
}

/** Answers the socket on which the heir would have heard it. */
async function expectNoAnswer(
  { heir, traffic }: Inheritance,
  { what, family, other, ownPort }: Legacy,
): Promise<Socket> {
  using scope = new Scope();
  const end = { ...heir, address: addressOf(heir, family) };
  const hearing = scope.use(Socket.open(end, "udp", ownPort));
  traffic.begin();
  other.send(Buffer.from("an answer"));
  const counted = await traffic.quiet();
  assert.equal(hearing.receive(Buffer.alloc(16)), 0, what);
  assert.equal(counted[DropReason.dropPolicyDenied], 1, `${what}: ${JSON.stringify(counted)}`);
  scope.move();
  return hearing;
}

test("who has the address of a pod that is gone is no party to its conversations", async () => {
  await using scope = new AsyncScope();
  const all = await inherit(scope, "heir");
  const { world, heir, legacies, traffic } = all;
  for (const legacy of legacies.filter(({ transport }) => transport === "udp")) {
    const { what, family, other, otherPlace } = legacy;
    using hearing = await expectNoAnswer(all, legacy);
    hearing.connect(addressOf(otherPlace, family), other.port());
    hearing.send(Buffer.from("a forgery"));
    await traffic.quiet();
    assert.equal(other.receive(Buffer.alloc(16)), 0, `${what}: what the heir says`);
  }
  for (const { what, other } of legacies.filter(({ transport }) => transport === "tcp")) {
    traffic.begin();
    other.send(Buffer.from("an answer"));
    const counted = await traffic.quiet();
    const denied = counted[DropReason.dropPolicyDenied] ?? 0;
    assert.ok(denied > 0, `${what}: ${JSON.stringify(counted)}`);
    assert.equal(counted["forwarded ingress"], undefined, what);
    assert.equal(other.error(), undefined, `${what}: the heir could not even refuse it`);
  }
  const [host, own] = [world.node, heir].map((place) => ({ ...place, address: place.ipv4 }));
  const fresh = scope.use(converse(host ?? assert.fail(), own ?? assert.fail(), "udp", nextPort));
  assert.ok(isHeard(fresh.client, fresh.server, "what is its own"));
  assert.ok(isHeard(fresh.server, fresh.client, "it has"));
});

test("an heir that may ask on its own gets none of the answers to its predecessor", async () => {
  await using scope = new AsyncScope();
  const all = await inherit(scope, "asking");
  // A stray segment of TCP may pass where policy allows the heir such a connection; nobody takes it.
  for (const legacy of all.legacies.filter(({ transport }) => transport === "udp")) {
    using hearing = await expectNoAnswer(all, legacy);
    assert.equal(hearing.error(), undefined);
  }
});
