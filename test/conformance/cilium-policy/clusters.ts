/** Random clusters with Cilium's policies in them, small enough that rules meet often. */
import type { Random } from "#base";

interface ClusterPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

export interface ClusterPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly ports: readonly ClusterPort[];
}

interface ClusterNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Either side is `namespace/pod`, an entity, a name of `NAMES`, or an address outside. */
export interface ClusterProbe {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
}

export type PolicyJson = Readonly<Record<string, unknown>>;

export interface Cluster {
  readonly namespaces: readonly ClusterNamespace[];
  readonly pods: readonly ClusterPod[];
  readonly policies: readonly PolicyJson[];
  readonly probes: readonly ClusterProbe[];
}

/** What DNS gave; no CIDR of a policy but 0.0.0.0/0 holds these addresses. */
export const NAMES: Readonly<Record<string, string>> = {
  "db.example.com": "203.0.113.1",
  "api.example.com": "203.0.113.2",
  "a.b.example.com": "203.0.113.3",
  "example.com": "203.0.113.4",
  "www.example.org": "203.0.113.5",
};

export const ENTITIES = { host: 1, world: 2, "remote-node": 6, "kube-apiserver": 7 } as const;

const NAMESPACES = ["x", "y", "z", "w"] as const;
const APPS = ["a", "b", "c"] as const;
const ADDRESSES = ["10.9.0.1", "10.9.1.1", "10.9.1.130", "192.0.2.7", "198.51.100.9"] as const;
/** Most probes ask for what rules speak of. */
const PROBE_PORTS = [53, 80, 80, 80, 80, 443, 443, 8080, 79, 81, 1000, 1024, 65_535] as const;
const PORT_NAMES = ["web", "api", "dns"] as const;
const NAMESPACE_KEY = "io.kubernetes.pod.namespace";
const MAX_POLICIES = 5;

