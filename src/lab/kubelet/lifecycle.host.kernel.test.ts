import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RESOURCES } from "#kube";
import { isReady, World } from "./testdata/world.ts";

const shell = (script: string): string[] => ["sh", "-c", script];

test("a container that fails is started again, and then waits", async () => {
  await using world = new World();
  await world.start();
  await world.run("crash", {
    containers: [
      {
        name: "main",
        image: "busybox",
        command: shell("echo last words > /dev/termination-log; exit 5"),
      },
    ],
  });
  const status = await world.until(
    "crash",
    ({ containerStatuses = [] }) =>
      containerStatuses[0]?.state.waiting?.reason === "CrashLoopBackOff",
  );
  const [main] = status.containerStatuses ?? [];
  assert.equal(status.phase, "Running");
  assert.equal(main?.restartCount, 1);
  assert.match(
    main?.state.waiting?.message ?? "",
    /^back-off 10s restarting failed container=main pod=crash_default\(uid-of-crash\)$/,
  );
  assert.equal(main?.lastState.terminated?.exitCode, 5);
  assert.equal(main?.lastState.terminated?.message, "last words\n");
});

test("what cannot be had is said: images, configuration, volumes, programs", async () => {
  await using world = new World();
  await world.start();
  await world.run("image", { containers: [{ name: "main", image: "example.com/none:1" }] });
  await world.run("config", {
    containers: [
      {
        name: "main",
        image: "busybox",
        env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "none", key: "a" } } }],
      },
    ],
  });
  await world.run("volume", {
    containers: [
      { name: "main", image: "busybox", volumeMounts: [{ name: "v", mountPath: "/v" }] },
    ],
    volumes: [{ name: "v", secret: { secretName: "none" } }],
  });
  await world.run("program", {
    restartPolicy: "Never",
    containers: [{ name: "main", image: "busybox", command: ["no-such-program"] }],
  });
  const waits =
    (reason: string) =>
    ({
      containerStatuses = [],
    }: {
      containerStatuses?: readonly { state: { waiting?: { reason?: string } } }[];
    }): boolean =>
      containerStatuses[0]?.state.waiting?.reason === reason;
  const image = await world.until("image", waits("ImagePullBackOff"));
  assert.match(
    image.containerStatuses?.[0]?.state.waiting?.message ?? "",
    /the lab has no registry\. Its images are nginx/,
  );
  const config = await world.until("config", waits("CreateContainerConfigError"));
  assert.equal(config.containerStatuses?.[0]?.state.waiting?.message, 'configmap "none" not found');
  const program = await world.until("program", ({ phase }) => phase === "Failed");
  assert.equal(program.containerStatuses?.[0]?.state.terminated?.reason, "StartError");
  await world.until("volume", () =>
    world
      .events("volume")
      .some(
        (event) =>
          event ===
          'Warning FailedMount MountVolume.SetUp failed for volume "v" : secret "none" not found',
      ),
  );
});

