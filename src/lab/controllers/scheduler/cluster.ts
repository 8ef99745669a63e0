/** Nodes with the pods that are on them, as the filters see them. */
import { type ApiObject, compareText, keyOf } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import { isFinished, type Pod } from "../model/pod.ts";

export interface NodeFacts {
  readonly node: Node;
  /** Those that hold something there: finished ones do not. */
  readonly pods: readonly Pod[];
}

export interface Cluster {
  readonly nodes: readonly NodeFacts[];
  /** Labels of namespaces, for namespace selectors. */
  readonly namespaces: ReadonlyMap<string, ApiObject>;
  /** By namespace and name. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** Pods that wait for a node that others were made to leave for them. */
  readonly nominated: readonly Pod[];
}

/** A PersistentVolumeClaim. */
export interface Claim extends ApiObject {
  status?: { phase?: string };
}

/** Why a pod cannot be on a node. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** Whether it could, if pods went away. */
  readonly isResolvable: boolean;
}

/** What each node that will not do has against the pod. */
export type Refused = ReadonlyMap<NodeFacts, Refusal>;

export type Filter = (pod: Pod, facts: NodeFacts, cluster: Cluster) => Refusal | undefined;

interface Objects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly namespaces?: readonly ApiObject[];
  readonly claims?: readonly Claim[];
}

export function clusterOf({ nodes, pods, namespaces = [], claims = [] }: Objects): Cluster {
  const byNode = new Map<string, Pod[]>();
  const nominated: Pod[] = [];
  for (const pod of pods) {
    if (isFinished(pod)) continue;
    const name = pod.spec.nodeName ?? "";
    if (name === "") {
      if ((pod.status?.nominatedNodeName ?? "") !== "") nominated.push(pod);
      continue;
    }
    const list = byNode.get(name);
    if (list === undefined) byNode.set(name, [pod]);
    else list.push(pod);
  }
  return {
    nodes: nodes.map((node) => ({ node, pods: byNode.get(node.metadata.name) ?? [] })),
    namespaces: new Map(namespaces.map((each) => [each.metadata.name, each])),
    claims: new Map(claims.map((each) => [keyOf(each), each])),
    nominated,
  };
}

/** A node with other pods on it, in the cluster as it would then be. */
export function withPods(
  cluster: Cluster,
  { node }: NodeFacts,
  pods: readonly Pod[],
): { facts: NodeFacts; cluster: Cluster } {
  const facts = { node, pods };
  const nodes = cluster.nodes.map((each) => (each.node === node ? facts : each));
  return { facts, cluster: { ...cluster, nodes } };
}

export function priorityOf({ spec }: Pod): number {
  return spec.priority ?? 0;
}

export function unresolvable(...reasons: string[]): Refusal {
  return { reasons, isResolvable: false };
}

export function resolvable(...reasons: string[]): Refusal {
  return { reasons, isResolvable: true };
}

/** As the scheduler counts reasons, and preemption those that remain. */
export function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted(compareText)
    .join(", ");
}
