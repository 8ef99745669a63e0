import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { tmpdir } from "node:os";
import { runScripts } from "#test";
import { TEST_PKI } from "./test-pki.ts";
import { TestServer } from "./test-server.ts";

const SCRIPTS = join(import.meta.dirname, "testdata/kubectl");
const TIMEOUT_MS = 30_000;

function hasKubectl(): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, "kubectl"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function kubeconfig(port: number): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [
      {
        name: "test",
        cluster: {
          server: `https://127.0.0.1:${port}`,
          "certificate-authority-data": base64(TEST_PKI.caCert),
        },
      },
    ],
    users: [
      {
        name: "test",
        user: {
          "client-certificate-data": base64(TEST_PKI.adminCert),
          "client-key-data": base64(TEST_PKI.adminKey),
        },
      },
    ],
  });
}

/** What differs from run to run, or from one kubectl to the next, made the same. */
function normalise(output: string): string {
  return output
    .replaceAll(/\b\d+s\b/g, "AGE")
    .replaceAll(/kube-api-access-\w{5}/g, "kube-api-access-xxxxx")
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} [+-]\d{4}/g, "DATE")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/( deleted) from \S+ namespace/g, "$1")
    .replaceAll(/ {3,}/g, "   ");
}

class World {
  readonly #folder = mkdtempSync(join(tmpdir(), "kubectl-"));
  #server: Promise<TestServer> | undefined;

  async kubectl(words: readonly string[], variables: Record<string, string> = {}): Promise<string> {
    this.#server ??= TestServer.start();
    const { port } = await this.#server;
    const config = join(this.#folder, "config");
    writeFileSync(config, kubeconfig(port));
    const env = { PATH: process.env["PATH"], HOME: this.#folder, KUBECONFIG: config, ...variables };
    const options = { cwd: SCRIPTS, env, timeout: TIMEOUT_MS };
    return await new Promise((resolve, reject) => {
      execFile("kubectl", words, options, (error, stdout, stderr) => {
        if (error?.killed === true) reject(error);
        else resolve(normalise(`${stdout}\n${stderr}`));
      });
    });
  }

  /** Replaces a text in what an editor is shown: `edit KIND NAME -n NAMESPACE FROM TO`. */
  async edit(words: readonly string[]): Promise<string> {
    const [from, to] = words.slice(-2);
    const editor = `sed -i s/${from}/${to}/`;
    return await this.kubectl(["edit", ...words.slice(0, -2)], { KUBE_EDITOR: editor });
  }

  async stop(): Promise<void> {
    await (await this.#server)?.[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

if (hasKubectl()) {
  runScripts(SCRIPTS, () => {
    const world = new World();
    return {
      commands: {
        kubectl: (words) => world.kubectl(words),
        edit: (words) => world.edit(words),
      },
      stop: () => world.stop(),
    };
  });

  test("a watch by kubectl shows what comes, changes and goes", async () => {
    const world = new World();
    try {
      const create = world.kubectl(["create", "configmap", "seen"]);
      assert.match(await create, /configmap\/seen created/);
      const get = ["get", "configmaps", "--watch", "--output-watch-events", "--request-timeout=3s"];
      const watched = world.kubectl(get);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await world.kubectl(["label", "configmap", "seen", "a=b"]);
      await world.kubectl(["delete", "configmap", "seen"]);
      const lines = (await watched)
        .split("\n")
        .map((line) => line.split(/\s+/).slice(0, 2).join(" "));
      for (const line of ["ADDED seen", "MODIFIED seen", "DELETED seen"]) {
        assert.ok(lines.includes(line), `${line} is among ${lines.join("; ")}`);
      }
    } finally {
      await world.stop();
    }
  });
} else {
  test("kubectl", { skip: "kubectl is not on the PATH" });
}
