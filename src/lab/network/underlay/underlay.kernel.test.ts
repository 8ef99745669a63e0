import assert from "node:assert/strict";
import { on, once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AsyncScope, type IpAddress, systemClock } from "#base";
import {
  bindUdp,
  connectTcp,
  listenTcp,
  listNamespaces,
  type NamespaceRef,
  openNetlink,
} from "#netlink";
import type { LabNetwork } from "../addresses.ts";
import { ConditionKeeper } from "./conditions.ts";
import {
  createNode,
  listNodes,
  type NodeNetwork,
  removeLabFolders,
  removeNode,
} from "./node-network.ts";
import { createUnderlay, removeUnderlay, usedLabIndexes } from "./underlay.ts";

const PORT = 8_000;
const PERFECT = { isPartitioned: false, delayMs: 0, lossPercent: 0 };

async function underlay(index: number): Promise<{ lab: LabNetwork } & AsyncDisposable> {
  const runFolder = mkdtempSync(join(tmpdir(), "ciliate-underlay-"));
  const lab = { name: `underlay-${process.pid}`, index, hasIpv6: true, runFolder };
  createUnderlay(lab);
  return {
    lab,
    async [Symbol.asyncDispose]() {
      for (const each of listNodes(lab)) await removeNode({ lab, ...each });
      await removeUnderlay(lab);
      await removeLabFolders(lab);
      rmSync(runFolder, { recursive: true });
    },
  };
}

/** Who a server in `to` takes a client in `from` for. */
async function visit(from: NamespaceRef, to: NamespaceRef, address: IpAddress): Promise<string> {
  const server = await listenTcp(to, { address, port: PORT }, (socket) => {
    socket.end(socket.remoteAddress ?? "");
  });
  try {
    const client = await connectTcp(from, { address, port: PORT });
    const [bytes] = (await once(client, "data")) as [Buffer];
    client.destroy();
    return bytes.toString();
  } finally {
    server.close();
  }
}

test("nodes reach each other, in both families, and know the way to each other's pods", async () => {
  await using world = await underlay(41);
  const { lab } = world;
  using one = createNode({ lab, node: "node1", index: 1 });
  using two = createNode({ lab, node: "node2", index: 2 });
  for (const [to, from] of [
    [two.address.ipv4, "172.30.41.11"],
    [two.address.ipv6, "fd30:41::b"],
  ] as const) {
    assert.equal(to && (await visit(one.namespace, two.namespace, to)), from);
  }
  assert.deepEqual(listNodes(lab), [
    { node: "node1", index: 1 },
    { node: "node2", index: 2 },
  ]);
  assert.ok(usedLabIndexes().includes(41));
  using root = openNetlink();
  for (const netlink of [root, openNetlink({ namespace: one.namespace })]) {
    using each = netlink;
    const ways = each.routes
      .list({ table: 254 })
      .map(({ destination, gateway }) => `${destination.key} ${gateway?.key}`);
    assert.ok(ways.includes("10.141.2.0/24 172.30.41.12"), ways.join("\n"));
    assert.ok(ways.includes("fd31:41:2::/64 fd30:41::c"), ways.join("\n"));
  }
});

test("a node made again is the same, and one removed leaves nothing", async () => {
  await using world = await underlay(42);
  const { lab } = world;
  const options = { lab, node: "node1", index: 1 };
  let inode: number;
  let node: NodeNetwork;
  {
    using made = createNode(options);
    node = made;
    inode = made.namespace.inode;
    assert.ok(existsSync(join(made.cgroupFolder, "cgroup.procs")));
    assert.match(
      readFileSync("/proc/self/mountinfo", "utf8"),
      new RegExp(`${made.bpfFolder} .*bpf`),
    );
  }
  createUnderlay(lab);
  {
    using again = createNode(options);
    assert.equal(again.namespace.inode, inode);
  }
  await removeNode(options);
  await removeNode(options);
  assert.ok(!existsSync(node.cgroupFolder));
  assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(node.bpfFolder));
  assert.ok(!listNamespaces().includes(node.namespaceName));
  using root = openNetlink();
  assert.deepEqual(
    root.routes
      .list({ table: 254 })
      .filter(({ destination }) => destination.key === "10.142.1.0/24"),
    [],
  );
});

test("a node's packets are delayed, lost, or kept back, and then as before", async () => {
  await using scope = new AsyncScope();
  const { lab } = scope.use(await underlay(43));
  const one = scope.use(createNode({ lab, node: "node1", index: 1 }));
  const two = scope.use(createNode({ lab, node: "node2", index: 2 }));
  const keeper = scope.use(new ConditionKeeper(lab));
  const set = (conditions: object): Promise<void> => keeper.set(2, { ...PERFECT, ...conditions });
  const ping = await pinger(scope, one, two);
  // A device that comes up loses what is sent in its first moments.
  const answered = async (): Promise<number | undefined> =>
    (await ping()) ?? (await ping()) ?? (await ping());
  assert.ok((await answered()) !== undefined);
  await set({ delayMs: 40 });
  const slow = await answered();
  assert.ok(slow !== undefined && slow >= 80, `${slow} ms there and back`);
  await set({ lossPercent: 100 });
  assert.equal(await ping(), undefined);
  await set({ isPartitioned: true });
  assert.equal(await ping(), undefined);
  await set({});
  assert.ok((await answered()) !== undefined);
  await assert.rejects(set({ delayMs: 30, jitterMs: 31 }), /jitter is at most/);
});

const PATIENCE_MS = 400;

/** Asks how long a datagram takes there and back; undefined where it does not come. */
async function pinger(
  scope: AsyncScope,
  from: NodeNetwork,
  to: NodeNetwork,
): Promise<() => Promise<number | undefined>> {
  const address = to.address.ipv4;
  const server = await bindUdp(to.namespace, { address, port: PORT });
  const client = await bindUdp(from.namespace, { address: from.address.ipv4, port: PORT });
  scope.defer(() => void server.close());
  scope.defer(() => void client.close());
  server.on("message", (bytes, { port, address: back }) => server.send(bytes, port, back));
  // Where there is no way, sending fails at once.
  client.on("error", () => {});
  let sequence = 0;
  return async () => {
    const began = systemClock.monotonicMs();
    const sent = String((sequence += 1));
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), PATIENCE_MS);
    client.send(sent, PORT, address.key, () => {});
    try {
      // One that was on its way for long may come now.
      for await (const [bytes] of on(client, "message", { signal: stop.signal })) {
        if (String(bytes) === sent) return systemClock.monotonicMs() - began;
      }
      return undefined;
    } catch {
      return undefined;
    } finally {
      clearTimeout(late);
    }
  };
}
