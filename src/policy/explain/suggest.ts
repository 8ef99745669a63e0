/** The smallest change of policies that would let a denied flow pass. */
import { IpAddress } from "#base";
import { KEY, LabelFilter } from "#identity";
import type { ClusterModel, DirectionVerdict } from "../cluster/cluster-model.ts";
import { NAMESPACE_NAME_LABEL, type PodFact, protocolName } from "../cluster/cluster-facts.ts";
import { type Flow, sidesOf } from "../cluster/flow.ts";
import type { Party } from "../cluster/party.ts";
import { selects } from "../cluster/rule-match.ts";
import type { Direction, PolicyKind, PolicyRef, PolicySpec } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { type Plain, yamlText } from "./yaml-text.ts";

type Dictionary = Readonly<Record<string, Plain>>;

/** `append`: the object goes to the end of the list at `path`; `new`: it is a policy by itself. */
export interface Change {
  readonly direction: Direction;
  readonly kind: "append" | "new" | "remove";
  readonly policy: PolicyRef;
  readonly path: string;
  /** Undefined where nothing can be added that helps: a rule denies, and has to go. */
  readonly object: Dictionary | undefined;
  readonly yaml: string;
  readonly sentence: string;
}

/** Labels that usually tell what a pod is: the first that it has is enough to name it. */
const TELLING_LABELS = ["app.kubernetes.io/name", "app", "k8s-app", "name", "component"];

export function suggestChange(
  model: ClusterModel,
  flow: Flow,
  direction: Direction,
  outcome: DirectionVerdict,
): Change {
  const { own, peer } = sidesOf(flow, direction);
  const denying = outcome.because.find((each) => each.effect === "deny");
  if (denying !== undefined || own.subject === undefined) {
    const policy = { ...(denying ?? EMPTY_REF) } as PolicyRef & { rule?: string };
    const { kind, namespace, name } = policy;
    const path = denying?.rule ?? "";
    const sentence = `To allow it, ${kind} ${name} has to stop denying it: narrow or remove ${path}.`;
    const ref = { kind, namespace, name };
    return { direction, kind: "remove", policy: ref, path, object: undefined, yaml: "", sentence };
  }
  const candidate = appendable(model, own.subject, direction, peer.party);
  if (candidate !== undefined) return append(candidate, flow, direction, own.party, peer.party);
  return newPolicy(flow, direction, outcome, own.party, peer.party);
}

const EMPTY_REF = { kind: "CiliumNetworkPolicy", namespace: "", name: "" } as const;

/**
 * An enforced policy with rules of that direction which selects the subject by its own labels: one
 * that selects everything would open everything.
 */
function appendable(
  model: ClusterModel,
  subject: Subject,
  direction: Direction,
  peer: Party,
): PolicySpec | undefined {
  const found: { spec: PolicySpec; count: number }[] = [];
  for (const policy of model.policies) {
    for (const spec of policy.specs) {
      const { kind } = spec.ref.policy;
      if (spec.isAudit || !selects(spec, subject) || !canName(kind, peer)) continue;
      const isOwn = spec.subject.selector.requirements.some(
        ({ key, operator }) => operator === "In" && key !== KEY.namespace && key !== KEY.cluster,
      );
      const hasRules = spec.rules.some(
        (rule) => rule.direction === direction && rule.effect === "allow",
      );
      if (!isOwn || !hasRules) continue;
      const selected = [...model.subjects.values()].filter((each) => selects(spec, each));
      found.push({ spec, count: new Set(selected.map((each) => each.key)).size });
    }
  }
  return found.toSorted((left, right) => left.count - right.count)[0]?.spec;
}

/** NetworkPolicies know pods and addresses only. */
function canName(kind: PolicyKind, peer: Party): boolean {
  return kind !== "NetworkPolicy" || peer.kind === "pod" || peer.kind === "address";
}

function append(
  spec: PolicySpec,
  flow: Flow,
  direction: Direction,
  own: Party,
  peer: Party,
): Change {
  const { policy } = spec.ref;
  const rule = ruleFor(policy.kind, flow, direction, own, peer);
  const path = `${spec.ref.path}.${direction}`;
  const where = policy.namespace === "" ? policy.name : `${policy.namespace}/${policy.name}`;
  const sentence = `To allow it, append this to ${path} of ${policy.kind} ${where}:`;
  return {
    direction,
    kind: "append",
    policy,
    path,
    object: rule,
    yaml: yamlText([rule]),
    sentence,
  };
}

