/** The same questions to this project: a cluster's objects, and a model of them. */
import { type KnownObject, parseObject } from "#kube/types";
import { ClusterModel } from "#policy";
import type { Cluster } from "./clusters.ts";

export interface ProductVerdict {
  readonly egress: "allowed" | "denied";
  readonly ingress: "allowed" | "denied";
  readonly l7: boolean;
  readonly authentication: string;
}

export interface ProductAnswer {
  /** `Kind/namespace/name`, sorted. */
  readonly invalid: readonly string[];
  readonly verdicts: readonly ProductVerdict[];
}

const POD_NETWORK = "10.244.0.";

function podObjects(cluster: Cluster): object[] {
  return cluster.pods.map((pod, at) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: pod.name, namespace: pod.namespace, labels: pod.labels },
    spec: {
      serviceAccountName: pod.serviceAccount,
      nodeName: "node-1",
      containers: [
        {
          name: "main",
          image: "none",
          ports: pod.ports.map(({ name, port, protocol }) => ({
            name,
            containerPort: port,
            protocol,
          })),
        },
      ],
    },
    status: { podIP: `${POD_NETWORK}${at + 1}` },
  }));
}

function namespaceObjects(cluster: Cluster): object[] {
  return cluster.namespaces.map(({ name, labels }) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...labels, "kubernetes.io/metadata.name": name } },
  }));
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

function objectsOf(cluster: Cluster): object[] {
  return [...namespaceObjects(cluster), ...podObjects(cluster), ...cluster.policies];
}

export function askProduct(cluster: Cluster): ProductAnswer {
  const invalid: string[] = [];
  const objects: KnownObject[] = [];
  for (const each of objectsOf(cluster)) {
    const { object, findings } = parseObject(each);
    const isBad = findings.some((finding) => finding.severity === "error");
    if (object !== undefined && !isBad) {
      objects.push(object);
      continue;
    }
    const { kind, metadata } = each as Named;
    invalid.push(`${kind}/${metadata.namespace ?? ""}/${metadata.name}`);
  }
  const model = ClusterModel.of(objects);
  for (const { ref, findings } of model.policies) {
    if (!findings.some((finding) => finding.severity === "error")) continue;
    invalid.push(`${ref.kind}/${ref.namespace}/${ref.name}`);
  }
  const verdicts = cluster.probes.map((probe) => {
    const { egress, ingress, l7, authentication } = model.verdict(probe);
    return { egress, ingress, l7: l7 ?? false, authentication: authentication ?? "disabled" };
  });
  return { invalid: invalid.toSorted(), verdicts };
}
