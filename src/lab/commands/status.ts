import type { Clock } from "#base";
import { type KubeObject, KubeError, RESOURCES } from "#kube";
import { CNI_BIN_FOLDER, CNI_CONF_FOLDER, onMachine } from "../node/folders.ts";
import { hasCondition } from "../objects/objects.ts";
import { addressesOfNode, apiServerUrl, networkOf } from "../state/addresses.ts";
import { knownLabs } from "../state/places.ts";
import type { NodeTrouble } from "../state/settings-types.ts";
import { askSupervisor } from "../supervisor/control.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { clientOfLab, contextName, type Lab, openLab } from "./access.ts";

export interface NodeStatus {
  readonly name: string;
  readonly address: string;
  readonly state: "ready" | "not ready" | "stopped" | "unknown";
  readonly pods: number;
  readonly readyPods: number;
  readonly trouble: NodeTrouble;
  /** The node's folders for network plugins, as folders of this machine. */
  readonly cniConfFolder: string;
  readonly cniBinFolder: string;
}

export interface LabStatus {
  readonly name: string;
  readonly isRunning: boolean;
  readonly server: string;
  readonly context: string;
  readonly kubeconfig: string | undefined;
  readonly cni: string;
  readonly isIpv6: boolean;
  readonly nodes: readonly NodeStatus[];
  readonly processes: readonly ProcessStatus[];
  readonly problems: readonly string[];
}

export function listLabs(): string[] {
  return knownLabs();
}

export async function statusOf(name: string, clock: Clock): Promise<LabStatus> {
  const lab = openLab(name);
  const { places, settings } = lab;
  const supervisor = await askSupervisor(places.controlSocket, "status");
  const problems = [...(supervisor?.problems ?? [])];
  let objects: ClusterObjects | undefined;
  if (supervisor !== undefined) {
    try {
      objects = await readObjects(lab, clock);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      problems.push(`the API server does not answer: ${error.message}`);
    }
  }
  return {
    name,
    isRunning: supervisor !== undefined,
    server: apiServerUrl(networkOf(settings, places)),
    context: contextName(name),
    kubeconfig: settings.kubeconfig?.path,
    cni: settings.cni,
    isIpv6: settings.isIpv6,
    nodes: nodeStatuses(lab, objects),
    processes: supervisor?.processes ?? [],
    problems,
  };
}

interface ClusterObjects {
  readonly nodes: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
}

async function readObjects(lab: Lab, clock: Clock): Promise<ClusterObjects> {
  using client = clientOfLab(lab, clock);
  const [nodes, pods] = await Promise.all([
    client.list(RESOURCES.Node),
    client.list(RESOURCES.Pod),
  ]);
  return { nodes: nodes.items, pods: pods.items };
}

function nodeStatuses(
  { places, settings }: Lab,
  objects: ClusterObjects | undefined,
): NodeStatus[] {
  const network = networkOf(settings, places);
  return settings.nodes.map(({ name, index, isStopped, trouble }) => {
    const node = objects?.nodes.find((each) => each.metadata.name === name);
    const pods = (objects?.pods ?? []).filter(
      (pod) => (Object(pod["spec"]) as { nodeName?: unknown }).nodeName === name,
    );
    const known =
      node === undefined ? "unknown" : hasCondition(node, "Ready") ? "ready" : "not ready";
    return {
      name,
      address: addressesOfNode(network, index)[0] ?? "",
      state: isStopped ? "stopped" : known,
      pods: pods.length,
      readyPods: pods.filter((pod) => hasCondition(pod, "Ready")).length,
      trouble,
      cniConfFolder: onMachine(places, name, CNI_CONF_FOLDER),
      cniBinFolder: onMachine(places, name, CNI_BIN_FOLDER),
    };
  });
}
