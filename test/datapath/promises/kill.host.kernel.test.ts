import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DropReason } from "#abi";
import { AsyncScope, Random } from "#base";
import { readFlowCounts } from "#datapath";
import { programsAtDevice } from "#ebpf";
import { withNamespace } from "#netlink";
import { World, type WorldPod } from "../world/world.ts";
import { Child, pathOf } from "./child.ts";
import { Traffic } from "./counts.ts";
import { policy } from "./policies.ts";
import { retransmissions } from "./statistics.ts";
import {
  endOptions,
  type TalkKind,
  type TalkOptions,
  type TalkOutcome,
  type TalkReport,
} from "./talk-options.ts";

// The process that owns the datapath is killed, again and again, at any moment, under load: who
// may talk notices nothing, and who may not is never let in.

const RESTARTS = 20;
/** In which a process that begins comes somewhere, and sometimes to its end. */
const UNFINISHED_MS = 300;
const IN_CHARGE_MS = 50;
const GAP_MS = 50;

const LABELS = {
  "shop/web": { app: "web" },
  "shop/api": { app: "api" },
  "shop/thief": { app: "thief" },
};
const OBJECTS =
  policy(
    "api",
    `{ endpointSelector: { matchLabels: { app: api } },
       ingress: [{ fromEndpoints: [{ matchLabels: { app: web } }] }] }`,
  ) +
  policy(
    "web",
    `{ endpointSelector: { matchLabels: { app: web } },
       egress: [{ toEndpoints: [{ matchLabels: { app: api } }] }] }`,
  );

interface Shop {
  readonly world: World;
  readonly thief: WorldPod;
  readonly talk: Child;
}

async function shop(scope: AsyncScope): Promise<Shop> {
  const world = scope.use(await World.start());
  const [web, api, thief] = [
    await world.addPod("shop/web", { labels: LABELS["shop/web"] }),
    await world.addPod("shop/api", { labels: LABELS["shop/api"] }),
    await world.addPod("shop/thief", { labels: LABELS["shop/thief"] }),
  ];
  const { node } = world;
  const beyond = await world.addRemote("shop/beyond", {});
  await world.apply(OBJECTS);
  let port = 9000;
  const talk = (
    name: string,
    kind: TalkKind,
    transport: "tcp" | "udp",
    family: 4 | 6,
    [client, server] = [web, api] as readonly (typeof node)[],
  ): TalkOptions => ({
    name,
    kind,
    transport,
    client: endOptions(client ?? web, family),
    server: endOptions(server ?? api, family),
    port: port++,
  });
  const talks = ([4, 6] as const).flatMap((family) => [
    talk("pods ask", "ask", "tcp", family),
    // No program on this cable.
    talk("plain ask", "ask", "tcp", family, [node, beyond]),
    talk("pods ask by UDP", "ask", "udp", family),
    talk("plain ask by UDP", "ask", "udp", family, [node, beyond]),
    talk("pods stream", "stream", "tcp", family),
    talk("plain stream", "stream", "tcp", family, [node, beyond]),
    talk("host asks", "ask", "tcp", family, [node, api]),
    talk("pods count", "count", "udp", family),
  ]);
  const attempts = { client: endOptions(thief, 4), server: endOptions(api, 4), port: 9999 };
  return { world, thief, talk: scope.use(new Child("talk.ts", { talks, attempts })) };
}

function startOwner({ pinFolder, settings, node, desired, pods }: World): Child {
  return new Child("owner.ts", {
    pinFolder,
    settings,
    namespace: pathOf(node.namespace),
    numbers: [...desired.numbers],
    objects: OBJECTS,
    pods: [...pods.values()].map(({ name, slot, mac, hostMac, ipv4, ipv6 }) => ({
      name,
      slot,
      mac: mac.toString(),
      hostMac: hostMac.toString(),
      ipv4: ipv4.key,
      ipv6: ipv6.key,
      labels: LABELS[name as keyof typeof LABELS],
    })),
  });
}

