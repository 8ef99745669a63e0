/** The contract against a lab: a new one, or the one that CILIATE_CONTRACT_LAB names. */
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { KubeClient } from "#kube";
import { attributed } from "#test";
import type { Cluster, Outcome } from "./cluster.ts";
import { defineContract } from "./suite.ts";

const PROGRAM = fileURLToPath(new URL("../../../src/cli/cilium.ts", import.meta.url));
const UP_TIMEOUT_MS = 90_000;
const NODES = ["node1", "node2"];

/** A folder of a node's own, as this machine has it. */
function onNodesDisk(lab: string, node: string, folder: string): string {
  return join("/var/lib/ciliate/lab", lab, "nodes", node, folder);
}

function run(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  const options = { env: { ...process.env, ...env }, timeout: UP_TIMEOUT_MS };
  const command = ["--import", "tsx", PROGRAM, "lab", ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

async function must(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { status, stdout, stderr } = await run(words, env);
  if (status !== 0) throw new Error(`cilium lab ${words.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

class LabUnderTest implements AsyncDisposable {
  static async open(): Promise<LabUnderTest> {
    const given = process.env["CILIATE_CONTRACT_LAB"];
    const name = given ?? `contract-${process.pid}`;
    const folder = mkdtempSync(join(tmpdir(), "ciliate-contract-"));
    const kubeconfig = join(folder, "kubeconfig");
    const up = ["up", "--name", name, "--nodes", String(NODES.length), "--no-demo"];
    await must(up, { KUBECONFIG: kubeconfig });
    const client = await KubeClient.fromKubeconfig(kubeconfig);
    return new LabUnderTest(name, { isOurs: given === undefined, folder, client });
  }

  readonly cluster: Cluster;
  readonly #name: string;
  readonly #isOurs: boolean;
  readonly #folder: string;

  private constructor(
    name: string,
    { isOurs, folder, client }: { isOurs: boolean; folder: string; client: KubeClient },
  ) {
    this.#name = name;
    this.#isOurs = isOurs;
    this.#folder = folder;
    this.cluster = {
      client,
      kubeconfig: join(folder, "kubeconfig"),
      nodes: NODES,
      inNode: (node, command) => run(["node", "exec", "--name", name, node, "--", ...command], {}),
      cniConfigFolder: (node) => onNodesDisk(name, node, "etc/cni/net.d"),
      cniProgramFolder: (node) => onNodesDisk(name, node, "opt/cni/bin"),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cluster.client[Symbol.dispose]();
    const env = { KUBECONFIG: this.cluster.kubeconfig };
    if (this.#isOurs) await must(["down", "--name", this.#name], env);
    rmSync(this.#folder, { recursive: true });
  }
}

describe(attributed("a lab keeps the contract"), () => {
  let lab: LabUnderTest | undefined;
  before(
    async () => {
      lab = await LabUnderTest.open();
    },
    { timeout: UP_TIMEOUT_MS },
  );
  after(async () => lab?.[Symbol.asyncDispose](), { timeout: UP_TIMEOUT_MS });
  defineContract(() => {
    if (lab === undefined) throw new Error("the lab is not up");
    return lab.cluster;
  });
});
