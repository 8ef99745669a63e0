import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { FakeClock, systemClock } from "#base";
import { addContext, currentContext, removeContext } from "./edit.ts";
import { checkKubeconfig, kubeconfigPath, takeContextOut, writeContext } from "./file.ts";

const ENTRY = {
  name: "ciliate-lab",
  server: "https://172.30.1.1:6443",
  authority: "CA",
  certificate: "CERT",
  key: "KEY",
};

const WORK = `# the company's clusters, by hand
apiVersion: v1
kind: Config
preferences:
  colors: true
clusters:
- name: work # production!
  cluster:
    server: https://work.example.com
    extension-of-ours: [1, 2]
contexts:
- context: {cluster: work, namespace: shop, user: me}
  name: work
users:
- name: me
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: login
      env: null
current-context: work
extensions: []
`;

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-kubeconfig-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a context comes in and goes out again, and all else stays to the letter", () => {
  const added = addContext(WORK, ENTRY);
  assert.equal(currentContext(added), "ciliate-lab");
  assert.match(added, /^# the company's clusters, by hand$/m);
  assert.match(added, /name: work # production!/);
  const { clusters, users } = parse(added) as { clusters: object[]; users: object[] };
  assert.deepEqual(clusters[1], {
    name: "ciliate-lab",
    cluster: { server: ENTRY.server, "certificate-authority-data": "Q0E=" },
  });
  assert.equal(users.length, 2);
  assert.equal(addContext(added, ENTRY), added);
  assert.deepEqual(parse(removeContext(added, "ciliate-lab", "work")), parse(WORK));
  assert.equal(removeContext(added, "ciliate-lab", "work"), addAndRemoveNothing());
});

/** What the printer makes of the text by itself. */
function addAndRemoveNothing(): string {
  return removeContext(addContext(WORK, { ...ENTRY, name: "x" }), "x", "work");
}

test("what kubectl leaves of an empty file is filled", () => {
  const empty = 'apiVersion: v1\nclusters: null\ncontexts: []\ncurrent-context: ""\nusers: null\n';
  const { contexts } = parse(addContext(empty, ENTRY)) as { contexts: object[] };
  assert.equal(contexts.length, 1);
  assert.doesNotMatch(addContext(empty, ENTRY), /\[/);
});

test("a current context that is gone is not gone back to", () => {
  const added = addContext(WORK, ENTRY);
  assert.equal(currentContext(removeContext(added, "ciliate-lab", "other")), undefined);
  const changed = added.replace("current-context: ciliate-lab", "current-context: work");
  assert.equal(currentContext(removeContext(changed, "ciliate-lab")), "work");
});

test("of several files the first that is there is written, or the last", async () => {
  await inFolder(async (folder) => {
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    const environment = { KUBECONFIG: `${one}:${two}`, HOME: folder };
    assert.equal(kubeconfigPath(environment), two);
    writeFileSync(one, "");
    assert.equal(kubeconfigPath(environment), one);
    assert.equal(kubeconfigPath({ HOME: folder }), join(folder, ".kube/config"));
    assert.equal(kubeconfigPath({ HOME: folder, KUBECONFIG: "" }), join(folder, ".kube/config"));
  });
});

test("a file is made where there is none, for its owner only, and goes when nothing is left", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, ".kube", "config");
    assert.equal(await writeContext(path, ENTRY, systemClock), undefined);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await takeContextOut(path, "ciliate-lab", undefined, systemClock);
    assert.deepEqual(readdirSync(join(folder, ".kube")), []);
    await takeContextOut(path, "ciliate-lab", undefined, systemClock);
  });
});

test("permissions and a symbolic link stay; the previous context is told and restored", async () => {
  await inFolder(async (folder) => {
    const [real, link] = [join(folder, "real"), join(folder, "config")];
    writeFileSync(real, WORK, { mode: 0o640 });
    symlinkSync(real, link);
    const previous = await writeContext(link, ENTRY, systemClock);
    assert.equal(previous, "work");
    assert.equal(statSync(real).mode & 0o777, 0o640);
    assert.equal(currentContext(readFileSync(real, "utf8")), "ciliate-lab");
    await takeContextOut(link, "ciliate-lab", previous, systemClock);
    assert.deepEqual(parse(readFileSync(link, "utf8")), parse(WORK));
  });
});

test("a file that is no kubeconfig is refused and stays as it is", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "config");
    for (const text of ["a: [", "- a", "kind: Pod", "clusters: 3", "a: *b"]) {
      writeFileSync(path, text);
      assert.throws(() => checkKubeconfig(path), /cannot be read as a kubeconfig .*KUBECONFIG/);
      await assert.rejects(writeContext(path, ENTRY, systemClock), { code: "kubeconfig" });
      assert.equal(readFileSync(path, "utf8"), text);
    }
    assert.ok(!existsSync(`${path}.lock`));
  });
});

test("another's lock is waited for, and then told", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "config");
    writeFileSync(`${path}.lock`, "");
    const clock = new FakeClock();
    const refused = assert.rejects(writeContext(path, ENTRY, clock), /written by another program/);
    await clock.advance(4_000);
    await refused;
    const written = writeContext(path, ENTRY, clock);
    await clock.advance(1_000);
    rmSync(`${path}.lock`);
    await clock.advance(1_000);
    await written;
    assert.ok(existsSync(path) && !existsSync(`${path}.lock`));
  });
});
