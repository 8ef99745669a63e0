/** Which nodes a DaemonSet is for, and its pod for one of them. */
import { type Node, untolerated } from "../model/node.ts";
import type { NodeSelectorRequirement, Pod, Toleration } from "../model/pod.ts";
import { podFromTemplate } from "../model/template.ts";
import type { DaemonSet } from "../model/workload.ts";
import { matchesNodeAffinity } from "../scheduler/node-affinity.ts";

export const REVISION_HASH = "controller-revision-hash";
const GENERATION = "pod-template-generation";
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

/** Bound to its node by affinity, so that the scheduler still counts what it takes. */
export function daemonPod(daemonSet: DaemonSet, nodeName: string, hash: string): Pod {
  const pod = podFromTemplate(daemonSet, daemonSet.spec.template);
  const generation = daemonSet.metadata.annotations?.[TEMPLATE_GENERATION];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [REVISION_HASH]: hash,
    ...(generation === undefined ? {} : { [GENERATION]: generation }),
  };
  const nodeAffinity = pod.spec.affinity?.nodeAffinity;
  const onNode: NodeSelectorRequirement = {
    key: "metadata.name",
    operator: "In",
    values: [nodeName],
  };
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const nodeSelectorTerms = (terms ?? [{}]).map((term) => ({ ...term, matchFields: [onNode] }));
  pod.spec = {
    ...pod.spec,
    affinity: {
      ...pod.spec.affinity,
      nodeAffinity: {
        ...nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
      },
    },
    tolerations: withDaemonTolerations(pod),
  };
  return pod;
}

interface Placement {
  /** A pod is to be made there. */
  readonly shouldRun: boolean;
  /** A pod that is there may stay. */
  readonly shouldStay: boolean;
}

export function placementOn(daemonSet: DaemonSet, node: Node): Placement {
  const { nodeName = "" } = daemonSet.spec.template.spec;
  const pod = daemonPod(daemonSet, node.metadata.name, "");
  const isMeant = nodeName === "" || nodeName === node.metadata.name;
  if (!isMeant || !matchesNodeAffinity(pod, node)) return { shouldRun: false, shouldStay: false };
  const { tolerations } = pod.spec;
  const taints = node.spec?.taints;
  const shouldStay = untolerated(taints, tolerations, ["NoExecute"]) === undefined;
  const shouldRun = shouldStay && untolerated(taints, tolerations, ["NoSchedule"]) === undefined;
  return { shouldRun, shouldStay };
}

/** The node that a pod is on, or is bound for by its affinity. */
export function nodeOf(pod: Pod): string {
  if ((pod.spec.nodeName ?? "") !== "") return pod.spec.nodeName ?? "";
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ?.nodeSelectorTerms ?? [];
  return (
    terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === "metadata.name")
      ?.values?.[0] ?? ""
  );
}

const ALWAYS_TOLERATED: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];
const HOST_NETWORK_TOLERATED: Toleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
};

function withDaemonTolerations(pod: Pod): Toleration[] {
  const added =
    pod.spec.hostNetwork === true
      ? [...ALWAYS_TOLERATED, HOST_NETWORK_TOLERATED]
      : ALWAYS_TOLERATED;
  const given = (pod.spec.tolerations ?? []).filter(
    (own) => !added.some(({ key, effect }) => own.key === key && own.effect === effect),
  );
  return [...given, ...added];
}
