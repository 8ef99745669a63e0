/** A cluster that is there: what it is, what of it runs, and the way into its nodes. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import { KubeClient, RESOURCES } from "#kube";
import { CONTROL_PLANE } from "./control-plane.ts";
import { addImage } from "./images.ts";
import { cniBinFolder, cniConfFolder, insideNode, nodePrograms } from "./node.ts";
import { findNode, FOLDER, KUBECONFIG, type NodePlace, nodePlaces } from "./places.ts";
import {
  controlPlaneProgram,
  need,
  type Outcome,
  outcomeOf,
  pidOf,
  type Program,
} from "./processes.ts";
import { KUBE_VERSION } from "./programs.ts";
import { REGISTRY } from "./registry.ts";
import { hasCondition } from "./wait.ts";

/** Written once a cluster is whole. */
export const STATE = join(FOLDER, "cluster.json");

export interface ClusterOptions {
  readonly nodes: number;
  /** `none`: nodes are not ready until somebody puts a conflist into their folders. */
  readonly cni: "bridge" | "none";
  readonly hasProxy: boolean;
}

/** A cluster that runs. */
export interface RealCluster extends ClusterOptions {
  readonly kubeconfigPath: string;
  readonly nodePlaces: readonly { readonly name: string; readonly address: string }[];
  /** Runs a command in the node's network, mount and UTS namespaces, to its end. */
  inNode(node: string, command: readonly string[]): Promise<Outcome>;
  /** The node's /etc/cni/net.d, as this machine sees it. */
  cniConfFolder(node: string): string;
  /** The node's /opt/cni/bin. */
  cniBinFolder(node: string): string;
}

export function readState(): ClusterOptions | undefined {
  if (!existsSync(STATE)) return undefined;
  return JSON.parse(readFileSync(STATE, "utf8")) as ClusterOptions;
}

/** All programs that a cluster has, by the names that people know. */
function programsOf({ nodes, hasProxy }: ClusterOptions): Map<string, Program> {
  const programs = new Map([["registry", REGISTRY]]);
  for (const name of CONTROL_PLANE) programs.set(name, controlPlaneProgram(name));
  for (const { name: node } of nodePlaces(nodes)) {
    for (const [name, program] of nodePrograms(node, hasProxy)) {
      programs.set(`${name} of ${node}`, program);
    }
  }
  return programs;
}

/** What of a cluster should run and does not. */
export function deadPrograms(options: ClusterOptions): string[] {
  return [...programsOf(options)]
    .filter(([, program]) => pidOf(program) === undefined)
    .map(([name]) => name);
}

/** The cluster that `bringUp` has made. */
export function openRealCluster(): RealCluster {
  const state = readState();
  if (state === undefined) {
    throw new AppError("no-cluster", `There is no cluster: "npm run kube -- up" makes one.`);
  }
  const find = (node: string): NodePlace => findNode(node, state.nodes);
  return {
    ...state,
    kubeconfigPath: KUBECONFIG,
    nodePlaces: nodePlaces(state.nodes),
    inNode: (node, command) => outcomeOf(insideNode(find(node), command)),
    cniConfFolder: (node) => cniConfFolder(find(node)),
    cniBinFolder: (node) => cniBinFolder(find(node)),
  };
}

export function describe({ nodes, cni, hasProxy }: ClusterOptions): string {
  const network = cni === "none" ? "no network for pods yet" : "a plain network for pods";
  const proxy = hasProxy ? "kube-proxy" : "no kube-proxy";
  return `${nodes} ${nodes === 1 ? "node" : "nodes"}, ${network}, ${proxy}`;
}

/** Gives all nodes an image of the files in a folder; pods that start from now on get it. */
export async function provideImage(
  name: string,
  folder: string,
  command: readonly string[],
): Promise<string> {
  const { nodes } = openRealCluster();
  const reference = await addImage(name, folder, command);
  // What a node has of that name already, it would not ask for again.
  for (const place of nodePlaces(nodes)) {
    await need(insideNode(place, ["ctr", "-n", "k8s.io", "images", "rm", "--sync", reference]));
  }
  return reference;
}

interface RealStatus {
  readonly summary: string;
  readonly dead: readonly string[];
  /** By name: Ready or not, or what the API server says. */
  readonly nodes: ReadonlyMap<string, boolean>;
}

/** Undefined where there is no cluster. */
export async function statusOfCluster(): Promise<RealStatus | undefined> {
  const state = readState();
  if (state === undefined) return undefined;
  const dead = deadPrograms(state);
  const summary = `Kubernetes ${KUBE_VERSION} in ${FOLDER}, with ${describe(state)}`;
  const nodes = new Map<string, boolean>();
  if (dead.length === 0) {
    using client = await KubeClient.fromKubeconfig(KUBECONFIG);
    for (const node of (await client.list(RESOURCES.Node)).items) {
      nodes.set(node.metadata.name ?? "", hasCondition(node, "Ready"));
    }
  }
  return { summary, dead, nodes };
}
