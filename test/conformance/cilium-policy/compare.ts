/** Where the two judges differ, and the smallest cluster in which they still do. */
import type { Cluster, ClusterProbe, PolicyJson } from "./clusters.ts";
import type { CiliumAnswer, CiliumVerdict } from "./oracle.ts";
import { askProduct, type ProductAnswer, type ProductVerdict } from "./product.ts";

export interface Difference {
  readonly probe?: ClusterProbe;
  readonly cilium: unknown;
  readonly ours: unknown;
}

interface Comparison {
  readonly compared: number;
  readonly difference?: Difference;
}

type Ask = (cluster: Cluster) => Promise<CiliumAnswer>;

/** Enough for every case so far; more would only make the smallest case smaller. */
const MAX_SHRINKS = 4000;

/** Cilium tells what each direction asks for, we tell what has to happen before the flow passes. */
function authenticationOf(verdict: CiliumVerdict): string {
  const asked = Object.values(verdict.auth ?? {});
  if (asked.includes("test-always-fail")) return "test-always-fail";
  return asked.includes("spire") ? "required" : "disabled";
}

function differenceOf(
  probe: ClusterProbe,
  cilium: CiliumVerdict | undefined,
  ours: ProductVerdict | undefined,
): Difference | undefined {
  if (cilium === undefined || ours === undefined) return { probe, cilium, ours };
  const { egress, ingress, l7 } = cilium;
  const isAllowed = egress === "allowed" && ingress === "allowed";
  // What a denied flow would have needed is nobody's business.
  // Under a redirect, Cilium lends authentication by selector, which entries do not know: ours lend
  // by key, and so ask for it more often. There, it is not compared.
  const isCompared = isAllowed && !l7;
  const authentication = isCompared ? authenticationOf(cilium) : "disabled";
  const theirs: ProductVerdict = { egress, ingress, l7, authentication };
  const mine = isAllowed ? { ...ours } : { ...ours, l7: false };
  if (!isCompared) mine.authentication = "disabled";
  return JSON.stringify(theirs) === JSON.stringify(mine)
    ? undefined
    : { probe, cilium: theirs, ours: mine };
}

/** Rejecting the same objects comes first: other rules, other verdicts. */
export function compare(cluster: Cluster, cilium: CiliumAnswer): Comparison {
  if (cilium.error !== undefined) {
    return { compared: 0, difference: { cilium: cilium.error, ours: "no such error" } };
  }
  const ours: ProductAnswer = askProduct(cluster);
  const invalid = cilium.invalid
    .map((each) => `${each.kind}/${each.namespace}/${each.name}`)
    .toSorted();
  if (JSON.stringify(invalid) !== JSON.stringify(ours.invalid)) {
    return { compared: 0, difference: { cilium: cilium.invalid, ours: ours.invalid } };
  }
  let compared = 0;
  for (const [at, probe] of cluster.probes.entries()) {
    const verdict = cilium.verdicts[at];
    if (verdict?.error !== undefined) continue;
    compared += 1;
    const difference = differenceOf(probe, verdict, ours.verdicts[at]);
    if (difference !== undefined) return { compared, difference };
  }
  return { compared };
}

/** All values with one element or one optional field less, somewhere inside. */
function* smaller(value: unknown): Generator {
  if (Array.isArray(value)) {
    for (const at of value.keys()) yield value.toSpliced(at, 1);
    for (const [at, each] of value.entries()) {
      for (const less of smaller(each)) yield value.with(at, less);
    }
  } else if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value);
    for (const [key] of fields) {
      if (key === "metadata" || key === "kind" || key === "apiVersion") continue;
      yield Object.fromEntries(fields.filter(([other]) => other !== key));
    }
    for (const [key, each] of fields) {
      if (key === "metadata") continue;
      for (const less of smaller(each)) yield { ...value, [key]: less };
    }
  }
}

function* smallerClusters(cluster: Cluster, probe: ClusterProbe | undefined): Generator<Cluster> {
  const isProbed = (name: string): boolean => name === probe?.from || name === probe?.to;
  for (const pod of cluster.pods) {
    if (isProbed(`${pod.namespace}/${pod.name}`)) continue;
    yield { ...cluster, pods: cluster.pods.filter((other) => other !== pod) };
  }
  for (const policies of smaller(cluster.policies)) {
    yield { ...cluster, policies: policies as readonly PolicyJson[] };
  }
  for (const [at, pod] of cluster.pods.entries()) {
    for (const labels of smaller(pod.labels)) {
      const less = { ...pod, labels: labels as Readonly<Record<string, string>> };
      yield { ...cluster, pods: cluster.pods.with(at, less) };
    }
    if (pod.ports.length > 0) {
      yield { ...cluster, pods: cluster.pods.with(at, { ...pod, ports: [] }) };
    }
  }
}

/** A difference of the same sort: a verdict that differs, or an object that only one rejects. */
async function stillDiffers(cluster: Cluster, ask: Ask, isProbe: boolean): Promise<boolean> {
  try {
    const { difference } = compare(cluster, await ask(cluster));
    return difference !== undefined && (difference.probe !== undefined) === isProbe;
  } catch {
    return false;
  }
}

export async function shrink(
  cluster: Cluster,
  difference: Difference,
  ask: Ask,
): Promise<{ cluster: Cluster; difference: Difference }> {
  const { probe } = difference;
  let smallest: Cluster = { ...cluster, probes: probe === undefined ? [] : [probe] };
  let tries = 0;
  for (let isSmaller = true; isSmaller && tries < MAX_SHRINKS; ) {
    isSmaller = false;
    for (const candidate of smallerClusters(smallest, probe)) {
      tries += 1;
      if (!(await stillDiffers(candidate, ask, probe !== undefined))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  const again = compare(smallest, await ask(smallest));
  return { cluster: smallest, difference: again.difference ?? difference };
}
