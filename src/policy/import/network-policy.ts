/** Kubernetes' NetworkPolicy, with the meaning and the refusals of Kubernetes. */
import { Cidr, quote } from "#base";
import { KEY, Selector, SOURCE } from "#identity";
import type { LabelSelector, NetworkPolicy, NetworkPolicyPeer } from "#kube/types";
import type { Direction, PeerSelector, PolicyRule, PolicySpec } from "../rule.ts";
import type { ImportContext } from "./context.ts";
import { readKubePorts } from "./kube-ports.ts";
import { clusterScope, hasNamespace, isIn, readSelector } from "./scope.ts";

const TYPES: Readonly<Record<Direction, string>> = { ingress: "Ingress", egress: "Egress" };
const MAX_TYPES = 2;

type Spec = NonNullable<NetworkPolicy["spec"]>;

export function importNetworkPolicy(
  object: NetworkPolicy,
  isAudit: boolean,
  context: ImportContext,
): PolicySpec[] {
  if (!context.options.enableK8sNetworkPolicy) {
    const what = "is ignored: enable-k8s-networkpolicy is false";
    context.report.warning("network-policies-disabled", "", what);
    return [];
  }
  const spec = object.spec ?? {};
  const types = policyTypes(spec, context);
  const podSelector = spec.podSelector ?? {};
  const selected = readPods(podSelector, "spec.podSelector", context);
  const rules = [
    ...importDirection(spec, "ingress", types.has("ingress"), context),
    ...importDirection(spec, "egress", types.has("egress"), context),
  ];
  if (selected === undefined) return [];
  const subject = selected.and([isIn(KEY.namespace, context.policy.namespace)]);
  return [
    {
      ref: { policy: context.policy, path: "spec" },
      subject: { kind: "pod", selector: subject },
      rules,
      defaultDeny: { ingress: types.has("ingress"), egress: types.has("egress") },
      isAudit,
    },
  ];
}

/** Without policyTypes a policy is about ingress, and about egress if it has rules for it. */
function policyTypes(spec: Spec, { report }: ImportContext): ReadonlySet<Direction> {
  const given = spec.policyTypes ?? [];
  if (given.length === 0) {
    const hasEgress = (spec.egress ?? []).length > 0;
    return new Set<Direction>(hasEgress ? ["ingress", "egress"] : ["ingress"]);
  }
  if (given.length > MAX_TYPES) {
    const what = `has ${given.length} items; ${MAX_TYPES} are the most: Ingress and Egress`;
    report.error("bad-policy-types", "spec.policyTypes", what);
  }
  const types = new Set<Direction>();
  for (const [index, type] of given.slice(0, MAX_TYPES).entries()) {
    if (type === TYPES.ingress) types.add("ingress");
    else if (type === TYPES.egress) types.add("egress");
    else {
      const what = `${quote(type)} is no type of policy: write Ingress or Egress`;
      report.error("bad-policy-types", `spec.policyTypes[${index}]`, what);
    }
  }
  return types;
}

function importDirection(
  spec: Spec,
  direction: Direction,
  isMeant: boolean,
  context: ImportContext,
): PolicyRule[] {
  const path = `spec.${direction}`;
  const entries =
    direction === "ingress"
      ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports, field: "from" }))
      : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports, field: "to" }));
  const rules = entries.map(({ peers, ports, field }, index): PolicyRule => {
    const at = `${path}[${index}]`;
    return {
      ref: { policy: context.policy, path: at },
      direction,
      effect: "allow",
      peers: readPeers(peers ?? [], `${at}.${field}`, context),
      ports: readKubePorts(ports ?? [], `${at}.ports`, direction, context),
    };
  });
  if (isMeant || rules.length === 0) return rules;
  const what = `is ignored, as policyTypes does not name ${TYPES[direction]}: add it, or leave these rules out`;
  context.report.warning("ignored-rules", path, what);
  return [];
}

/** No peers are all peers. */
function readPeers(
  peers: readonly NetworkPolicyPeer[],
  path: string,
  context: ImportContext,
): "any" | PeerSelector[] {
  if (peers.length === 0) return "any";
  return peers.flatMap((peer, index) => {
    const read = readPeer(peer, `${path}[${index}]`, context);
    return read === undefined ? [] : [read];
  });
}

function readPeer(
  peer: NetworkPolicyPeer,
  path: string,
  context: ImportContext,
): PeerSelector | undefined {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined) {
    if (namespaceSelector !== undefined || podSelector !== undefined) {
      const what = "has ipBlock beside a selector: write a peer for each";
      context.report.error("block-with-selector", path, what);
    }
    return readBlock(ipBlock, `${path}.ipBlock`, context);
  }
  if (namespaceSelector === undefined && podSelector === undefined) {
    const what = "names nobody: give podSelector, namespaceSelector or ipBlock; {} selects all";
    context.report.error("empty-peer", path, what);
    return undefined;
  }
  const pods = readPods(podSelector ?? {}, `${path}.podSelector`, context);
  const namespaces = readNamespaces(namespaceSelector, `${path}.namespaceSelector`, context);
  if (pods === undefined || namespaces === undefined) return undefined;
  const selector = pods.and(namespaces.requirements);
  return { kind: "labels", selector: selector.and(clusterScope(selector, context.options)) };
}

function readPods(
  selector: LabelSelector,
  path: string,
  { report }: ImportContext,
): Selector | undefined {
  return readSelector(selector, path, report, { source: SOURCE.kubernetes });
}

/** Without a namespaceSelector, the policy's own. */
function readNamespaces(
  given: LabelSelector | undefined,
  path: string,
  context: ImportContext,
): Selector | undefined {
  if (given === undefined) return Selector.of([isIn(KEY.namespace, context.policy.namespace)]);
  const selector = readPods(given, path, context);
  if (selector === undefined) return undefined;
  const ofNamespace = selector.requirements.map((each) => ({
    ...each,
    key: `${KEY.namespaceLabels}${each.key}`,
  }));
  // What has no namespace is no pod, and no namespaceSelector means it, not by NotIn either.
  return Selector.of([...ofNamespace, hasNamespace]);
}

function readBlock(
  block: NonNullable<NetworkPolicyPeer["ipBlock"]>,
  path: string,
  { report }: ImportContext,
): PeerSelector | undefined {
  const cidr = Cidr.tryParse(block.cidr);
  const refuse = (text: string, at: string): void => {
    const what = `${quote(text)} is no CIDR: write one such as 10.0.0.0/8 or fd00::/64`;
    report.error("bad-cidr", at, what);
  };
  if (cidr === undefined) refuse(block.cidr, `${path}.cidr`);
  const except = (block.except ?? []).flatMap((text, index) => {
    const at = `${path}.except[${index}]`;
    const each = Cidr.tryParse(text);
    if (each === undefined) {
      refuse(text, at);
      return [];
    }
    if (cidr !== undefined && (!cidr.containsCidr(each) || cidr.equals(each))) {
      const what = `${each.key} has to be a part of ${cidr.key}, and not all of it`;
      report.error("bad-except", at, what);
    }
    return [each];
  });
  return cidr === undefined ? undefined : { kind: "block", cidr, except };
}
