import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AsyncScope } from "#base";
import { type KernelDatapath, openKernelDatapath, readFlowCounts } from "#datapath";
import type { BpfMap } from "#ebpf";
import { withNamespace } from "#netlink";
import { Child, pathOf } from "./child.ts";
import { Traffic } from "./counts.ts";
import { CONVERSATIONS, keysOf, open, shop, talk } from "./flows.ts";
import { endOptions, type TalkOptions, type TalkReport } from "./talk-options.ts";

// A process that wants tables of another size takes over all flows that there are.

/** All larger than what comes. */
const SIZES = Array.from({ length: 8 }, (_, at) => 60_000 + at);
const LOAD_MS = 100;
const FIRST_PORT = 8000;

test("tables of another size take over all flows", async () => {
  await using scope = new AsyncScope();
  const { world, web, api } = await shop(scope);
  const all = [
    ...open(scope, [web, api], "tcp", CONVERSATIONS),
    ...open(scope, [web, api], "udp", CONVERSATIONS),
  ];
  const { pinFolder, settings, node } = world;
  const traffic = new Traffic(() => world.datapath.maps);
  const created = readFlowCounts(world.datapath.maps);
  const flows = (maps: { tcpFlows: BpfMap; otherFlows: BpfMap }): string[][] => [
    keysOf(maps.tcpFlows),
    keysOf(maps.otherFlows),
  ];
  const before = flows(world.datapath.maps);
  let turn = 0;
  const reopen = (tcpFlows: number, otherFlows: number): void => {
    const tables = { ...settings.tables, tcpFlows, otherFlows };
    using datapath = withNamespace(node.namespace, () =>
      openKernelDatapath({ pinFolder, settings: { ...settings, tables } }),
    );
    assert.equal(datapath.maps.tcpFlows.shape.maxEntries, tcpFlows);
    assert.equal(datapath.maps.otherFlows.shape.maxEntries, otherFlows);
    assert.deepEqual(flows(datapath.maps), before, `tables of ${tcpFlows} and ${otherFlows}`);
    for (const [at, each] of all.entries())
      talk(each, at % 4 < 2 ? "client" : "server", `flow ${at}`);
    assert.deepEqual(readFlowCounts(datapath.maps), created, "none had to be made anew");
  };
  await world.restartAgent(async () => {
    if (turn++ > 0) return;
    reopen(8192, 512);
    reopen(512, 16_384);
    reopen(4096, 4096);
  });
  assert.deepEqual(flows(world.datapath.maps), before);
  for (const [at, each] of all.entries())
    talk(each, at % 4 < 2 ? "server" : "client", `flow ${at}`);
  assert.deepEqual(readFlowCounts(world.datapath.maps), created);
  const { "forwarded egress": _out, "forwarded ingress": _into, ...drops } = await traffic.quiet();
  assert.deepEqual(drops, {});
});

test("tables that change their size under load lose no flow, old or new", async () => {
  await using scope = new AsyncScope();
  const { world, web, api } = await shop(scope);
  const { pinFolder, settings, node } = world;
  await using flood = new Child("flood.ts", {
    namespace: pathOf(web.namespace),
    addresses: [[web.ipv4.key, api.ipv4.key]],
    transport: "udp",
    packets: 1,
    ports: [7000],
    perSecond: 10_000,
  });
  const talks = ([4, 6] as const).flatMap((family): TalkOptions[] =>
    (["tcp", "udp"] as const).map((transport) => ({
      name: `${transport} over IPv${family}`,
      kind: "ask",
      transport,
      client: endOptions(web, family),
      server: endOptions(api, family),
      port: FIRST_PORT + (transport === "tcp" ? 0 : 1),
    })),
  );
  await using talker = new Child("talk.ts", { talks });
  const traffic = new Traffic(() => world.datapath.maps);
  const finish = async (maps: KernelDatapath["maps"]): Promise<void> => {
    const { sent } = (await flood.ask("stop")) as { sent: number };
    const report = (await talker.ask("stop")) as TalkReport;
    for (const each of report.talks) assert.equal(each.received, each.sent, each.name);
    await new Traffic(() => maps).quiet();
    const { tcp, other } = readFlowCounts(maps);
    assert.deepEqual(tcp, { created: 2n, recovered: 0n, failed: 0n }, "connections stayed known");
    assert.deepEqual(other, { created: BigInt(sent + 2), recovered: 0n, failed: 0n });
    assert.equal(keysOf(maps.otherFlows).length, sent + 2, "whatever began is there");
  };
  let turn = 0;
  await world.restartAgent(async () => {
    if (turn++ > 0) return;
    for (const [at, size] of SIZES.entries()) {
      const tables = { ...settings.tables, otherFlows: size, tcpFlows: size };
      using datapath = withNamespace(node.namespace, () =>
        openKernelDatapath({ pinFolder, settings: { ...settings, tables } }),
      );
      if (at === 0) await Promise.all([flood.next(), talker.next()]);
      await sleep(LOAD_MS);
      if (at === SIZES.length - 1) await finish(datapath.maps);
    }
  });
  const { "forwarded egress": _out, "forwarded ingress": _into, ...drops } = traffic.counted();
  assert.deepEqual(drops, {});
});
