import { type Label, Labels, parseLabel, SOURCE } from "./labels.ts";
import { KEY } from "./pod-labels.ts";
import type { ReservedIdentity } from "./reserved.ts";

interface WellKnown {
  readonly id: number;
  /** The same with the namespace's own name among its labels. */
  readonly idWithNamespaceName: number;
  readonly serviceAccount: string;
  readonly labels: readonly string[];
  /** Undefined: the namespace of the operator. */
  readonly namespace: string | undefined;
}

const NAMESPACE_NAME_KEY = `${KEY.namespaceLabels}kubernetes.io/metadata.name`;

const WELL_KNOWN: readonly WellKnown[] = [
  {
    id: 102,
    idWithNamespaceName: 110,
    serviceAccount: "kube-dns",
    labels: ["k8s:k8s-app=kube-dns"],
    namespace: "kube-system",
  },
  {
    id: 103,
    idWithNamespaceName: 111,
    serviceAccount: "kube-dns",
    labels: ["k8s:k8s-app=kube-dns", "k8s:eks.amazonaws.com/component=kube-dns"],
    namespace: "kube-system",
  },
  {
    id: 104,
    idWithNamespaceName: 112,
    serviceAccount: "coredns",
    labels: ["k8s:k8s-app=kube-dns"],
    namespace: "kube-system",
  },
  {
    id: 105,
    idWithNamespaceName: 113,
    serviceAccount: "cilium-operator",
    labels: [
      "k8s:name=cilium-operator",
      "k8s:io.cilium/app=operator",
      "k8s:app.kubernetes.io/part-of=cilium",
      "k8s:app.kubernetes.io/name=cilium-operator",
    ],
    namespace: undefined,
  },
  {
    id: 106,
    idWithNamespaceName: 114,
    serviceAccount: "coredns",
    labels: ["k8s:k8s-app=kube-dns", "k8s:eks.amazonaws.com/component=coredns"],
    namespace: "kube-system",
  },
];

/** Identities of pods that every cluster has, which need no number of the cluster's. */
export function wellKnownIdentities(options: {
  cluster: string;
  operatorNamespace: string;
}): ReservedIdentity[] {
  return WELL_KNOWN.flatMap((known) => {
    const namespace = known.namespace ?? options.operatorNamespace;
    const labels = Labels.of([
      ...known.labels.map(parseLabel),
      kubernetesLabel(KEY.namespace, namespace),
      kubernetesLabel(KEY.serviceAccount, known.serviceAccount),
      kubernetesLabel(KEY.cluster, options.cluster),
    ]);
    const withName = labels.withLabels([kubernetesLabel(NAMESPACE_NAME_KEY, namespace)]);
    return [
      { id: known.id, labels },
      { id: known.idWithNamespaceName, labels: withName },
    ];
  });
}

function kubernetesLabel(key: string, value: string): Label {
  return { source: SOURCE.kubernetes, key, value };
}
