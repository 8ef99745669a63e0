/** Label selectors, read as they are written. */
import { CLUSTER_NAME, type SourcedLabel } from "./party.ts";
import type { RawSelector } from "./raw.ts";

const NAMESPACE = "io.kubernetes.pod.namespace";
const NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels";
const CLUSTER = "io.cilium.k8s.policy.cluster";

export interface Demand {
  readonly source: string;
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function demand(text: string, operator: string, values: readonly string[]): Demand {
  const colon = text.indexOf(":");
  if (colon > 0)
    return { source: text.slice(0, colon), key: text.slice(colon + 1), operator, values };
  if (text.startsWith("$")) return { source: "reserved", key: text.slice(1), operator, values };
  return { source: "any", key: text, operator, values };
}

export function demandsOf(selector: RawSelector): Demand[] {
  return [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => demand(key, "In", [value])),
    ...(selector.matchExpressions ?? []).map((each) =>
      demand(each.key, each.operator, each.values ?? []),
    ),
  ];
}

/** A selector of plain labels, whose keys have no sources. */
export function matchesPlain(
  selector: RawSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const list = Object.entries(labels).map(([key, value]) => ({ source: "k8s", key, value }));
  const demands = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
      source: "k8s",
      key,
      operator: "In",
      values: [value],
    })),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({
      source: "k8s",
      key,
      operator,
      values,
    })),
  ];
  return meets(list, demands);
}

export function meets(labels: readonly SourcedLabel[], demands: readonly Demand[]): boolean {
  return demands.every((each) => meetsOne(labels, each));
}

function meetsOne(labels: readonly SourcedLabel[], wanted: Demand): boolean {
  const values = labels
    .filter((label) => label.key === wanted.key)
    .filter((label) => wanted.source === "any" || wanted.source === label.source)
    .map((label) => label.value);
  const isThere = values.length > 0;
  const isListed = values.some((value) => wanted.values.includes(value));
  switch (wanted.operator) {
    case "In":
      return isListed;
    case "NotIn":
      return !isListed;
    case "Exists":
      return isThere;
    case "DoesNotExist":
      return !isThere;
    default:
      throw new Error(`no operator ${wanted.operator}`);
  }
}

/** endpointSelector, with what a namespaced policy adds to it. */
export function subjectDemands(selector: RawSelector, namespace: string | undefined): Demand[] {
  if (namespace === undefined) return demandsOf(selector);
  const { [`k8s:${NAMESPACE}`]: _overwritten, ...matchLabels } = selector.matchLabels ?? {};
  return [
    ...demandsOf({ ...selector, matchLabels }),
    { source: "k8s", key: NAMESPACE, operator: "In", values: [namespace] },
  ];
}

function asksFor(demands: readonly Demand[], key: string): boolean {
  return demands.some((each) => ["k8s", "any"].includes(each.source) && each.key === key);
}

/** fromEndpoints and toEndpoints: where nothing is said of namespace and cluster, it is implied. */
export function peerDemands(
  selector: RawSelector,
  namespace: string | undefined,
  isSubjectInit: boolean,
): Demand[] {
  const demands = demandsOf(selector);
  if (demands.some((each) => each.source === "reserved")) return demands;
  const implied: Demand[] = [];
  if (!asksFor(demands, NAMESPACE)) {
    const hasNamespaceLabels = demands.some(
      (each) => ["k8s", "any"].includes(each.source) && each.key.startsWith(NAMESPACE_LABELS),
    );
    if (namespace === undefined && !isSubjectInit) {
      implied.push({ source: "k8s", key: NAMESPACE, operator: "Exists", values: [] });
    } else if (namespace !== undefined && !hasNamespaceLabels) {
      implied.push({ source: "k8s", key: NAMESPACE, operator: "In", values: [namespace] });
    }
  }
  if (!asksFor(demands, CLUSTER)) {
    implied.push({ source: "k8s", key: CLUSTER, operator: "In", values: [CLUSTER_NAME] });
  }
  return [...demands, ...implied];
}
