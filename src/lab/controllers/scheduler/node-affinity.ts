/** Node selectors and node affinity, also DaemonSets'. */
import { matchesNodeTerm } from "#kube/types";
import type { Node } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { matchesLabels } from "../model/selector.ts";

export function matchesNodeAffinity(pod: Pod, node: Node): boolean {
  if (!matchesLabels(pod.spec.nodeSelector, node.metadata.labels)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some((term) => matchesNodeTerm(term, node.metadata));
}

export function preferredWeight(pod: Pod, node: Node): number {
  const preferred =
    pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return preferred
    .filter(({ preference }) => matchesNodeTerm(preference, node.metadata))
    .reduce((total, { weight }) => total + weight, 0);
}

/** The nodes that every term of its affinity names; undefined where one leaves it open. */
export function namedNodes(pod: Pod): ReadonlySet<string> | undefined {
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const lists = matchFields
      .filter(({ key, operator }) => key === "metadata.name" && operator === "In")
      .map(({ values = [] }) => values);
    const [first, ...others] = lists;
    if (first === undefined) return undefined;
    for (const name of first) if (others.every((list) => list.includes(name))) names.add(name);
  }
  return names;
}
