/** Labs from beginning to end, as people start them: by the command line, from the sources. */
import assert from "node:assert/strict";
import { type ExecFileException, execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "#base";

const PROGRAM = fileURLToPath(new URL("../../cilium.ts", import.meta.url));
const FOLDER = mkdtempSync(join(tmpdir(), "ciliate-lab-test-"));
const KUBECONFIG = join(FOLDER, "config");
const NAMES = [`test-${process.pid}`, `other-${process.pid}`] as const;
const [NAME, OTHER] = NAMES;
const CGROUPS = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

interface Result {
  readonly status: number;
  readonly out: string;
}

function lab(...args: string[]): Promise<Result> {
  const options = { env: { ...process.env, KUBECONFIG }, timeout: 100_000 };
  return new Promise((resolve) => {
    const words = ["--import", "tsx", PROGRAM, "lab", ...args];
    execFile(process.execPath, words, options, (error: ExecFileException | null, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), out: out + err });
    });
  });
}

async function succeed(...args: string[]): Promise<string> {
  const { status, out } = await lab(...args);
  assert.equal(status, 0, `${args.join(" ")}: ${out}`);
  return out;
}

function pidOf(name: string, process: string): number {
  const text = readFileSync(`/run/ciliate/lab/${name}/${process}.pid`, "utf8");
  return (JSON.parse(text) as { pid: number }).pid;
}

/** Everything on this machine that is of labs of these tests. */
function traces(): string[] {
  const isOurs = (text: string): boolean => NAMES.some((name) => text.includes(name));
  const run = (program: string, ...args: string[]): string[] =>
    execFileSync(program, args, { encoding: "utf8" }).split("\n");
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  const processes = pids.flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
      const cgroup = readFileSync(`/proc/${pid}/cgroup`, "latin1");
      // The dead, whom init has not buried yet, have no command line.
      if (line === "") return [];
      return isOurs(line) || isOurs(cgroup) ? [`process ${pid} ${line}`] : [];
    } catch {
      return [];
    }
  });
  const folders = ["/var/lib/ciliate/lab", "/run/ciliate/lab", "/run/netns", ...CGROUPS];
  const files = folders.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).filter(isOurs) : [],
  );
  const links = run("ip", "-d", "link").filter(isOurs);
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n").filter(isOurs);
  return [...processes, ...files, ...links, ...mounts];
}

/** Links and routes by the numbers of labs, which have no names in them. */
function numbered(): string[] {
  const run = (...args: string[]): string[] =>
    execFileSync("ip", args, { encoding: "utf8" }).split("\n");
  const links = run("-o", "link").map(
    (line) => /^\d+: ((?:cil|ciliate-)\d+[^:@]*)/.exec(line)?.[1],
  );
  const routes = run("route").map((line) => /^(?:10|172)\.\S+/.exec(line)?.[0]);
  return [...links, ...routes].filter((found) => found !== undefined).toSorted();
}

/** Which mount namespace node1 is. */
function mountsOf(name: string): number {
  return statSync(`/run/ciliate/lab/${name}/mounts/node1`).ino;
}

/** A service of both families, and a port of the node that is a pod's. */
const BOTH_FAMILIES = `
apiVersion: v1
kind: Service
metadata: {name: both}
spec: {type: NodePort, ipFamilyPolicy: PreferDualStack, selector: {app: api}, ports: [{port: 80, targetPort: 3000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: hosted}
spec:
  containers: [{name: web, image: nginx, ports: [{containerPort: 80, hostPort: 8088}]}]
`;

async function checkBothFamilies(ask: readonly string[]): Promise<void> {
  const file = join(FOLDER, "both.yaml");
  const where = ["--name", NAME, "-n", "three-tier"];
  writeFileSync(file, BOTH_FAMILIES);
  await succeed("apply", ...where, "-f", file);
  await ready("hosted");
  for (const family of ["-4", "-6"]) {
    assert.match(await succeed(...ask, "curl", "-s", family, "--max-time", "5", "both"), /nginx/);
  }
  assert.match(await succeed("get", "endpointslices", ...where), /both-\S+ +IPv6 +3000 +fd31:/);
  const service = await succeed("get", "service", "both", "-o", "json", ...where);
  const port = /"nodePort": (\d+)/.exec(service)?.[1] ?? "";
  const node = await succeed("get", "node", "node1", "-o", "yaml", "--name", NAME);
  const [ipv4 = "", ipv6 = ""] = node.match(/(?<=address: )\S*[.:]\S*/g) ?? [];
  const hosts = [`127.0.0.1:${port}`, `[::1]:${port}`, `${ipv4}:8088`, `[${ipv6}]:8088`];
  for (const host of hosts) {
    const answer = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(5_000) });
    assert.match(await answer.text(), /nginx/, host);
  }
}

