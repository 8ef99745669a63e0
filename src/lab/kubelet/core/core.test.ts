import assert from "node:assert/strict";
import { test } from "node:test";
import { backOffUntil, type BackOff, goSeconds, nextBackOff } from "./back-off.ts";
import { environmentOf } from "./environment.ts";
import { expand } from "./expand.ts";
import { resourceValue } from "./fields.ts";
import { hostsFile, kernelHostNameOf, resolverFile } from "./host-files.ts";
import { decodeLogLine, LogEncoder } from "./log-line.ts";
import type { ObservedContainer, ObservedPod, Run } from "./observed.ts";
import { planPod } from "./plan.ts";
import type { Container, Pod, PodSpec } from "./pod.ts";
import { afterProbe, firstProbeState, hasGivenUp } from "./probe-state.ts";
import { statusOf } from "./status.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");

function podOf(spec: Partial<PodSpec>, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    metadata: { name: "web", namespace: "shop", uid: "u1", ...metadata },
    spec: { containers: [box("main")], ...spec },
  };
}

function box(name: string, more: Partial<Container> = {}): Container {
  return { name, image: "busybox", ...more };
}

function run(end?: { exitCode: number; finishedAt?: number }, attempt = 0): Run {
  const full = end && {
    finishedAt: NOW - 1_000,
    reason: end.exitCode === 0 ? "Completed" : "Error",
    ...end,
  };
  return { id: "ab", attempt, startedAt: NOW - 5_000, end: full };
}

function seen(
  containers: Record<string, Partial<ObservedContainer>> = {},
  more: Partial<ObservedPod> = {},
): ObservedPod {
  const blank: ObservedContainer = {
    run: undefined,
    previous: undefined,
    waiting: undefined,
    isStarted: false,
    isReady: false,
    condemned: undefined,
    retryAt: 0,
    shownUntil: 0,
  };
  return {
    isSandboxReady: true,
    hadSandbox: true,
    areVolumesReady: true,
    ips: ["10.0.0.5"],
    containers: new Map(
      Object.entries(containers).map(([name, some]) => [name, { ...blank, ...some }]),
    ),
    seenAt: NOW - 60_000,
    verdict: undefined,
    ...more,
  };
}

const UP = { run: run(), isStarted: true, isReady: true };
const SIDECAR = box("side", { restartPolicy: "Always" });

/** What happens next, in words. */
const PLANS: readonly (readonly [string, Pod, ObservedPod, string])[] = [
  [
    "volumes come first",
    podOf({}),
    seen({}, { areVolumesReady: false, isSandboxReady: false }),
    "mount-volumes",
  ],
  ["then the sandbox", podOf({}), seen({}, { isSandboxReady: false }), "create-sandbox"],
  ["then containers", podOf({ containers: [box("a"), box("b")] }), seen(), "start a, start b"],
  ["a container that runs is left alone", podOf({}), seen({ main: UP }), ""],
  [
    "a lost sandbox takes its containers along",
    podOf({}),
    seen({ main: UP }, { isSandboxReady: false }),
    "kill-all",
  ],
  [
    "the first restart is at once",
    podOf({}),
    seen({ main: { run: run({ exitCode: 1 }) } }),
    "start main",
  ],
  [
    "what ends well is restarted, always",
    podOf({}),
    seen({ main: { run: run({ exitCode: 0 }) } }),
    "start main",
  ],
  [
    "or only what fails",
    podOf({ restartPolicy: "OnFailure" }),
    seen({ main: { run: run({ exitCode: 1 }) } }),
    "start main",
  ],
  [
    "or never: then the sandbox goes",
    podOf({ restartPolicy: "Never" }),
    seen({ main: { run: run({ exitCode: 1 }) } }),
    "remove-sandbox",
  ],
  [
    "init containers one by one",
    podOf({ initContainers: [box("i"), box("j")] }),
    seen({ i: { run: run({ exitCode: 0 }) } }),
    "start j",
  ],
  [
    "an init container that runs holds up the rest",
    podOf({ initContainers: [box("i")] }),
    seen({ i: UP }),
    "",
  ],
  [
    "an init container that fails is tried again",
    podOf({ initContainers: [box("i")] }),
    seen({ i: { run: run({ exitCode: 1 }) } }),
    "start i",
  ],
  [
    "or is the pod's end",
    podOf({ restartPolicy: "Never", initContainers: [box("i")] }),
    seen({ i: { run: run({ exitCode: 1 }) } }),
    "remove-sandbox",
  ],
  [
    "a sidecar must have started",
    podOf({ initContainers: [SIDECAR] }),
    seen({ side: { run: run() } }),
    "",
  ],
  ["and is then passed", podOf({ initContainers: [SIDECAR] }), seen({ side: UP }), "start main"],
  [
    "a sidecar is restarted whatever the policy",
    podOf({ restartPolicy: "Never", initContainers: [SIDECAR] }),
    seen({ side: { run: run({ exitCode: 0 }) }, main: UP }),
    "start side",
  ],
  [
    "the condemned is killed",
    podOf({}),
    seen({ main: { ...UP, condemned: "failed" } }),
    "kill main",
  ],
  [
    "an image that was missing waits",
    podOf({}),
    seen({ main: { retryAt: NOW + 5 } }),
    "back-off main",
  ],
  [
    "a deleted pod is ended",
    podOf({}, { deletionTimestamp: "now" }),
    seen({ main: UP }),
    "kill-all",
  ],
  ["and then its sandbox", podOf({}, { deletionTimestamp: "now" }), seen(), "remove-sandbox"],
  [
    "until nothing is left",
    podOf({}, { deletionTimestamp: "now" }),
    seen({}, { isSandboxReady: false }),
    "",
  ],
  ["a deadline is kept", podOf({ activeDeadlineSeconds: 30 }), seen({ main: UP }), "give-up"],
];

