import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject, ServedResource } from "../../schema/types.ts";
import { durationText } from "./age.ts";
import { evaluate, parseJsonPath } from "./json-path.ts";
import { tableOf } from "./table.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");
const BORN = "2026-01-01T23:00:00Z";

test("spans of time, in the reference's words", () => {
  const spans: [number, string][] = [
    [0, "0s"],
    [119, "119s"],
    [120, "2m"],
    [125, "2m5s"],
    [600, "10m"],
    [3 * 3_600 - 1, "179m"],
    [3 * 3_600, "3h"],
    [3 * 3_600 + 60, "3h1m"],
    [8 * 3_600, "8h"],
    [48 * 3_600, "2d"],
    [49 * 3_600, "2d1h"],
    [8 * 86_400, "8d"],
    [800 * 86_400, "2y70d"],
    [-5, "<invalid>"],
  ];
  for (const [seconds, text] of spans) assert.equal(durationText(seconds * 1_000), text);
});

test("JSON paths of columns", () => {
  const object = {
    status: {
      conditions: [
        { type: "A", status: "1" },
        { type: "B", status: "2" },
      ],
    },
    metadata: { labels: { "x.y/z": "label" } },
    list: [1, 2, 3],
  };
  const found: Record<string, unknown[]> = {
    ".status.conditions[?(@.type=='B')].status": ["2"],
    '.status.conditions[?(@.type=="A")].status': ["1"],
    ".status.conditions[*].type": ["A", "B"],
    ".status.conditions[0].type": ["A"],
    ".list[-1]": [3],
    [String.raw`.metadata.labels.x\.y/z`]: ["label"],
    ".metadata.labels['x.y/z']": ["label"],
    "{.list[1]}": [2],
    ".nothing.here": [],
    ".constructor": [],
  };
  for (const [text, values] of Object.entries(found)) {
    const path = parseJsonPath(text);
    assert.deepEqual(path === undefined ? [] : evaluate(path, object), values, text);
  }
});

function pod(status: object, more: object = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", creationTimestamp: BORN },
    spec: { containers: [{ name: "a" }, { name: "b" }] },
    status,
    ...more,
  } as KubeObject;
}

function row(kind: string, object: KubeObject, group = ""): readonly unknown[] {
  const resource = { group, kind } as ServedResource;
  return tableOf(resource).cellsOf(object, NOW).cells;
}

test("one word for the state of a Pod", () => {
  const running = { ready: true, restartCount: 0, state: { running: {} } };
  const crashing = {
    ready: false,
    restartCount: 3,
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { finishedAt: "2026-01-01T23:58:00Z" } },
  };
  const done = { restartCount: 0, state: { terminated: { exitCode: 0, reason: "Completed" } } };
  const failed = { restartCount: 0, state: { terminated: { exitCode: 2 } } };
  const initialized = [{ type: "Initialized", status: "False" }];
  const cases: [object, unknown[]][] = [
    [{ phase: "Pending" }, ["0/2", "Pending", "0"]],
    [{ phase: "Running", containerStatuses: [running, running] }, ["2/2", "Running", "0"]],
    [
      { phase: "Running", containerStatuses: [crashing, running] },
      ["1/2", "CrashLoopBackOff", "3 (2m ago)"],
    ],
    [{ phase: "Succeeded", containerStatuses: [done, done] }, ["0/2", "Completed", "0"]],
    [{ phase: "Failed", containerStatuses: [done, failed] }, ["0/2", "ExitCode:2", "0"]],
    [{ phase: "Failed", reason: "Evicted" }, ["0/2", "Evicted", "0"]],
    [
      {
        phase: "Pending",
        conditions: initialized,
        initContainerStatuses: [{ ...crashing, name: "i" }],
      },
      ["0/2", "Init:CrashLoopBackOff", "3 (2m ago)"],
    ],
  ];
  for (const [status, cells] of cases) {
    assert.deepEqual(row("Pod", pod(status)).slice(1, 4), cells);
  }
  const going = pod({ phase: "Running", containerStatuses: [running, running] });
  going.metadata.deletionTimestamp = BORN;
  assert.equal(row("Pod", going)[2], "Terminating");
});

test("rows of Services, nodes and Events", () => {
  const metadata = { name: "web", creationTimestamp: BORN };
  const spec = {
    type: "NodePort",
    clusterIPs: ["10.0.0.1"],
    ports: [{ port: 80, nodePort: 31_235, protocol: "TCP" }],
    selector: { app: "web" },
  };
  const service = { apiVersion: "v1", kind: "Service", metadata, spec } as KubeObject;
  assert.deepEqual(row("Service", service), [
    "web",
    "NodePort",
    "10.0.0.1",
    "<none>",
    "80:31235/TCP",
    "60m",
    "app=web",
  ]);
  const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { ...metadata, labels: { "node-role.kubernetes.io/control-plane": "" } },
    spec: { unschedulable: true },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  } as unknown as KubeObject;
  assert.deepEqual(row("Node", node).slice(0, 4), [
    "web",
    "Ready,SchedulingDisabled",
    "control-plane",
    "60m",
  ]);
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata,
    involvedObject: { kind: "Pod", name: "web" },
    reason: "Scheduled",
    type: "Normal",
    message: "assigned",
    lastTimestamp: BORN,
  } as unknown as KubeObject;
  assert.deepEqual(row("Event", event).slice(0, 4), ["60m", "Normal", "Scheduled", "pod/web"]);
});
