/** Requests against what a node can give, host ports, and the number of pods. */
import { milliOf, sharesHostPort } from "#kube/types";
import type { Container, Pod } from "../model/pod.ts";
import { type Filter, type NodeFacts, resolvable, unresolvable } from "./cluster.ts";

type Amounts = Record<string, number>;

const MILLI = 1_000;
const DEFAULT_MAX_PODS = 110;

export const filterResources: Filter = (pod, facts) => {
  const requested = requestOf(pod);
  const free = freeOf(facts);
  const reasons: string[] = [];
  if (facts.pods.length + 1 > maxPods(facts)) reasons.push("Too many pods");
  let isResolvable = true;
  for (const [name, amount] of Object.entries(requested)) {
    if (amount === 0 || amount <= (free.left[name] ?? 0)) continue;
    reasons.push(`Insufficient ${name}`);
    if (amount > (free.whole[name] ?? 0)) isResolvable = false;
  }
  if (reasons.length === 0) return undefined;
  return isResolvable ? resolvable(...reasons) : unresolvable(...reasons);
};

export const filterPorts: Filter = ({ spec }, { pods }) =>
  sharesHostPort(spec, pods)
    ? resolvable("node(s) didn't have free ports for the requested pod ports")
    : undefined;

/** How full the node would be, from 0 to 1, by the fuller of processor and memory. */
export function fullness(pod: Pod, facts: NodeFacts): number {
  const { whole, left } = freeOf(facts);
  const requested = requestOf(pod);
  const parts = ["cpu", "memory"].map((name) => {
    const total = whole[name] ?? 0;
    return total === 0 ? 0 : 1 - ((left[name] ?? 0) - (requested[name] ?? 0)) / total;
  });
  return Math.max(...parts);
}

/** Containers run together, init containers one after the other before them, sidecars all along. */
function requestOf(pod: Pod): Amounts {
  let together: Amounts = {};
  for (const each of pod.spec.containers ?? []) together = plus(together, amounts(each));
  let sidecars: Amounts = {};
  let highest: Amounts = {};
  for (const each of pod.spec.initContainers ?? []) {
    if (each.restartPolicy === "Always") sidecars = plus(sidecars, amounts(each));
    else highest = most(highest, plus(sidecars, amounts(each)));
  }
  const overhead = parsed(pod.spec.overhead);
  return plus(most(plus(together, sidecars), most(highest, sidecars)), overhead);
}

function freeOf(facts: NodeFacts): { whole: Amounts; left: Amounts } {
  const whole = parsed(facts.node.status?.allocatable);
  const left = { ...whole };
  for (const pod of facts.pods) {
    for (const [name, amount] of Object.entries(requestOf(pod))) {
      left[name] = (left[name] ?? 0) - amount;
    }
  }
  return { whole, left };
}

function maxPods({ node }: NodeFacts): number {
  const milli = milliOf(node.status?.allocatable?.["pods"] ?? DEFAULT_MAX_PODS);
  return (milli ?? DEFAULT_MAX_PODS * MILLI) / MILLI;
}

function amounts(container: Container): Amounts {
  return parsed(container.resources?.requests);
}

function parsed(quantities: Record<string, string | number> | undefined): Amounts {
  const entries = Object.entries(quantities ?? {});
  return Object.fromEntries(entries.map(([name, text]) => [name, milliOf(text) ?? 0]));
}

function plus(one: Amounts, other: Amounts): Amounts {
  return combined(one, other, (left, right) => left + right);
}

function most(one: Amounts, other: Amounts): Amounts {
  return combined(one, other, Math.max);
}

function combined(one: Amounts, other: Amounts, of: (l: number, r: number) => number): Amounts {
  const result = { ...one };
  for (const [name, amount] of Object.entries(other)) result[name] = of(result[name] ?? 0, amount);
  return result;
}