function maybe<T extends object>(random: Random, chance: number, make: () => T): T | object {
  return random.chance(chance) ? make() : {};
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

function podPorts(random: Random): ClusterPort[] {
  const ports: ClusterPort[] = [];
  if (random.chance(0.6)) {
    ports.push({ name: "web", port: random.pick([80, 80, 80, 8080]), protocol: "TCP" });
  }
  if (random.chance(0.4)) {
    ports.push({ name: "api", port: 443, protocol: random.pick(["TCP", "TCP", "UDP", "SCTP"]) });
  }
  if (random.chance(0.4)) ports.push({ name: "dns", port: 53, protocol: "UDP" });
  return ports;
}

function pod(random: Random, namespaces: readonly string[], at: number): ClusterPod {
  return {
    namespace: random.pick(namespaces),
    name: `p${at}`,
    labels: {
      ...maybe(random, 0.9, () => ({ app: random.pick(APPS) })),
      ...maybe(random, 0.5, () => ({ tier: random.pick(["front", "back"]) })),
      ...maybe(random, 0.2, () => ({ "pod-template-hash": "h1" })),
    },
    serviceAccount: random.pick(["default", "robot"]),
    ports: podPorts(random),
  };
}

/** Keys that selectors ask for, each with values that some pod may have, and some that none has. */
const SELECTOR_KEYS: readonly (readonly [string, readonly string[]])[] = [
  ["app", [...APPS, "d"]],
  ["app", [...APPS]],
  ["k8s:app", [...APPS]],
  ["any:app", [...APPS]],
  ["tier", ["front", "back"]],
  ["tier", ["front", "back"]],
  [NAMESPACE_KEY, NAMESPACES],
  [`k8s:${NAMESPACE_KEY}`, NAMESPACES],
  ["k8s:io.cilium.k8s.namespace.labels.team", ["red", "blue"]],
  ["io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name", NAMESPACES],
  ["io.cilium.k8s.policy.serviceaccount", ["default", "robot"]],
];

const RARE_KEYS: readonly (readonly [string, readonly string[]])[] = [
  ["container:app", [...APPS]],
  ["pod-template-hash", ["h1"]],
  ["k8s:io.cilium.k8s.policy.cluster", ["default", "other"]],
  ["reserved:host", [""]],
  ["reserved:world", [""]],
  ["reserved:remote-node", [""]],
];

function selector(random: Random): object {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: object[] = [];
  for (let left = random.pick([0, 1, 1, 1, 2, 2]); left > 0; left--) {
    const [key, values] = random.pick(random.chance(0.06) ? RARE_KEYS : SELECTOR_KEYS);
    if (random.chance(0.55)) {
      // Two spellings of one key are one key to Cilium, of which its maps keep either.
      const plain = (text: string): string => text.replace(/^any:/, "");
      const isTaken = Object.keys(matchLabels).some((other) => plain(other) === plain(key));
      if (!isTaken || key in matchLabels) matchLabels[key] = random.pick(values);
      continue;
    }
    const operator = random.pick(["In", "NotIn", "Exists", "DoesNotExist"]);
    const isSet = operator === "In" || operator === "NotIn";
    const picked = times(random.between(1, 2), () => random.pick(values));
    matchExpressions.push({ key, operator, ...(isSet ? { values: [...new Set(picked)] } : {}) });
  }
  return {
    ...(Object.keys(matchLabels).length > 0 ? { matchLabels } : {}),
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
  };
}

const CIDRS = [
  "10.9.0.0/16",
  "10.9.1.0/24",
  "10.9.1.128/25",
  "10.9.1.130/32",
  "192.0.2.0/24",
  "192.0.2.7/32",
  "198.51.100.9/24",
  "0.0.0.0/0",
  "10.0.0.0/8",
  "10.244.0.0/16",
  "::/0",
] as const;

function cidrRule(random: Random): object {
  const [cidr, inside]: readonly [string, readonly string[]] = random.pick([
    ["10.9.0.0/16", ["10.9.1.0/24", "10.9.1.130/32", "10.9.0.0/16"]],
    ["10.9.1.0/24", ["10.9.1.128/25"]],
    ["0.0.0.0/0", ["10.0.0.0/8", "10.9.0.0/16", "192.0.2.0/24"]],
    ["192.0.2.0/24", ["192.0.2.7/32", "192.0.2.0/25"]],
  ] as const);
  return { cidr, ...maybe(random, 0.7, () => ({ except: [random.pick(inside)] })) };
}

function fqdn(random: Random): object {
  if (random.chance(0.5)) return { matchName: random.pick(["db.example.com", "Example.COM."]) };
  const patterns = ["*.example.com", "*example.com", "**.example.com", "*", "www.*.org", "db*"];
  return { matchPattern: random.pick(patterns) };
}

const ENTITY_NAMES = [
  "all",
  "world",
  "cluster",
  "host",
  "remote-node",
  "kube-apiserver",
  "none",
  "init",
  "health",
  "unmanaged",
  "ingress",
] as const;

type Side = "ingress" | "egress" | "ingressDeny" | "egressDeny";

function peers(random: Random, side: Side): object {
  const prefix = side.startsWith("ingress") ? "from" : "to";
  const list = <T>(make: () => T): T[] => times(random.pick([0, 1, 1, 1, 1, 2, 2]), make);
  switch (random.below(12)) {
    case 0:
    case 1:
      return {};
    case 2:
      return { [`${prefix}CIDR`]: list(() => random.pick(CIDRS)) };
    case 3:
      return { [`${prefix}CIDRSet`]: list(() => cidrRule(random)) };
    case 4:
    case 5:
      return { [`${prefix}Entities`]: list(() => random.pick(ENTITY_NAMES)) };
    case 6:
      if (side === "egress") return { toFQDNs: times(random.between(1, 2), () => fqdn(random)) };
      return { [`${prefix}Endpoints`]: [{}] };
    default:
      return { [`${prefix}Endpoints`]: list(() => selector(random)) };
  }
}

function portProtocol(random: Random): object {
  const protocol = random.pick(["TCP", "TCP", "TCP", "UDP", "SCTP", "ANY", "tcp", undefined]);
  const rest = protocol === undefined ? {} : { protocol };
  switch (random.below(8)) {
    case 0:
      return { port: random.pick([...PORT_NAMES, "WEB"]), ...rest };
    case 1:
      return { port: "0", ...rest, ...maybe(random, 0.3, () => ({ endPort: 100 })) };
    case 2: {
      const port = random.pick([1, 79, 80, 81, 443, 1000]);
      return { port: String(port), endPort: random.pick([0, 79, 80, 100, 1023, 65_535]), ...rest };
    }
    default:
      return { port: String(random.pick([53, 80, 80, 80, 443, 8080])), ...rest };
  }
}

function httpRule(random: Random): object {
  return random.pick([{}, { method: "GET" }, { path: "/public/.*" }, { method: "GET", path: "/" }]);
}

/** DNS keeps to one port and HTTP to others: what happens where they meet is tested elsewhere. */
function l7PortRule(random: Random, side: Side): object {
  if (side === "egress" && random.chance(0.4)) {
    const ports = [{ port: "53", protocol: random.pick(["UDP", "ANY"]) }];
    return { ports, rules: { dns: [fqdn(random)] } };
  }
  const ports = times(random.between(1, 2), () => ({
    port: random.pick(["80", "80", "443", "8080", "web"]),
    protocol: "TCP",
    ...maybe(random, 0.1, () => ({ endPort: random.pick([80, 100]) })),
  }));
  return { ports, rules: { http: times(random.pick([0, 1, 1, 2]), () => httpRule(random)) } };
}

function portRules(random: Random, side: Side): object {
  if (random.chance(0.3)) return {};
  const isDeny = side.endsWith("Deny");
  const toPorts = times(random.pick([0, 1, 1, 1, 1, 1, 2]), () =>
    !isDeny && random.chance(0.35)
      ? l7PortRule(random, side)
      : { ports: times(random.pick([0, 1, 1, 1, 1, 2, 3]), () => portProtocol(random)) },
  );
  return { toPorts };
}

function ruleOf(random: Random, side: Side): object {
  const isAllow = !side.endsWith("Deny");
  return {
    ...peers(random, side),
    ...portRules(random, side),
    ...(isAllow && random.chance(0.05) ? { authentication: { mode: "required" } } : {}),
  };
}

function spec(random: Random, isCluster: boolean): object {
  const sides: Side[] = [];
  if (random.chance(0.6)) sides.push("ingress");
  if (random.chance(0.6)) sides.push("egress");
  if (random.chance(0.25)) sides.push("ingressDeny");
  if (random.chance(0.25)) sides.push("egressDeny");
  if (sides.length === 0) sides.push(random.pick(["ingress", "egress"]));
  const flags = {
    ...maybe(random, 0.6, () => ({ ingress: random.chance(0.3) })),
    ...maybe(random, 0.6, () => ({ egress: random.chance(0.3) })),
  };
  const isOfNodes = isCluster && random.chance(0.05);
  const subject = random.chance(0.3) ? {} : selector(random);
  return {
    [isOfNodes ? "nodeSelector" : "endpointSelector"]: subject,
    ...Object.fromEntries(
      sides.map((side) => [side, times(random.pick([1, 1, 2]), () => ruleOf(random, side))]),
    ),
    ...(random.chance(0.3) ? { enableDefaultDeny: flags } : {}),
  };
}

function policy(random: Random, namespaces: readonly string[], at: number): PolicyJson {
  const isCluster = random.chance(0.3);
  const kind = isCluster ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy";
  const namespace = isCluster ? {} : { namespace: random.pick(namespaces) };
  const makeSpec = (): object => spec(random, isCluster);
  return {
    apiVersion: "cilium.io/v2",
    kind,
    metadata: { name: `policy-${at}`, ...namespace },
    ...(random.chance(0.12)
      ? { specs: times(2, makeSpec), ...maybe(random, 0.3, () => ({ spec: makeSpec() })) }
      : { spec: makeSpec() }),
  };
}

function probe(random: Random, pods: readonly ClusterPod[]): ClusterProbe {
  const names = pods.map((each) => `${each.namespace}/${each.name}`);
  const outside = (): string =>
    random.pick([...Object.keys(ENTITIES), ...ADDRESSES, ...ADDRESSES] as string[]);
  const first = random.pick(names);
  const others = names.filter((name) => name !== first);
  const isInside = random.chance(0.6);
  const destination = random.chance(0.2) ? random.pick(Object.keys(NAMES)) : outside();
  const [from, to]: [string, string] = isInside
    ? [first, random.pick(others)]
    : random.chance(0.5)
      ? [first, destination]
      : [outside(), first];
  const protocol = random.pick(["TCP", "TCP", "TCP", "UDP", "SCTP"]);
  return { from, to, protocol, port: random.pick(PROBE_PORTS) };
}

export function randomCluster(random: Random, probes: number): Cluster {
  const namespaces = NAMESPACES.slice(0, random.between(2, NAMESPACES.length));
  const pods = times(random.between(4, 8), (at) => pod(random, namespaces, at));
  return {
    namespaces: namespaces.map((name) => ({
      name,
      labels: { ...maybe(random, 0.7, () => ({ team: random.pick(["red", "blue"]) })) },
    })),
    pods,
    policies: times(random.between(1, MAX_POLICIES), (at) => policy(random, namespaces, at)),
    probes: times(probes, () => probe(random, pods)),
  };
}
