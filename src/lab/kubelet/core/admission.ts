/** Which pods a kubelet does not take, whoever has bound them to its node. */
import { matchesNodeTerm, milliOf, sharesHostPort } from "#kube/types";
import type { NodeSelectorTerm, Pod } from "./pod.ts";
import { podResources } from "./resources.ts";

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

interface NodeView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: Readonly<Record<string, string>>;
}

const MILLI = 1_000;
const RESOURCES = ["cpu", "memory", "ephemeral-storage"];

/** `others` are the pods that the node has already, and that have not come to their end. */
export function rejectionOf(
  pod: Pod,
  others: readonly Pod[],
  node: NodeView,
): Rejection | undefined {
  return (
    lacking(pod, others, node) ?? (fitsNode(pod, node) ? undefined : UNFIT) ?? taken(pod, others)
  );
}

/** Whether anybody needs to know the node's labels for it. */
export function hasNodeWishes({ spec }: Pod): boolean {
  return Object.keys(spec.nodeSelector ?? {}).length > 0 || termsOf(spec.affinity) !== undefined;
}

const UNFIT: Rejection = predicate(
  "NodeAffinity",
  "node(s) didn't match Pod's node affinity/selector",
);
const TAKEN: Rejection = predicate(
  "NodePorts",
  "node(s) didn't have free ports for the requested pod ports",
);

function predicate(reason: string, why: string): Rejection {
  return { reason, message: `Predicate ${reason} failed: ${why}` };
}

function lacking(pod: Pod, others: readonly Pod[], { capacity }: NodeView): Rejection | undefined {
  const short = (name: string, requested: number, used: number, has: number): Rejection => ({
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${has}`,
  });
  const most = Number(capacity["pods"] ?? Infinity);
  if (others.length + 1 > most) return short("pods", 1, others.length, most);
  for (const name of RESOURCES) {
    const requested = requestOf(pod, name);
    const used = others.reduce((sum, other) => sum + requestOf(other, name), 0);
    const has = amountOf(name, capacity[name] ?? "0");
    if (requested > 0 && used + requested > has) return short(name, requested, used, has);
  }
  return undefined;
}

function requestOf(pod: Pod, name: string): number {
  return amountOf(name, podResources(pod).allocatedResources?.[name] ?? "0");
}

/** Processors are counted in thousandths, the rest in whole units. */
function amountOf(name: string, text: string): number {
  const milli = milliOf(text) ?? 0;
  return name === "cpu" ? milli : Math.ceil(milli / MILLI);
}

function fitsNode({ spec }: Pod, node: NodeView): boolean {
  const wanted = Object.entries(spec.nodeSelector ?? {});
  if (wanted.some(([key, value]) => node.labels[key] !== value)) return false;
  const terms = termsOf(spec.affinity);
  return terms === undefined || terms.some((term) => matchesNodeTerm(term, node));
}

function termsOf(affinity: Pod["spec"]["affinity"]): readonly NodeSelectorTerm[] | undefined {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

function taken({ spec }: Pod, others: readonly Pod[]): Rejection | undefined {
  return sharesHostPort(spec, others) ? TAKEN : undefined;
}
