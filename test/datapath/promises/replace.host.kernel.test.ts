import assert from "node:assert/strict";
import { test } from "node:test";
import { AsyncScope } from "#base";
import { type KernelDatapath, openKernelDatapath } from "#datapath";
import { withNamespace } from "#netlink";
import { World } from "../world/world.ts";
import { Child } from "./child.ts";
import { Traffic } from "./counts.ts";
import { policy } from "./policies.ts";
import { endOptions, type TalkOptions, type TalkReport } from "./talk-options.ts";

// Programs give way to others while packets come: each packet meets one or the other.

const REPLACEMENTS = 30;
const ATTACHMENTS = 20;

const OBJECTS = policy(
  "api",
  `{ endpointSelector: { matchLabels: { app: api } },
     ingress: [{ fromEndpoints: [{ matchLabels: { app: web } }] }] }`,
);

test("programs that are replaced, or attached again, under load lose no packet", async () => {
  await using scope = new AsyncScope();
  const world = scope.use(await World.start());
  const web = await world.addPod("shop/web", { labels: { app: "web" } });
  const api = await world.addPod("shop/api", { labels: { app: "api" } });
  await world.apply(OBJECTS);
  const talks = ([4, 6] as const).flatMap((family): TalkOptions[] =>
    (
      [
        ["between pods", web, api],
        ["from the host", world.node, api],
        ["to the host", web, world.node],
      ] as const
    ).map(([name, client, server], at) => ({
      name: `${name}, IPv${family}`,
      kind: "count",
      transport: "udp",
      client: endOptions(client, family),
      server: endOptions(server, family),
      port: 9000 + at,
    })),
  );
  await using talk = new Child("talk.ts", { talks });
  assert.equal(await talk.next(), "ready");
  const traffic = new Traffic(() => world.datapath.maps);
  const programs = new Set<number>();
  const { pinFolder, settings, node, pods } = world;
  const here = <T>(body: () => T): T => withNamespace(node.namespace, body);
  const openAgain = async (): Promise<void> => {
    using datapath: KernelDatapath = here(() => openKernelDatapath({ pinFolder, settings }));
    programs.add(datapath.collection.program("from_pod").info().id);
    for (let attachment = 0; attachment < ATTACHMENTS; attachment++)
      for (const { slot } of pods.values()) here(() => datapath.attach(slot));
    await new Promise((resolve) => setImmediate(resolve));
  };
  let turn = 0;
  await world.restartAgent(async () => {
    if (turn++ > 0) return;
    for (let replacement = 0; replacement < REPLACEMENTS; replacement++) await openAgain();
  });
  const report = (await talk.ask("stop")) as TalkReport;
  for (const { name, sent, received, errors } of report.talks) {
    assert.deepEqual(errors, [], name);
    assert.equal(received, sent, name);
    assert.ok(sent > 5000, `${name}: ${sent} are a load`);
  }
  assert.equal(programs.size, REPLACEMENTS);
  const { "forwarded egress": out, "forwarded ingress": into, ...drops } = traffic.counted();
  assert.deepEqual(drops, {}, `of ${out} and ${into} packets`);
});