function newPolicy(
  flow: Flow,
  direction: Direction,
  outcome: DirectionVerdict,
  own: Party,
  peer: Party,
): Change {
  const denier = outcome.because.find((each) => each.effect === "default-deny");
  const isNode = own.kind === "node";
  const isKube = denier?.kind === "NetworkPolicy" && canName("NetworkPolicy", peer) && !isNode;
  const kind = isNode
    ? "CiliumClusterwideNetworkPolicy"
    : isKube
      ? "NetworkPolicy"
      : "CiliumNetworkPolicy";
  const namespace = own.kind === "pod" ? own.pod.namespace : "";
  const name = policyNameFor(direction, own, peer);
  const rule = ruleFor(kind, flow, direction, own, peer);
  const metadata = namespace === "" ? { name } : { name, namespace };
  const labels = own.kind === "pod" ? telling(own.pod) : {};
  const selector: Dictionary = Object.keys(labels).length === 0 ? {} : { matchLabels: labels };
  const subjectKey = isKube ? "podSelector" : isNode ? "nodeSelector" : "endpointSelector";
  const types: Dictionary = isKube
    ? { policyTypes: [direction === "egress" ? "Egress" : "Ingress"] }
    : {};
  const object: Dictionary = {
    apiVersion: isKube ? "networking.k8s.io/v1" : "cilium.io/v2",
    kind,
    metadata,
    spec: { [subjectKey]: selector, ...types, [direction]: [rule] },
  };
  const policy: PolicyRef = { kind, namespace, name };
  const sentence = `To allow it, add this policy:`;
  return { direction, kind: "new", policy, path: "", object, yaml: yamlText(object), sentence };
}

function policyNameFor(direction: Direction, own: Party, peer: Party): string {
  const word = (party: Party): string =>
    (party.kind === "pod" ? party.pod.name : party.name).replace(/[^a-z0-9]+/g, "-");
  const [from, to] = direction === "egress" ? [own, peer] : [peer, own];
  const text = `${word(from)}-to-${word(to)}-${direction}`;
  return text.slice(0, 63).replace(/^-+|-+$/g, "");
}

function ruleFor(
  kind: PolicyKind,
  flow: Flow,
  direction: Direction,
  own: Party,
  peer: Party,
): Dictionary {
  const namespace = own.kind === "pod" ? own.pod.namespace : "";
  const protocol = protocolName(flow.protocol);
  if (kind === "NetworkPolicy") {
    const key = direction === "egress" ? "to" : "from";
    return { [key]: [kubePeer(namespace, peer)], ports: [{ port: flow.port, protocol }] };
  }
  const word = direction === "egress" ? "to" : "from";
  const isIcmp = protocol === "ICMP" || protocol === "ICMPV6";
  if (isIcmp) {
    const family = protocol === "ICMP" ? "IPv4" : "IPv6";
    return {
      ...ciliumPeer(word, namespace, peer),
      icmps: [{ fields: [{ family, type: flow.port }] }],
    };
  }
  const ports = [{ port: String(flow.port), protocol }];
  const rules = l7RulesFor(flow);
  return {
    ...ciliumPeer(word, namespace, peer),
    toPorts: [rules === undefined ? { ports } : { ports, rules }],
  };
}

/** Of an HTTP or DNS request, itself and no other. */
function l7RulesFor({ request }: Flow): Dictionary | undefined {
  if (request === undefined) return undefined;
  if (request.kind === "dns") return { dns: [{ matchName: request.name }] };
  if (request.kind === "generic" || request.kind === "kafka") return undefined;
  const exact = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return { http: [{ method: exact(request.method), path: exact(request.path) }] };
}

function kubePeer(namespace: string, peer: Party): Dictionary {
  if (peer.kind !== "pod") return { ipBlock: { cidr: hostCidr(peer.name) } };
  const labels = telling(peer.pod);
  const podSelector: Dictionary = Object.keys(labels).length === 0 ? {} : { matchLabels: labels };
  if (peer.pod.namespace === namespace) return { podSelector };
  const matchLabels = { [NAMESPACE_NAME_LABEL]: peer.pod.namespace };
  return { podSelector, namespaceSelector: { matchLabels } };
}

function ciliumPeer(word: "to" | "from", namespace: string, peer: Party): Dictionary {
  switch (peer.kind) {
    case "pod": {
      const isOther = peer.pod.namespace !== namespace;
      const scope: Record<string, string> = isOther
        ? { [`k8s:${KEY.namespace}`]: peer.pod.namespace }
        : {};
      const labels = { ...telling(peer.pod), ...scope };
      const selector: Dictionary = Object.keys(labels).length === 0 ? {} : { matchLabels: labels };
      return { [`${word}Endpoints`]: [selector] };
    }
    case "address":
      return { [`${word}CIDR`]: [hostCidr(peer.name)] };
    case "fqdn":
      return word === "to" ? { toFQDNs: [{ matchName: peer.name }] } : { fromEntities: ["world"] };
    case "entity":
      return { [`${word}Entities`]: [peer.name] };
    case "node":
    case "service":
      break;
  }
  return { [`${word}Entities`]: ["host", "remote-node"] };
}

function hostCidr(text: string): string {
  return `${text}/${IpAddress.tryParse(text)?.family === 6 ? 128 : 32}`;
}

/** The fewest labels that say what a pod is; all that make its identity if none is telling. */
function telling(pod: PodFact): Record<string, string> {
  for (const key of TELLING_LABELS) {
    const value = pod.labels[key];
    if (value !== undefined) return { [key]: value };
  }
  const filter = new LabelFilter();
  const kept = Object.entries(pod.labels).filter(([key, value]) =>
    filter.keeps({ source: "k8s", key, value }),
  );
  return Object.fromEntries(kept);
}