for (const [what, pod, observed, expected] of PLANS) {
  test(`plan: ${what}`, () => {
    const { actions } = planPod(pod, observed, new Map(), NOW);
    const words = actions.map((action) =>
      "container" in action ? `${action.do} ${action.container.name}` : action.do,
    );
    assert.equal(words.join(", "), expected);
  });
}

test("plan: a second failure waits, and says until when", () => {
  const observed = seen({ main: { run: run({ exitCode: 1, finishedAt: NOW - 4_000 }, 1) } });
  const backOffs = new Map([["main", { delayMs: 10_000, sinceMs: NOW - 20_000 }]]);
  assert.equal(planPod(podOf({}), observed, backOffs, NOW).againAtMs, NOW + 6_000);
});

test("back-off doubles to five minutes, and is forgotten after ten", () => {
  let last: BackOff | undefined;
  const delays: string[] = [];
  let at = NOW;
  for (let turn = 0; turn < 7; turn++) {
    last = nextBackOff(last, at);
    delays.push(goSeconds(last.delayMs));
    at = backOffUntil(last, at);
  }
  assert.deepEqual(delays, ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]);
  assert.equal(nextBackOff(last, at + 600_001).delayMs, 10_000);
});

/** Phase, Ready's reason and message. */
const STATUSES: readonly (readonly [string, Pod, ObservedPod, string])[] = [
  [
    "new",
    podOf({}),
    seen({}, { isSandboxReady: false, ips: [] }),
    "Pending False ContainersNotReady containers with unready status: [main]",
  ],
  ["running", podOf({}), seen({ main: UP }), "Running True  "],
  [
    "not ready",
    podOf({}),
    seen({ main: { ...UP, isReady: false } }),
    "Running False ContainersNotReady containers with unready status: [main]",
  ],
  [
    "done",
    podOf({ restartPolicy: "Never" }),
    seen({ main: { run: run({ exitCode: 0 }) } }),
    "Succeeded False PodCompleted ",
  ],
  [
    "failed",
    podOf({ restartPolicy: "Never" }),
    seen({ main: { run: run({ exitCode: 2 }) } }),
    "Failed False PodFailed ",
  ],
  [
    "failing",
    podOf({}),
    seen({
      main: { run: run({ exitCode: 2 }), waiting: { reason: "CrashLoopBackOff", message: "" } },
    }),
    "Running False ContainersNotReady containers with unready status: [main]",
  ],
  [
    "initialising",
    podOf({ initContainers: [box("i")] }),
    seen({ i: UP }),
    "Pending False ContainersNotReady containers with unready status: [main]",
  ],
  [
    "initialised in vain",
    podOf({ restartPolicy: "Never", initContainers: [box("i")] }),
    seen({ i: { run: run({ exitCode: 2 }) } }),
    "Failed False PodFailed ",
  ],
  [
    "gated",
    podOf({ readinessGates: [{ conditionType: "x/y" }] }),
    seen({ main: UP }),
    'Running False ReadinessGatesNotReady corresponding condition of pod readiness gate "x/y" does not exist.',
  ],
  [
    "given up",
    podOf({}),
    seen(
      { main: { run: run({ exitCode: 137 }) } },
      { verdict: { reason: "DeadlineExceeded", message: "m" } },
    ),
    "Failed False PodFailed ",
  ],
];

