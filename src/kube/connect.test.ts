import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { KubeClient } from "./client.ts";

const KUBECONFIG = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "one",
  clusters: [
    { name: "one", cluster: { server: "https://127.0.0.1:1", "insecure-skip-tls-verify": true } },
    { name: "two", cluster: { server: "https://[::1]:2/k8s/", "tls-server-name": "api" } },
  ],
  users: [
    { name: "one", user: { token: "secret" } },
    { name: "two", user: { username: "me", password: "pass" } },
  ],
  contexts: [
    { name: "one", context: { cluster: "one", user: "one" } },
    { name: "two", context: { cluster: "two", user: "two" } },
  ],
};

test("a kubeconfig says where the server is and who we are, by its context", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-kube-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "config");
  writeFileSync(path, JSON.stringify(KUBECONFIG));
  using one = await KubeClient.fromKubeconfig(path);
  assert.deepEqual(await one.endpoint(), {
    url: new URL("https://127.0.0.1:1"),
    headers: { Authorization: "Bearer secret" },
    tls: { rejectUnauthorized: false },
  });
  await assert.rejects(one.raw("GET", "/version"), {
    reason: "Unreachable",
    message: /^GET https:\/\/127\.0\.0\.1:1\/version: connect ECONNREFUSED/,
  });
  using two = await KubeClient.fromKubeconfig(path, "two");
  assert.deepEqual(await two.endpoint(), {
    url: new URL("https://[::1]:2/k8s"),
    headers: { Authorization: "Basic bWU6cGFzcw==" },
    tls: { servername: "api" },
  });
  await assert.rejects(two.raw("GET", "/version"), { message: /\[::1\]:2\/k8s\/version/ });
});

test("a kubeconfig that is none is said plainly", async () => {
  await assert.rejects(KubeClient.fromKubeconfig("/nowhere/config"), {
    code: "config",
    message: /kubeconfig: \/nowhere\/config: ENOENT/,
  });
  await assert.rejects(KubeClient.fromCluster(), {
    code: "config",
    message: /no pod of a cluster/,
  });
});

test("a context that is not there is named with those that are", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-kube-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "config"), JSON.stringify(KUBECONFIG));
  await assert.rejects(KubeClient.fromKubeconfig(join(folder, "config"), "three"), {
    message: "context: three is not one of one, two",
  });
});
