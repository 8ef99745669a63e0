import assert from "node:assert/strict";
import { test } from "node:test";

import type { Pod, Toleration } from "../model/pod.ts";
import { timestamp } from "../model/time.ts";
import { node, NOW_MS, pod, readyCondition } from "../test-world/objects.ts";
import { planEviction } from "./eviction.ts";
import { wantedTaints } from "./taints.ts";

test("taints follow the conditions, and others' stay", () => {
  const foreign = { key: "gpu", effect: "NoSchedule" };
  const told = (given: ReturnType<typeof node>): string[] | undefined =>
    wantedTaints(given, NOW_MS)?.map(({ key, effect }) => `${key}:${effect}`);
  const down = { ...readyCondition(false) };
  assert.equal(told(node("node1", { spec: { taints: [foreign] } })), undefined);
  assert.deepEqual(told(node("node1", { spec: { unschedulable: true, taints: [foreign] } })), [
    "gpu:NoSchedule",
    "node.kubernetes.io/unschedulable:NoSchedule",
  ]);
  assert.deepEqual(told(node("node1", { status: { conditions: [down] } })), [
    "node.kubernetes.io/not-ready:NoSchedule",
    "node.kubernetes.io/not-ready:NoExecute",
  ]);
  const stale = { key: "node.kubernetes.io/unreachable", effect: "NoExecute" };
  assert.deepEqual(told(node("node1", { spec: { taints: [foreign, stale] } })), ["gpu:NoSchedule"]);
});

test("pods leave a tainted node when their tolerations end", () => {
  const taint = { key: "down", effect: "NoExecute", timeAdded: timestamp(NOW_MS - 60_000) };
  const tainted = node("node1", { spec: { taints: [taint] } });
  const tolerating = (...seconds: (number | undefined)[]): Pod => {
    const tolerations = seconds.map(
      (each): Toleration => ({
        key: "down",
        operator: "Exists",
        ...(each !== undefined && { tolerationSeconds: each }),
      }),
    );
    return pod("web", { spec: { tolerations } });
  };
  const told = (one: Pod): unknown => {
    const { operations, againInMs } = planEviction(one, tainted, NOW_MS);
    return operations.length > 0 ? operations.map(({ verb }) => verb) : againInMs;
  };
  assert.deepEqual(told(tolerating()), ["event", "patch", "delete"]);
  assert.equal(told(tolerating(undefined)), undefined);
  assert.equal(told(tolerating(300)), 240_000);
  assert.equal(told(tolerating(300, undefined)), 240_000);
  assert.deepEqual(told(tolerating(30)), ["event", "patch", "delete"]);
});