for (const [what, pod, observed, expected] of STATUSES) {
  test(`status: ${what}`, () => {
    const facts = { pod, observed, hostIps: ["172.30.0.11"], nowMs: NOW, last: undefined };
    const status = statusOf(facts, (image) => ({ image, imageId: "id" }));
    const ready = status.conditions?.find(({ type }) => type === "Ready");
    assert.equal(
      `${status.phase} ${ready?.status} ${ready?.reason ?? ""} ${ready?.message ?? ""}`,
      expected,
    );
  });
}

test("status: a transition has the time when it happened", () => {
  const facts = { pod: podOf({}), observed: seen({ main: UP }), hostIps: [], last: undefined };
  const image = (name: string): { image: string; imageId: string } => ({
    image: name,
    imageId: "",
  });
  const first = statusOf({ ...facts, nowMs: NOW }, image);
  const second = statusOf({ ...facts, nowMs: NOW + 9_000, last: first }, image);
  assert.deepEqual(second, first);
});

const EXPANSIONS: readonly (readonly [string, string])[] = [
  ["$(A)", "a"],
  ["x$(A)y$(B)", "xay$(B)"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$a"],
  ["$A", "$A"],
  ["$(A", "$(A"],
  ["$", "$"],
];

for (const [text, expected] of EXPANSIONS) {
  test(`expand ${text}`, () =>
    assert.equal(
      expand(text, (name) => (name === "A" ? "a" : undefined)),
      expected,
    ));
}

test("environment: services, references, and what stands before what", () => {
  const container = box("main", {
    envFrom: [{ prefix: "P_", configMapRef: { name: "map" } }],
    env: [
      { name: "URL", value: "http://$(API_SERVICE_HOST):$(API_SERVICE_PORT)/$(P_key)" },
      { name: "LATER", value: "$(URL)!" },
      { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      {
        name: "LIMIT",
        valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } },
      },
      { name: "NONE", valueFrom: { secretKeyRef: { name: "no", key: "k", optional: true } } },
    ],
    resources: { limits: { memory: "100M" } },
  });
  const result = environmentOf(container, {
    pod: podOf({ nodeName: "node1" }),
    node: { podIps: [], hostIps: [], capacity: {} },
    services: [{ name: "api", clusterIP: "10.96.0.7", ports: [{ port: 3000, name: "http" }] }],
    dataOf: (_kind, name) => (name === "map" ? { key: "value" } : undefined),
  });
  const pick = [
    "URL",
    "LATER",
    "NODE",
    "LIMIT",
    "NONE",
    "API_PORT",
    "API_PORT_3000_TCP_ADDR",
    "API_SERVICE_PORT_HTTP",
  ];
  assert.deepEqual(
    pick.map((name) => result.get(name)),
    [
      "http://10.96.0.7:3000/value",
      "http://10.96.0.7:3000/value!",
      "node1",
      "96",
      undefined,
      "tcp://10.96.0.7:3000",
      "10.96.0.7",
      "3000",
    ],
  );
});

test("environment: what is missing is named", () => {
  const container = box("main", {
    env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
  });
  const facts = { pod: podOf({}), node: { podIps: [], hostIps: [], capacity: {} }, services: [] };
  assert.throws(
    () => environmentOf(container, { ...facts, dataOf: () => undefined }),
    /^ContainerConfigError: secret "s" not found$/,
  );
  assert.throws(
    () => environmentOf(container, { ...facts, dataOf: () => ({}) }),
    /couldn't find key k in Secret shop\/s/,
  );
});

