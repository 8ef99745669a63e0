/** Who may stand at either end of a flow, with all that a rule can ask of them. */
import { isInside } from "./address.ts";
import { isPod, namespaceOf, podName, type RawObject, type RawPod } from "./raw.ts";

export const CLUSTER_NAME = "default";

export interface SourcedLabel {
  readonly source: string;
  readonly key: string;
  readonly value: string;
}

export interface Party {
  readonly labels: readonly SourcedLabel[];
  readonly pod?: RawPod;
  readonly address?: string;
  /** Neither pod nor node: whom toCIDR may speak of. */
  readonly isOutside: boolean;
  /** A name that the other side has resolved. */
  readonly dnsName?: string;
}

const INCLUDED = [
  /^reserved:.*/,
  /^io\.kubernetes\.pod\.namespace/,
  /^io\.cilium\.k8s\.namespace\.labels/,
  /^app\.kubernetes\.io/,
  /^io\.cilium\.k8s\.policy\.cluster/,
  /^io\.cilium\.k8s\.policy\.serviceaccount/,
];

const EXCLUDED = [
  /^io\.kubernetes/,
  /^kubernetes\.io/,
  /^statefulset\.kubernetes\.io\/pod-name/,
  /^apps\.kubernetes\.io\/pod-index/,
  /^batch\.kubernetes\.io\/job-completion-index/,
  /^batch\.kubernetes\.io\/controller-uid/,
  /^.*beta\.kubernetes\.io/,
  /^k8s\.io/,
  /^pod-template-generation/,
  /^pod-template-hash/,
  /^controller-revision-hash/,
  /^controller-uid/,
  /^annotation.*/,
  /^etcd_node/,
  /^topology\.kubernetes\.io/,
];

function matchLengths(key: string, patterns: readonly RegExp[]): number[] {
  return patterns.flatMap((pattern) => pattern.exec(key)?.[0].length ?? []);
}

function isIdentityLabel(key: string): boolean {
  const excluded = matchLengths(key, EXCLUDED);
  if (excluded.length === 0) return true;
  return Math.max(-1, ...matchLengths(key, INCLUDED)) > Math.min(...excluded);
}

/** The API server gives each namespace its own name as a label. */
export function namespaceLabels(
  objects: readonly RawObject[],
  namespace: string,
): Record<string, string> {
  const object = objects.find(
    (other) => other.kind === "Namespace" && other.metadata.name === namespace,
  );
  return { "kubernetes.io/metadata.name": namespace, ...object?.metadata.labels };
}

export function podParty(objects: readonly RawObject[], pod: RawPod): Party {
  const namespace = namespaceOf(pod);
  const all: Record<string, string> = {};
  for (const [key, value] of Object.entries(pod.metadata.labels ?? {})) {
    if (!key.startsWith("io.cilium.k8s")) all[key] = value;
  }
  for (const [key, value] of Object.entries(namespaceLabels(objects, namespace))) {
    all[`io.cilium.k8s.namespace.labels.${key}`] = value;
  }
  all["io.kubernetes.pod.namespace"] = namespace;
  all["io.cilium.k8s.policy.cluster"] = CLUSTER_NAME;
  all["io.cilium.k8s.policy.serviceaccount"] = pod.spec?.serviceAccountName ?? "default";
  const labels = Object.entries(all)
    .filter(([key]) => isIdentityLabel(key))
    .map(([key, value]) => ({ source: "k8s", key, value }));
  const address = pod.status?.podIP;
  return { labels, pod, isOutside: false, ...(address === undefined ? {} : { address }) };
}

function reserved(...keys: string[]): SourcedLabel[] {
  return keys.map((key) => ({ source: "reserved", key, value: "" }));
}

const ENTITY_LABELS: Readonly<Record<string, readonly SourcedLabel[]>> = {
  host: reserved("host"),
  world: reserved("world"),
  unmanaged: reserved("unmanaged"),
  health: reserved("health"),
  init: reserved("init"),
  "remote-node": reserved("remote-node"),
  "kube-apiserver": reserved("kube-apiserver", "remote-node"),
  ingress: reserved("ingress"),
};

/** Of `namespace/pod`, an address, an entity's name or a DNS name. */
export function partyOf(objects: readonly RawObject[], text: string): Party {
  const pods = objects.filter(isPod);
  const pod = pods.find((each) => podName(each) === text || each.status?.podIP === text);
  if (pod !== undefined) return podParty(objects, pod);
  const entity = ENTITY_LABELS[text];
  // No address in particular: one that only the widest prefix holds.
  if (text === "world") return { labels: reserved("world"), address: "0.0.0.0", isOutside: true };
  if (entity !== undefined) return { labels: entity, isOutside: false };
  if (/^[\d.]+$/.test(text)) {
    const labels = [...reserved("world"), ...groupLabels(objects, text)];
    return { labels, address: text, isOutside: true };
  }
  if (text.includes("/")) throw new Error(`no pod ${text} among the objects`);
  return { labels: reserved("world"), address: "0.0.0.0", isOutside: true, dnsName: text };
}

/** The labels of a CIDR group are those of its addresses; the world's own are fixed. */
function groupLabels(objects: readonly RawObject[], address: string): SourcedLabel[] {
  return objects
    .filter((object) => object.kind === "CiliumCIDRGroup")
    .filter((group) => {
      const { externalCIDRs = [] } = group.spec as { externalCIDRs?: string[] };
      return externalCIDRs.some((prefix) => !prefix.endsWith("/0") && isInside(address, prefix));
    })
    .flatMap((group) => [
      {
        source: "cidrgroup",
        key: `io.cilium.policy.cidrgroupname/${group.metadata.name}`,
        value: "",
      },
      ...Object.entries(group.metadata.labels ?? {}).map(([key, value]) => ({
        source: "cidrgroup",
        key,
        value,
      })),
    ]);
}

export function namedPort(pod: RawPod, name: string, protocol: string): number | undefined {
  for (const container of pod.spec?.containers ?? []) {
    for (const port of container.ports ?? []) {
      const isIt = port.name?.toLowerCase() === name.toLowerCase();
      if (isIt && (port.protocol ?? "TCP") === protocol) return port.containerPort;
    }
  }
  return undefined;
}
