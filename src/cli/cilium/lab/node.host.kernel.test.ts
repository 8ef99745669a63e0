/** A node as programs in it see it, and a lab that waits for somebody's network plugin. */
import assert from "node:assert/strict";
import { type ExecFileException, execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "#base";

const PROGRAM = fileURLToPath(new URL("../../cilium.ts", import.meta.url));
const FOLDER = mkdtempSync(join(tmpdir(), "ciliate-node-test-"));
const NAME = `node-${process.pid}`;
const PATIENCE_MS = 30_000;

interface Result {
  readonly status: number;
  readonly out: string;
}

function lab(words: readonly string[], input = ""): Promise<Result> {
  const env = { ...process.env, KUBECONFIG: join(FOLDER, "config") };
  const [command = "", ...rest] = words;
  const all = ["--import", "tsx", PROGRAM, "lab", command];
  const isGroup = command === "node";
  const own = isGroup
    ? [rest[0] ?? "", "--name", NAME, ...rest.slice(1)]
    : ["--name", NAME, ...rest];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...all, ...own],
      { env, timeout: 100_000 },
      (error: ExecFileException | null, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), out: out + err });
      },
    );
    child.stdin?.end(input);
  });
}

async function succeed(words: readonly string[], input = ""): Promise<string> {
  const { status, out } = await lab(words, input);
  assert.equal(status, 0, `${words.join(" ")}: ${out}`);
  return out;
}

const inNode = (script: string): Promise<string> =>
  succeed(["node", "exec", "node1", "--", "sh", "-c", script]);

async function until(words: readonly string[], pattern: RegExp): Promise<string> {
  const deadline = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    const { out } = await lab(words);
    if (pattern.test(out)) return out;
    assert.ok(systemClock.monotonicMs() < deadline, out);
    await systemClock.sleep(200);
  }
}

/** One address of each family, always the same; it fails while a file of the node says so. */
const PLUGIN = `#!/bin/sh
echo "$CNI_COMMAND $CNI_NETNS $CNI_PATH" >> /var/lib/cni/calls
case $CNI_COMMAND in
ADD)
  if [ -e /var/lib/cni/fail ]; then
    echo '{"cniVersion":"1.1.0","code":100,"msg":"no cable","details":"none left"}'
    exit 1
  fi
  ip link add test0 type veth peer name eth0 netns "$CNI_NETNS"
  echo '{"cniVersion":"1.1.0","interfaces":[],"ips":[{"address":"10.9.0.7/24"},{"address":"fd09::7/64"}]}' ;;
esac
`;

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: agent}
spec:
  securityContext: {runAsUser: 0, fsGroup: 77}
  initContainers:
  - name: mount
    image: busybox
    command: [sh, -c, "mkdir /node/run/deep; mount -t tmpfs deep /node/run/deep; echo here > /node/run/deep/file; echo x > /node/conf/note; echo y > /node/lib/own"]
    securityContext: {privileged: true}
    volumeMounts:
    - {name: run, mountPath: /node/run, mountPropagation: Bidirectional}
    - {name: conf, mountPath: /node/conf}
    - {name: lib, mountPath: /node/lib}
  containers:
  - name: main
    image: busybox
    command: [sh, -c, "exec 2>&1; cat /node/run/deep/file; id -G; echo z > /not; echo w > /tmp/not; echo v > /data/yes; ls -A /data; sleep 1000"]
    resources: {limits: {memory: 1Gi}}
    securityContext: {readOnlyRootFilesystem: true}
    volumeMounts:
    - {name: run, mountPath: /node/run, mountPropagation: HostToContainer}
    - {name: data, mountPath: /data}
  volumes:
  - {name: run, hostPath: {path: /var/run/cilium}}
  - {name: conf, hostPath: {path: /etc/cni/net.d, type: DirectoryOrCreate}}
  - {name: lib, hostPath: {path: /var/lib/${NAME}, type: DirectoryOrCreate}}
  - {name: data, emptyDir: {}}
