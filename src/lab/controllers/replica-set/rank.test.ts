import assert from "node:assert/strict";
import { test } from "node:test";

import { MADE_MS, pod, readyCondition } from "../test-world/objects.ts";
import { podsToDelete } from "./rank.ts";

test("pods that are missed least go first", () => {
  const cost = { "controller.kubernetes.io/pod-deletion-cost": "-5" };
  const unscheduled = pod("unscheduled", { spec: { nodeName: "" }, isReady: false });
  const pending = pod("pending", { status: { phase: "Pending" }, isReady: false });
  const unready = pod("unready", { isReady: false });
  const cheap = pod("cheap", { metadata: { annotations: cost } });
  const crowded = pod("crowded", { spec: { nodeName: "node2" } });
  const late = pod("late", { status: { conditions: [readyCondition(true, MADE_MS + 60_000)] } });
  const restarted = pod("restarted", {
    status: { containerStatuses: [{ name: "web", restartCount: 3 }] },
  });
  const old = pod("old");
  const order = [unscheduled, pending, unready, cheap, crowded, late, restarted, old];
  const others = ["a", "b", "c", "d", "e"].map((name) =>
    pod(name, { spec: { nodeName: "node2" } }),
  );
  const chosen = podsToDelete(order.toReversed(), [...order, ...others], order.length);
  assert.deepEqual(
    chosen.map(({ metadata }) => metadata.name),
    order.map(({ metadata }) => metadata.name),
  );
  assert.equal(podsToDelete(order, order, 2).length, 2);
});