test("init containers run in order, and share volumes", async () => {
  await using world = new World();
  await world.cluster.create(RESOURCES.ConfigMap, {
    metadata: { name: "settings", namespace: "default" },
    data: { colour: "blue" },
  });
  await world.start();
  const shared = { name: "shared", mountPath: "/shared" };
  await world.run("inits", {
    restartPolicy: "Never",
    initContainers: [
      {
        name: "one",
        image: "busybox",
        command: shell("echo one > /shared/text"),
        volumeMounts: [shared],
      },
      {
        name: "two",
        image: "busybox",
        command: shell("echo two >> /shared/text"),
        volumeMounts: [shared],
      },
    ],
    containers: [
      {
        name: "main",
        image: "busybox",
        command: shell(
          "cat /shared/text; echo $(cat /settings/colour) $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)",
        ),
        volumeMounts: [
          shared,
          { name: "settings", mountPath: "/settings", readOnly: true },
          { name: "token", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
        ],
      },
    ],
    volumes: [
      { name: "shared", emptyDir: {} },
      { name: "settings", configMap: { name: "settings" } },
      { name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
    ],
  });
  await world.until("inits", ({ phase }) => phase === "Succeeded");
  const log = readFileSync(
    join(world.state, "logs/pods/default_inits_uid-of-inits/main/0.log"),
    "utf8",
  );
  const texts = log
    .trim()
    .split("\n")
    .map((line) => line.split(" F ")[1]);
  assert.deepEqual(texts, ["one", "two", "blue a-token"]);
});

test("probes make ready, and end what does not live", async () => {
  await using world = new World();
  await world.start();
  await world.run("probed", {
    containers: [
      {
        name: "main",
        image: "busybox",
        command: shell("touch /tmp/alive; sleep 6; rm /tmp/alive; sleep 100"),
        readinessProbe: { exec: { command: ["test", "-e", "/tmp/alive"] }, periodSeconds: 1 },
        livenessProbe: {
          exec: { command: ["test", "-e", "/tmp/alive"] },
          periodSeconds: 1,
          failureThreshold: 1,
          initialDelaySeconds: 1,
        },
      },
    ],
  });
  await world.until("probed", isReady);
  const status = await world.until(
    "probed",
    ({ containerStatuses = [] }) => (containerStatuses[0]?.restartCount ?? 0) > 0,
  );
  assert.equal(status.containerStatuses?.[0]?.lastState.terminated?.exitCode, 137);
  const events = world.events("probed");
  assert.ok(
    events.includes("Normal Killing Container main failed liveness probe, will be restarted"),
    events.join("\n"),
  );
});

test("a pod is ended with its grace, and nothing of it is left", async () => {
  await using world = new World();
  await world.start();
  await world.run("polite", {
    terminationGracePeriodSeconds: 20,
    containers: [
      {
        name: "main",
        image: "busybox",
        command: shell("trap 'sleep 0.3; exit 0' TERM; while :; do sleep 0.05; done"),
        lifecycle: { preStop: { exec: { command: ["touch", "/host/pre-stopped"] } } },
        volumeMounts: [{ name: "host", mountPath: "/host" }],
      },
    ],
    volumes: [{ name: "host", hostPath: { path: world.folder } }],
  });
  await world.until("polite", isReady);
  const began = Date.now();
  await world.cluster.delete(
    RESOURCES.Pod,
    { namespace: "default", name: "polite" },
    { gracePeriodSeconds: 20 },
  );
  await world.untilGone("polite");
  // Its own end, and not that of its grace.
  assert.ok(Date.now() - began < 18_000);
  assert.ok(existsSync(join(world.folder, "pre-stopped")));
  assert.equal(
    readFileSync(join(world.folder, "bin/calls"), "utf8").trim().split("\n").at(-1),
    "DEL",
  );
});

test("a pod that was deleted while no kubelet ran is taken away by the next", async () => {
  await using world = new World();
  await world.start();
  await world.run("orphan", {
    containers: [{ name: "main", image: "busybox", command: ["sleep", "1000"] }],
  });
  await world.until("orphan", isReady);
  await world.stop();
  await world.cluster.delete(
    RESOURCES.Pod,
    { namespace: "default", name: "orphan" },
    { gracePeriodSeconds: 0 },
  );
  await world.start();
  await world.untilGone("orphan");
});

test("without a network, pods wait and say why", async () => {
  await using world = new World();
  rmSync(join(world.folder, "conf/10-test.conflist"));
  await world.start();
  await world.run("early", { containers: [{ name: "main", image: "nginx" }] });
  await world.until(
    "early",
    ({ containerStatuses = [] }) =>
      containerStatuses[0]?.state.waiting?.reason === "ContainerCreating",
  );
  await world.until("early", () =>
    world
      .events("early")
      .some((event) =>
        event.startsWith(
          "Warning NetworkNotReady network is not ready: container runtime network not ready",
        ),
      ),
  );
  const node = world.cluster.find(RESOURCES.Node, "node1");
  const { conditions } = (node?.["status"] ?? { conditions: [] }) as {
    conditions: { type: string; status: string; reason: string }[];
  };
  const ready = conditions.find(({ type }) => type === "Ready");
  assert.deepEqual([ready?.status, ready?.reason], ["False", "KubeletNotReady"]);
});

test("a pod in the host's network has the node's addresses", async () => {
  await using world = new World();
  await world.start();
  await world.run("host", {
    hostNetwork: true,
    restartPolicy: "Never",
    containers: [
      { name: "main", image: "busybox", command: shell("test -e /sys/class/net/gateway") },
    ],
  });
  const status = await world.until(
    "host",
    ({ phase }) => phase === "Succeeded" || phase === "Failed",
  );
  assert.deepEqual([status.phase, status.podIP], ["Succeeded", "10.99.0.1"]);
});