/** Its programs, and none besides, are at each device. */
function checkInCharge(world: World, owner: unknown): void {
  const { from, to, attached } = owner as { from: number; to: number; attached: number[] };
  const slots = [...world.pods.values()].map(({ slot }) => slot);
  assert.deepEqual(attached, slots, "it has taken all links over");
  withNamespace(world.node.namespace, () => {
    for (const slot of slots) {
      assert.deepEqual(programsAtDevice(world.netlink, slot, "ingress"), [from]);
      assert.deepEqual(programsAtDevice(world.netlink, slot, "egress"), [to]);
    }
  });
}

/** Which links and maps there are: pinned anew, they would be others. */
function pinsOf({ pinFolder }: World): string[] {
  return ["links", "v1"].flatMap((folder) =>
    readdirSync(join(pinFolder, folder)).map(
      (name) => `${name} ${statSync(join(pinFolder, folder, name)).ino}`,
    ),
  );
}

async function killAndRestart(world: World): Promise<void> {
  const random = new Random(3);
  for (let restart = 0; restart < RESTARTS; restart++) {
    await using owner = startOwner(world);
    assert.equal(await owner.next(), "begins");
    if (restart % 2 === 1) {
      await sleep(random.below(UNFINISHED_MS));
      continue;
    }
    checkInCharge(world, await owner.next());
    await sleep(IN_CHARGE_MS);
  }
}

function checkTalks(talks: readonly TalkOutcome[]): void {
  const worst = (isPlain: boolean): number =>
    Math.max(
      ...talks
        .filter(({ name }) => name.startsWith("plain") === isPlain)
        .map(({ worstGapMs }) => worstGapMs),
    );
  for (const { name, sent, received, errors } of talks) {
    assert.deepEqual(errors, [], name);
    assert.equal(received, sent, `${name}: what was sent has arrived`);
    assert.ok(sent > 1000, `${name}: ${sent} are a load`);
  }
  const [ours, plain] = [worst(false), worst(true)];
  assert.ok(ours <= Math.max(GAP_MS, 2 * plain), `${ours} ms, where plain cables have ${plain}`);
}

test("kill -9 of the owner, 20 times under load, is noticed by nobody", async () => {
  await using scope = new AsyncScope();
  const { world, thief, talk } = await shop(scope);
  const traffic = new Traffic(() => world.datapath.maps);
  assert.equal(await talk.next(), "ready");
  const before = {
    flows: readFlowCounts(world.datapath.maps),
    pins: pinsOf(world),
  };
  await world.control.retired();
  const { policies, entries, numbers } = world.control.status().policies;
  let turn = 0;
  await world.restartAgent(async () => {
    if (turn++ === 0) await killAndRestart(world);
  });
  await world.control.retired();
  const { talks, attempts } = (await talk.ask("stop")) as TalkReport;
  checkTalks(talks);
  assert.equal(attempts?.successes, 0, "what is forbidden never came through");
  const { datagrams, connections } = attempts ?? assert.fail("it has tried");
  assert.ok(connections > 50 && datagrams > 1000, "and was tried all the time");
  const { "forwarded egress": out, "forwarded ingress": into, ...drops } = await traffic.quiet();
  const tried = datagrams + connections + retransmissions(thief.namespace);
  assert.deepEqual(
    drops,
    { [DropReason.dropPolicyDenied]: tried },
    `of ${out} and ${into} packets, only what is forbidden is dropped`,
  );
  assert.deepEqual(readFlowCounts(world.datapath.maps), before.flows, "each flow stayed known");
  assert.deepEqual(pinsOf(world), before.pins, "links and maps are the same all along");
  const status = world.control.status().policies;
  assert.deepEqual(
    [status.policies, status.entries, status.numbers, status.adopted],
    [policies, entries, numbers, 0],
    "nothing is left of policies that were replaced",
  );
});