async function ready(pod: string): Promise<void> {
  const deadline = systemClock.monotonicMs() + 30_000;
  for (;;) {
    const { out } = await lab("get", "pods", pod, "-n", "three-tier", "--name", NAME);
    if (/ 1\/1 +Running/.test(out)) return;
    assert.ok(systemClock.monotonicMs() < deadline, out);
    await systemClock.sleep(200);
  }
}

test("two labs run side by side, survive kill -9 of all of it, and leave nothing", {
  timeout: 118_000,
}, async () => {
  const before = numbered();
  assert.match(
    await succeed("up", "--name", NAME, "--nodes", "1", "--ipv6"),
    /node1 +172\.30\.\d+\.11 +ready/,
  );
  // What must be gone at the end is seen while it is there.
  assert.ok(traces().some((line) => line.includes(`/mounts/node1 `)));
  await succeed("up", "--name", OTHER, "--nodes", "0", "--no-demo", "--set", "internet=false");
  assert.match(readFileSync(KUBECONFIG, "utf8"), new RegExp(`current-context: ciliate-${OTHER}\n`));

  await ready("frontend");
  const ask = ["exec", "-n", "three-tier", "--name", NAME, "frontend", "--"];
  assert.match(await succeed(...ask, "curl", "-s", "--max-time", "5", "api:3000"), /nginx/);
  assert.equal((await lab(...ask, "sh", "-c", "exit 7")).status, 7);

  await checkBothFamilies(ask);
  await succeed("internet", "add", "shop.example.org", "--name", NAME);
  for (const url of ["https://shop.example.org/cart", "https://bucket.s3.amazonaws.com"]) {
    const { protocol, host } = JSON.parse(await succeed(...ask, "curl", "-sS", url));
    assert.equal(`${protocol}://${host}`, new URL(url).origin);
  }

  const pid = pidOf(NAME, "kubelet-node1");
  const mounts = mountsOf(NAME);
  for (const each of ["supervisor", "control-plane", "kubelet-node1"]) {
    process.kill(pidOf(NAME, each), "SIGKILL");
  }
  assert.equal((await lab("status", "--name", NAME)).status, 1);
  await succeed("up", "--name", NAME);
  assert.notEqual(pidOf(NAME, "kubelet-node1"), pid);
  await ready("frontend");
  assert.match(await succeed(...ask, "curl", "-s", "--max-time", "5", "api:3000"), /nginx/);
  assert.equal(mountsOf(NAME), mounts);

  const refused = await lab("up", "--name", NAME, "--nodes", "3");
  assert.equal(refused.status, 1);
  assert.match(refused.out, /^Error: Lab \S+ is there already, with 1 nodes: /);

  await succeed("down", "--name", OTHER);
  assert.match(await succeed(...ask, "curl", "-s", "--max-time", "5", "api:3000"), /nginx/);
  await succeed("down", "--name", NAME);
  assert.deepEqual(traces(), []);
  assert.deepEqual(numbered(), before);
  assert.ok(!existsSync(KUBECONFIG));
});

test("what is left of a lab whose processes and settings are gone is found and taken away", async () => {
  await succeed("up", "--name", NAME, "--nodes", "1", "--no-demo", "--set", "dnsReplicas=0");
  for (const each of ["supervisor", "control-plane", "kubelet-node1"]) {
    process.kill(pidOf(NAME, each), "SIGKILL");
  }
  rmSync(`/var/lib/ciliate/lab/${NAME}/cluster.json`);
  assert.match(await succeed("down", "--name", NAME), /is taken away/);
  assert.deepEqual(traces(), []);
  assert.match(await succeed("down", "--name", NAME), /There was no lab/);
});

test("wrong calls are told in a sentence", async () => {
  const cases: [string[], RegExp][] = [
    [["up", "--name", "A_b"], /^Error: "A_b" cannot name a lab/],
    [["up", "--cni", "other"], /Allowed choices are bridge, none/],
    [["up", "--name", NAME, "--set", "x=1"], /^Error: --set: "x=1" is not key=value/],
    [["status", "--name", NAME], /^Error: There is no lab/],
    [["node", "add", "--name", NAME], /^Error: There is no lab/],
    [["down", "--all", "--name", NAME], /^Error: Say either --name or --all/],
  ];
  for (const [args, message] of cases) {
    const { status, out } = await lab(...args);
    assert.equal(status, 1, out);
    assert.match(out, message);
  }
  await lab("down", "--name", NAME);
});

// The last, and not a hook: what is asynchronous in a hook is cut off with the process.
test("whatever went wrong, nothing of these tests stays", async () => {
  for (const name of NAMES) await lab("down", "--name", name);
  rmSync(FOLDER, { recursive: true });
  assert.deepEqual(traces(), []);
});
