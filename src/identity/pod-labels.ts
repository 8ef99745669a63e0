import { Labels, type Label, SOURCE } from "./labels.ts";

/** Keys that pods get from what they run in. */
export const KEY = {
  namespace: "io.kubernetes.pod.namespace",
  /** Before the key of each label of the namespace. */
  namespaceLabels: "io.cilium.k8s.namespace.labels.",
  cluster: "io.cilium.k8s.policy.cluster",
  serviceAccount: "io.cilium.k8s.policy.serviceaccount",
} as const;

/** Keys that only we set; pods that claim them are not believed. */
const OWN_PREFIX = "io.cilium.k8s";

export interface PodLabelSource {
  /** The pod's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** Undefined or empty: none. */
  readonly serviceAccount?: string | undefined;
  readonly cluster: string;
}

/** All labels that a pod has for policies, before the filter chooses those of its identity. */
export function podLabels(pod: PodLabelSource): Labels {
  const labels: Label[] = [];
  const add = (key: string, value: string): void => {
    labels.push({ source: SOURCE.kubernetes, key, value });
  };
  for (const [key, value] of Object.entries(pod.labels)) {
    if (!key.startsWith(OWN_PREFIX)) add(key, value);
  }
  for (const [key, value] of Object.entries(pod.namespaceLabels)) {
    add(`${KEY.namespaceLabels}${key}`, value);
  }
  // Last, so that no label of the pod's stands in its place.
  add(KEY.namespace, pod.namespace);
  add(KEY.cluster, pod.cluster);
  if (pod.serviceAccount) add(KEY.serviceAccount, pod.serviceAccount);
  return Labels.of(labels);
}