test("hosts and resolver files", () => {
  const pod = podOf({ subdomain: "db", hostAliases: [{ ip: "1.2.3.4", hostnames: ["a", "b"] }] });
  assert.match(
    hostsFile(pod, ["10.0.0.5"], ""),
    /10\.0\.0\.5\tweb\.db\.shop\.svc\.cluster\.local\tweb\n\n# Entries added by HostAliases\.\n1\.2\.3\.4\ta\tb\n$/,
  );
  const host = {
    clusterDns: ["10.96.0.10"],
    hostFile: "nameserver 9.9.9.9\nsearch example.com\noptions timeout:1\n",
  };
  assert.equal(
    resolverFile(podOf({}), host),
    "search shop.svc.cluster.local svc.cluster.local cluster.local example.com\nnameserver 10.96.0.10\noptions ndots:5\n",
  );
  assert.equal(
    resolverFile(podOf({ dnsPolicy: "Default" }), host),
    "search example.com\nnameserver 9.9.9.9\noptions timeout:1\n",
  );
  assert.equal(
    resolverFile(podOf({ hostNetwork: true }), host),
    resolverFile(podOf({ dnsPolicy: "Default" }), host),
  );
  const none = podOf({
    dnsPolicy: "None",
    dnsConfig: { nameservers: ["8.8.8.8"], options: [{ name: "ndots", value: "2" }] },
  });
  assert.equal(resolverFile(none, host), "nameserver 8.8.8.8\noptions ndots:2\n");
  assert.equal(kernelHostNameOf(podOf({}, { name: `${"a".repeat(62)}-b` })), "a".repeat(62));
});

test("log lines: written and read again, in parts where they are long", () => {
  const encoder = new LogEncoder("stdout");
  const time = "2026-11-21T12:00:00.000000000Z";
  assert.equal(encoder.encode(Buffer.from("one\ntw"), time).toString(), `${time} stdout F one\n`);
  assert.equal(encoder.encode(Buffer.from("o\n"), time).toString(), `${time} stdout F two\n`);
  const long = encoder
    .encode(Buffer.from(`${"x".repeat(20_000)}\n`), time)
    .toString()
    .trim()
    .split("\n");
  assert.deepEqual(
    long.map((line) => decodeLogLine(Buffer.from(line))?.isFull),
    [false, true],
  );
  encoder.encode(Buffer.from("end"), time);
  assert.equal(encoder.finish(time).toString(), `${time} stdout P end\n`);
  assert.equal(decodeLogLine(Buffer.from("nonsense")), undefined);
});

test("probes count in a row", () => {
  const probe = { failureThreshold: 2, successThreshold: 2 };
  const after = (results: string): { isGood: boolean; hasGivenUp: boolean } => {
    let state = firstProbeState(false);
    for (const result of results) state = afterProbe(state, probe, result === "+");
    return { isGood: state.isGood, hasGivenUp: hasGivenUp(state, probe) };
  };
  assert.deepEqual(after("+"), { isGood: false, hasGivenUp: false });
  assert.deepEqual(after("-++"), { isGood: true, hasGivenUp: false });
  assert.deepEqual(after("++-"), { isGood: true, hasGivenUp: false });
  assert.deepEqual(after("++--"), { isGood: false, hasGivenUp: true });
});

test("resources are told in units of the divisor", () => {
  const told = (memory: string, divisor?: string): string => {
    const container = box("main", { resources: { limits: { memory } } });
    const field = { resource: "limits.memory", ...(divisor !== undefined && { divisor }) };
    return resourceValue(field, podOf({ containers: [container] }), container, {});
  };
  assert.deepEqual(
    ["250m", "64Mi", "1e3", "2", "1.5Gi"].map((text) => told(text)),
    ["1", "67108864", "1000", "2", "1610612736"],
  );
  assert.equal(told("250m", "1m"), "250");
  assert.equal(told("3", "0"), "3");
  assert.throws(() => told("many"), /"many" is not a quantity/);
});
