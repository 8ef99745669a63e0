/** Nodes with the pods that are on them, as the filters see them. */
import type { ApiObject } from "../model/object.ts";
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
}

/** Why a pod cannot be on a node. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** Whether it could, if pods went away. */
  readonly isResolvable: boolean;
}

export type Filter = (pod: Pod, facts: NodeFacts, cluster: Cluster) => Refusal | undefined;

export function clusterOf(
  nodes: readonly Node[],
  pods: readonly Pod[],
  namespaces: readonly ApiObject[],
): Cluster {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = pod.spec.nodeName ?? "";
    if (name === "" || isFinished(pod)) continue;
    const list = byNode.get(name);
    if (list === undefined) byNode.set(name, [pod]);
    else list.push(pod);
  }
  return {
    nodes: nodes.map((node) => ({ node, pods: byNode.get(node.metadata.name) ?? [] })),
    namespaces: new Map(namespaces.map((each) => [each.metadata.name, each])),
  };
}

export function unresolvable(...reasons: string[]): Refusal {
  return { reasons, isResolvable: false };
}

export function resolvable(...reasons: string[]): Refusal {
  return { reasons, isResolvable: true };
}
