import { createHash } from "node:crypto";
import type { Cidr, IpFamily } from "#base";
import type { Backend, ServicePort } from "./service-ports.ts";

/** The table that the proxy owns, in both families. */
export const PROXY_TABLE = "ciliate_proxy";
/** The bit of a packet's mark by which it leaves under the node's address, as kube-proxy has it. */
const MASQUERADE_MARK = 0x4000;

/** A ruleset as named parts: what nft needs to know to replace one by another. */
export interface Ruleset {
  /** Lines of each chain. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Which clients stay with which endpoint: their elements outlive a replacement. */
  readonly affinities: ReadonlyMap<string, string>;
  /** Of each verdict map what is looked up, and what then happens. */
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

interface RulesetOptions {
  readonly ports: readonly ServicePort[];
  /** Whoever asks for a cluster address from elsewhere is masqueraded. Empty: nobody is. */
  readonly podCidrs: readonly Cidr[];
}

interface Draft {
  readonly chains: Map<string, readonly string[]>;
  readonly affinities: Map<string, string>;
  readonly maps: Map<string, Map<string, string>>;
  readonly podCidrs: readonly Cidr[];
}

/** The rules of a node for these ports. The same ports give the same rules. */
export function buildRuleset({ ports, podCidrs }: RulesetOptions): Ruleset {
  const maps = new Map(MAPS.map(({ name }) => [name, new Map<string, string>()]));
  const draft: Draft = { chains: new Map(), affinities: new Map(), maps, podCidrs };
  for (const port of ports) addPort(draft, port);
  return draft;
}

const MAPS: readonly { readonly name: string; readonly type: string }[] = [
  { name: "services_4", type: "ipv4_addr . inet_proto . inet_service : verdict" },
  { name: "services_6", type: "ipv6_addr . inet_proto . inet_service : verdict" },
  { name: "node_ports_4", type: "inet_proto . inet_service : verdict" },
  { name: "node_ports_6", type: "inet_proto . inet_service : verdict" },
  { name: "cluster_ips_4", type: "ipv4_addr : verdict" },
  { name: "cluster_ips_6", type: "ipv6_addr : verdict" },
  { name: "refused_4", type: "ipv4_addr . inet_proto . inet_service : verdict" },
  { name: "refused_6", type: "ipv6_addr . inet_proto . inet_service : verdict" },
  { name: "refused_node_ports_4", type: "inet_proto . inet_service : verdict" },
  { name: "refused_node_ports_6", type: "inet_proto . inet_service : verdict" },
];

function addPort(draft: Draft, port: ServicePort): void {
  const { family, protocol, clusterIps, externalIps, nodePort, internal, external } = port;
  const id = hash(port.key);
  const endpoints = new Map<string, Backend>();
  for (const backend of [...internal, ...external]) endpoints.set(backendId(id, backend), backend);
  for (const [name, backend] of endpoints) addEndpoint(draft, port, name, backend);
  const put = (map: string, element: string, verdict: string): void => {
    const elements = draft.maps.get(`${map}_${family}`);
    // Of two services with one outside address, the first by name has it.
    if (elements?.has(element) === false) elements.set(element, verdict);
  };
  if (internal.length > 0) {
    draft.chains.set(`service_${id}`, [
      `# ${port.key}`,
      ...masqueradeForeign(draft, port),
      ...choice(port, id, internal),
    ]);
  }
  // Also where a policy keeps traffic on a node without an endpoint: not that from inside.
  const hasOutside = external.length > 0 || (port.isExternalLocal && internal.length > 0);
  // A node without an endpoint is silent where a policy keeps traffic on it: others have one.
  const dropped = (isLocal: boolean): string =>
    isLocal && port.hasEndpoints ? "drop" : "goto refuse";
  if (hasOutside) {
    const isMasked = !port.isExternalLocal;
    draft.chains.set(`external_${id}`, [
      `# ${port.key}, from outside`,
      ...(isMasked ? [markForMasquerade()] : fromInside(draft, port, id)),
      ...(external.length === 0 ? [] : choice(port, id, external)),
    ]);
  }
  for (const { key } of clusterIps) {
    put("cluster_ips", key, "goto refuse");
    const element = `${key} . ${protocol} . ${port.port}`;
    if (internal.length > 0) put("services", element, `goto service_${id}`);
    else put("refused", element, dropped(port.isInternalLocal));
  }
  for (const { key } of externalIps) {
    const element = `${key} . ${protocol} . ${port.port}`;
    if (hasOutside) put("services", element, `goto external_${id}`);
    if (external.length === 0) put("refused", element, dropped(port.isExternalLocal));
  }
  if (nodePort === undefined) return;
  const element = `${protocol} . ${nodePort}`;
  if (hasOutside) put("node_ports", element, `goto external_${id}`);
  if (external.length === 0) {
    put("refused_node_ports", element, dropped(port.isExternalLocal));
  }
}

/** Pods that use an outside address of a service with the policy Local are inside all the same. */
function fromInside({ podCidrs }: Draft, { family, internal }: ServicePort, id: string): string[] {
  if (internal.length === 0) return [];
  const cidrs = podCidrs.filter((cidr) => cidr.family === family);
  const word = wordOf(family);
  return [
    ...cidrs.map(({ key }) => `${word} saddr ${key} goto service_${id}`),
    `fib saddr type local ${markForMasquerade()}`,
    `fib saddr type local goto service_${id}`,
  ];
}

function masqueradeForeign({ podCidrs }: Draft, { family, clusterIps }: ServicePort): string[] {
  const cidrs = podCidrs.filter((cidr) => cidr.family === family).map(({ key }) => key);
  if (cidrs.length === 0) return [];
  const word = wordOf(family);
  const own = clusterIps.map(({ key }) => key).join(", ");
  return [
    `${word} daddr { ${own} } ${word} saddr != { ${cidrs.join(", ")} } ${markForMasquerade()}`,
  ];
}

function addEndpoint(draft: Draft, port: ServicePort, name: string, backend: Backend): void {
  const { family, protocol, affinitySeconds } = port;
  const word = wordOf(family);
  const address = family === 4 ? backend.address.key : `[${backend.address.key}]`;
  const lines = [`${word} saddr ${backend.address.key} ${markForMasquerade()}`];
  if (affinitySeconds !== undefined) {
    const type = family === 4 ? "ipv4_addr" : "ipv6_addr";
    const set = `{ type ${type}; flags dynamic,timeout; timeout ${affinitySeconds}s; }`;
    // The timeout stands in the name: a set's cannot be changed.
    draft.affinities.set(affinityOf(name, affinitySeconds), set);
    lines.push(`update @${affinityOf(name, affinitySeconds)} { ${word} saddr }`);
  }
  lines.push(`meta l4proto ${protocol} dnat ${word} to ${address}:${backend.port}`);
  draft.chains.set(name, lines);
}

/** The endpoint that a client had before, or any. */
function choice(
  { family, affinitySeconds }: ServicePort,
  id: string,
  to: readonly Backend[],
): string[] {
  const names = to.map((backend) => backendId(id, backend));
  const lines: string[] = [];
  if (affinitySeconds !== undefined) {
    for (const name of names) {
      lines.push(`${wordOf(family)} saddr @${affinityOf(name, affinitySeconds)} goto ${name}`);
    }
  }
  const verdicts = names.map((name, at) => `${at} : goto ${name}`);
  lines.push(`numgen random mod ${names.length} vmap { ${verdicts.join(", ")} }`);
  return lines;
}

/**
 * What nft is given to get from one ruleset to the next: without a previous one, whatever is in
 * the table goes. It is one transaction.
 */
export function renderRuleset(next: Ruleset, previous: Ruleset | undefined): string {
  const lines = [`add table inet ${PROXY_TABLE}`];
  if (previous === undefined) {
    lines.push(`delete table inet ${PROXY_TABLE}`, `add table inet ${PROXY_TABLE}`);
  } else {
    // Rules and elements first, for they refer to chains.
    lines.push(`flush table inet ${PROXY_TABLE}`);
    for (const { name } of MAPS) lines.push(`flush map inet ${PROXY_TABLE} ${name}`);
    for (const chain of previous.chains.keys()) {
      if (!next.chains.has(chain)) lines.push(`delete chain inet ${PROXY_TABLE} ${chain}`);
    }
    for (const set of previous.affinities.keys()) {
      if (!next.affinities.has(set)) lines.push(`delete set inet ${PROXY_TABLE} ${set}`);
    }
  }
  lines.push(`table inet ${PROXY_TABLE} {`);
  for (const [name, definition] of next.affinities) lines.push(`  set ${name} ${definition}`);
  lines.push(...block("chain refuse", ["reject"]));
  for (const [name, chain] of next.chains) lines.push(...block(`chain ${name}`, chain));
  for (const { name, type } of MAPS) lines.push(...mapLines(name, type, next.maps.get(name)));
  for (const [name, chain] of BASE_CHAINS) lines.push(...block(`chain ${name}`, chain));
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

function mapLines(
  name: string,
  type: string,
  verdicts: ReadonlyMap<string, string> = new Map(),
): string[] {
  const elements = [...(verdicts ?? [])].map(([element, verdict]) => `${element} : ${verdict}`);
  const list = elements.length === 0 ? [] : [`elements = { ${elements.join(",\n      ")} }`];
  return block(`map ${name}`, [`type ${type}`, ...list]);
}

function block(head: string, lines: readonly string[]): string[] {
  return [`  ${head} {`, ...lines.map((line) => `    ${line}`), "  }"];
}

const NODE_PORT_LOOKUPS: readonly string[] = [
  // Not for loopback addresses: what comes from there cannot be sent on.
  "fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @node_ports_4",
  "fib daddr type local ip6 daddr != ::1 meta l4proto . th dport vmap @node_ports_6",
];
const SERVICE_LOOKUPS: readonly string[] = [
  "ip daddr . meta l4proto . th dport vmap @services_4",
  "ip6 daddr . meta l4proto . th dport vmap @services_6",
  ...NODE_PORT_LOOKUPS,
];
const REFUSALS: readonly string[] = [
  "ct state new ip daddr . meta l4proto . th dport vmap @refused_4",
  "ct state new ip6 daddr . meta l4proto . th dport vmap @refused_6",
];
/** What is left for a service's address is for a port that it does not have. */
const NO_SUCH_PORT: readonly string[] = [
  "ct state new ip daddr vmap @cluster_ips_4",
  "ct state new ip6 daddr vmap @cluster_ips_6",
];
const NODE_PORT_REFUSALS: readonly string[] = [
  "ct state new fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @refused_node_ports_4",
  "ct state new fib daddr type local ip6 daddr != ::1 meta l4proto . th dport vmap @refused_node_ports_6",
];

const BASE_CHAINS: readonly (readonly [string, readonly string[]])[] = [
  ["prerouting", ["type nat hook prerouting priority dstnat;", ...SERVICE_LOOKUPS]],
  ["output", ["type nat hook output priority -100;", ...SERVICE_LOOKUPS]],
  [
    "postrouting",
    [
      "type nat hook postrouting priority srcnat;",
      `meta mark & ${MASQUERADE_MARK} == 0 return`,
      // Once: a tunnel would bring the packet here again.
      `meta mark set meta mark ^ ${MASQUERADE_MARK}`,
      "masquerade fully-random",
    ],
  ],
  // After all translation: what has found an endpoint is not for a service's address any more.
  ["filter_forward", ["type filter hook forward priority 0;", ...REFUSALS, ...NO_SUCH_PORT]],
  ["filter_output", ["type filter hook output priority 0;", ...REFUSALS, ...NO_SUCH_PORT]],
  ["filter_input", ["type filter hook input priority 0;", ...REFUSALS, ...NODE_PORT_REFUSALS]],
];

function markForMasquerade(): string {
  return `meta mark set meta mark | ${MASQUERADE_MARK}`;
}

function wordOf(family: IpFamily): "ip" | "ip6" {
  return family === 4 ? "ip" : "ip6";
}

function backendId(service: string, { address, port }: Backend): string {
  return `endpoint_${service}_${hash(`${address.key} ${port}`)}`;
}

function affinityOf(endpoint: string, seconds: number): string {
  return `${endpoint.replace("endpoint", "clients")}_${seconds}`;
}

/** Names of services are too long for chains, and have characters that nft has not. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
