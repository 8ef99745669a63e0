import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IpAddress } from "#base";
import { connectTcp } from "#netlink";
import { isReady, World } from "./testdata/world.ts";

async function httpGet(world: World, ip: string, port: number): Promise<string> {
  const socket = await connectTcp(world.namespace, { address: IpAddress.parse(ip), port });
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

function logOf(world: World, pod: string, container: string, attempt = 0): string {
  const folder = `default_${pod}_uid-of-${pod}`;
  return readFileSync(join(world.state, "logs/pods", folder, container, `${attempt}.log`), "utf8");
}

test("a stand-in runs, answers, is ready, and goes", async () => {
  await using world = new World();
  await world.start();
  await world.run("web", {
    containers: [
      {
        name: "nginx",
        image: "nginx",
        ports: [{ containerPort: 3000 }],
        readinessProbe: { httpGet: { port: 3000 }, periodSeconds: 1 },
      },
    ],
  });
  const status = await world.until("web", isReady);
  assert.equal(status.phase, "Running");
  assert.match(await httpGet(world, status.podIP ?? "", 3000), /Welcome to nginx!/);
  assert.match(logOf(world, "web", "nginx"), /stdout F .*"GET \/ HTTP\/1\.1" 200/);
  assert.deepEqual(
    world
      .events("web")
      .slice(0, 4)
      .map((event) => event.split(" ")[1]),
    ["Pulling", "Pulled", "Created", "Started"],
  );
});

test("a program has its files, variables and network, and its end is told", async () => {
  await using world = new World();
  await world.start();
  await world.run("job", {
    restartPolicy: "Never",
    containers: [
      {
        name: "main",
        image: "busybox",
        command: [
          "sh",
          "-c",
          "cat /etc/resolv.conf /etc/hosts; hostname; echo $GREETING from $(IP); id -u; echo x > /tmp/x; echo y > /data/y; ls /data /tmp; echo bad >&2; exit 3",
        ],
        env: [
          { name: "WHO", value: "world" },
          { name: "GREETING", value: "hello $(WHO)" },
          { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
        ],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
    volumes: [{ name: "data", emptyDir: {} }],
  });
  const status = await world.until("job", ({ phase }) => phase === "Failed");
  const log = logOf(world, "job", "main");
  assert.match(log, /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/);
  assert.match(log, new RegExp(`${status.podIP}\tjob`));
  assert.match(log, /hello world from 10\.99\.0\.2/);
  assert.match(log, /stderr F bad/);
  const terminated = status.containerStatuses?.[0]?.state.terminated;
  assert.deepEqual([terminated?.exitCode, terminated?.reason], [3, "Error"]);
});

test("a program of this machine runs in a container that does not see its folder, and is not changed", async () => {
  await using world = new World();
  await world.start();
  const program = join(world.folder, "my program");
  const text = '#!/bin/sh\nls "$(dirname "$0")"\necho changed > "$0"\n';
  writeFileSync(program, text, { mode: 0o755 });
  await world.run("own", {
    restartPolicy: "Never",
    containers: [{ name: "main", image: `host://${program}` }],
  });
  await world.until("own", ({ phase }) => phase === "Failed");
  assert.match(logOf(world, "own", "main"), /stdout F my program\n.*stderr F .*Read-only file/s);
  assert.equal(readFileSync(program, "utf8"), text);
});

test("a kubelet that is started again finds its pods running", async () => {
  await using world = new World();
  await world.start();
  await world.run("web", { containers: [{ name: "nginx", image: "nginx" }] });
  await world.run("loop", {
    containers: [
      {
        name: "main",
        image: "busybox",
        command: ["sh", "-c", "while :; do echo tick; sleep 0.2; done"],
      },
    ],
  });
  const before = [await world.until("web", isReady), await world.until("loop", isReady)];
  await world.stop();
  await world.start();
  const after = [await world.until("web", isReady), await world.until("loop", isReady)];
  for (const [index, status] of after.entries()) {
    assert.equal(
      status.containerStatuses?.[0]?.containerID,
      before[index]?.containerStatuses?.[0]?.containerID,
    );
    assert.equal(status.containerStatuses?.[0]?.restartCount, 0);
  }
  assert.match(await httpGet(world, after[0]?.podIP ?? "", 80), /Welcome to nginx!/);
  writeFileSync(join(world.folder, "unused"), "");
});

test("a pod whose processes all ended while no kubelet ran is started again", async () => {
  await using world = new World();
  await world.start();
  const containers = [{ name: "nginx", image: "nginx" }];
  await world.run("web", { containers });
  const before = await world.until("web", isReady);
  await world.stop();
  const folder = join(world.state, "pods/uid-of-web");
  const read = (file: string): { pid: number } =>
    JSON.parse(readFileSync(join(folder, file), "utf8"));
  const { sandbox } = JSON.parse(readFileSync(join(folder, "sandbox.json"), "utf8"));
  for (const { pid } of [read("containers/nginx/0/process.json"), sandbox.process]) {
    process.kill(pid, "SIGKILL");
  }
  await world.start();
  const after = await world.until(
    "web",
    (status) => isReady(status) && status.containerStatuses?.[0]?.restartCount === 1,
  );
  assert.notEqual(after.podIP, before.podIP);
  assert.match(await httpGet(world, after.podIP ?? "", 80), /Welcome to nginx!/);
});
