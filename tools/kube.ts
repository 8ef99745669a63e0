// npm run kube: a real Kubernetes on this machine, to hold the lab against.
import { spawnSync } from "node:child_process";
import { AppError, quote } from "#base";
import { bringUp, bringUpDns, tearDown } from "../test/kube/cluster.ts";
import { insideNode } from "../test/kube/node.ts";
import { findNode, KUBECONFIG, MAX_NODES } from "../test/kube/places.ts";
import { findOnPath, KUBECTL, programFolder } from "../test/kube/programs.ts";
import {
  type ClusterOptions,
  openRealCluster,
  provideImage,
  statusOfCluster,
} from "../test/kube/running.ts";
import { noWords, runCommand, usageError, wholeNumber } from "./lib/command.ts";
import { fromRoot, root } from "./lib/files.ts";
import { resolve } from "node:path";

const help = `
Usage: npm run kube -- up [NODES] [--cni bridge|none] [--no-proxy]
       npm run kube -- status | dns | kubeconfig | env | down
       npm run kube -- image NAME FOLDER COMMAND...
       npm run kube -- exec NODE COMMAND...

A real Kubernetes on this machine, with neither Docker nor a registry: etcd, kube-apiserver,
controller manager and scheduler, and nodes of namespaces with containerd and kubelet. IPv4 only.
Needs root; compiles Kubernetes by Go the first time, which takes ten minutes.

  up           makes a cluster of NODES nodes (2, at most ${MAX_NODES}) and waits until it can be used
  status       what runs of it, and which nodes are ready
  image        makes an image of the files in FOLDER, which runs COMMAND; all nodes can pull it
  dns          waits for the cluster's DNS, which "up" leaves pending where pods have no network yet
  exec         runs a command in a node's network and mount namespaces
  kubeconfig   prints where the kubeconfig is
  env          prints what a shell needs for kubectl: eval "$(npm run --silent kube -- env)"
  down         takes everything away, also what a crash has left

  --cni none   nodes wait for a network plugin: their /etc/cni/net.d is empty
  --no-proxy   no kube-proxy: services are somebody else's to do
`;

const DEFAULT_NODES = "2";

type Values = { readonly cni: string; readonly "no-proxy": boolean };

function say(line: string): void {
  console.log(line);
}

function upOptions(values: Values, [nodes = DEFAULT_NODES, ...more]: string[]): ClusterOptions {
  noWords(more);
  const count = wholeNumber("NODES", nodes, 1);
  if (count > MAX_NODES) throw usageError(`NODES is ${MAX_NODES} at most, not ${count}`);
  const { cni } = values;
  if (cni !== "bridge" && cni !== "none") {
    throw usageError(`--cni is bridge or none, not ${quote(cni)}`);
  }
  return { nodes: count, cni, hasProxy: !values["no-proxy"] };
}

async function up(options: ClusterOptions): Promise<number> {
  await bringUp(options, { report: say });
  say(`  eval "$(npm run --silent kube -- env)"   then: kubectl get pods -A`);
  return 0;
}

async function status(): Promise<number> {
  const found = await statusOfCluster();
  if (found === undefined) {
    say(`There is no cluster: "npm run kube -- up" makes one.`);
    return 1;
  }
  say(found.summary);
  for (const name of found.dead) say(`  ${name} does not run`);
  for (const [name, isReady] of found.nodes) say(`  ${name} is ${isReady ? "ready" : "not ready"}`);
  if (found.dead.length > 0) say(`"npm run kube -- up" makes the cluster anew.`);
  return found.dead.length > 0 ? 1 : 0;
}

/** For a shell to evaluate. */
function printEnv(): number {
  openRealCluster();
  say(`export KUBECONFIG=${KUBECONFIG}`);
  if (findOnPath(KUBECTL) === undefined) say(`export PATH="$PATH:${programFolder()}"`);
  return 0;
}

async function image([name, folder, ...command]: readonly string[]): Promise<number> {
  if (name === undefined || folder === undefined || command.length === 0) {
    throw usageError("image takes a name, a folder and a command");
  }
  const reference = await provideImage(name, resolve(root, fromRoot(folder)), command);
  say(`${reference} can be pulled by all nodes`);
  return 0;
}

function exec([name, ...command]: readonly string[]): number {
  if (name === undefined || command.length === 0) {
    throw usageError("exec takes a node and a command");
  }
  const place = findNode(name, openRealCluster().nodes);
  const [program = "", ...args] = insideNode(place, command);
  const { status: code, error } = spawnSync(program, args, { stdio: "inherit" });
  if (error !== undefined) throw AppError.wrap(`running ${command[0]} in ${name}`, error);
  return code ?? 128;
}

async function runOther(name: string, words: readonly string[]): Promise<number> {
  noWords(words);
  if (name === "status") return status();
  if (name === "env") return printEnv();
  if (name === "kubeconfig") say(openRealCluster().kubeconfigPath);
  else if (name === "dns") await bringUpDns();
  else if (name === "down")
    say((await tearDown()) ? "The cluster is taken away" : "There was none");
  else throw usageError(`${quote(name)} is no command`);
  return 0;
}

// What stands behind these is for another program, dashes and all.
const TAKES_WORDS = ["exec", "image"];
const isForOther = TAKES_WORDS.includes(process.argv[2] ?? "") && process.argv.length > 4;
const rest = isForOther ? process.argv.splice(4) : [];

const options = {
  cni: { type: "string", default: "bridge" },
  "no-proxy": { type: "boolean", default: false },
} as const;
await runCommand({ help, options }, async (values, [name, ...given]) => {
  const words = [...given, ...rest];
  if (name === undefined) throw usageError("say what to do");
  if (name === "up") return up(upOptions(values, words));
  if (values.cni !== "bridge" || values["no-proxy"]) throw usageError("only up takes options");
  if (name === "image") return image(words);
  return name === "exec" ? exec(words) : runOther(name, words);
});