`;

test("a node waits for its plugin, and has its own mounts, which its pods share", {
  timeout: 118_000,
}, async () => {
  const up = ["up", "--nodes", "1", "--no-demo", "--cni", "none", "--ipv6"];
  const said = await succeed([...up, "--set", "internet=false", "--set", "dnsReplicas=0"]);
  assert.match(said, /NotReady until .* \/etc\/cni\/net\.d, .* \/opt\/cni\/bin/);
  const node = await succeed(["get", "node", "node1", "-o", "yaml"]);
  assert.match(node, /NetworkPluginNotReady/);
  for (const address of [/172\.30\.\d+\.11/, /fd30:\d+::b/]) assert.match(node, address);
  const status = JSON.parse(await succeed(["status", "-o", "json"])) as {
    nodes?: { cniConfFolder: string; cniBinFolder: string }[];
  };
  const { cniConfFolder = "", cniBinFolder = "" } = status.nodes?.[0] ?? {};

  writeFileSync(join(cniBinFolder, "test"), PLUGIN);
  chmodSync(join(cniBinFolder, "test"), 0o755);
  await inNode("touch /var/lib/cni/fail");
  const list = { cniVersion: "1.0.0", name: "test", plugins: [{ type: "test" }] };
  writeFileSync(join(cniConfFolder, "10-test.conflist"), JSON.stringify(list));
  await succeed(["apply", "-f", "-"], POD);
  const events = ["get", "events", "-o", "wide"];
  await until(events, /network for sandbox .*"test\\?" failed \(add\): no cable; none left/);
  await inNode("rm /var/lib/cni/fail");
  await until(["get", "node", "node1"], / Ready /);
  await until(["get", "pod", "agent"], / 1\/1 +Running/);
  assert.match(await succeed(events), /Unsupported .*resources\.limits is not supported/);
  assert.match(
    await succeed(["get", "pod", "agent", "-o", "yaml"]),
    /podIPs:\s+- ip: 10.9.0.7\s+- ip: fd09::7/,
  );

  const calls = (await inNode("cat /var/lib/cni/calls")).trim().split("\n");
  const made = calls.filter((line) => /^(ADD|DEL) /.test(line)).map((line) => line.slice(0, 3));
  assert.deepEqual(made.slice(0, 2), ["ADD", "DEL"]);
  assert.equal(made.at(-1), "ADD");
  assert.match(calls.at(-1) ?? "", /^ADD \/var\/run\/netns\/cni-[-0-9a-f]{36} \/opt\/cni\/bin$/);

  const log = await succeed(["logs", "agent"]);
  assert.match(log, /^here\n0 77\n/);
  assert.match(log, /\/not: Read-only file system\n.*\/tmp\/not: Read-only file system\nyes\n/);
  assert.match(await inNode("cat /run/cilium/deep/file /etc/cni/net.d/note"), /^here\nx\n/);
  assert.equal(readFileSync(join(cniConfFolder, "note"), "utf8"), "x\n");
  assert.equal(await inNode(`cat /var/lib/${NAME}/own`), "y\n");
  assert.throws(() => readFileSync(`/var/lib/${NAME}/own`), /ENOENT/);
  assert.match(await inNode("ls /sys/class/net; stat -f -c %T /sys/fs/bpf"), /^eth0\nlo\n.*\nbpf/);
  assert.match(await inNode("cat /proc/self/cgroup"), new RegExp(`0::/ciliate-${NAME}/node1\n`));
  assert.match(await inNode("ls /var/log/containers"), /^agent_default_main-[0-9a-f]{64}\.log$/m);

  assert.equal((await lab(["node", "exec", "node1", "--", "sh", "-c", "exit 7"])).status, 7);
  assert.equal(await succeed(["node", "exec", "node1", "--", "cat"], "words"), "words");
  const unknown = await lab(["node", "exec", "node9", "--", "true"]);
  assert.equal(unknown.status, 1);
  assert.match(unknown.out, /^Error: Lab \S+ has no node "node9": it has node1\.$/m);
});

test("whatever went wrong, nothing of these tests stays", async () => {
  await lab(["down"]);
  rmSync(FOLDER, { recursive: true, force: true });
  assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(NAME));
});
