import type { DnsConfig, Pod } from "./pod.ts";

/** What a container sees of names: its own, those in its files, and where it asks for others. */
const MANAGED = "# Kubernetes-managed hosts file.\n";
const MANAGED_HOST_NETWORK = "# Kubernetes-managed hosts file (host network).\n";
const LOCAL_LINES = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "fe00::0\tip6-mcastprefix",
  "fe00::1\tip6-allnodes",
  "fe00::2\tip6-allrouters",
];
const MAX_HOST_NAME = 63;

const CLUSTER_DOMAIN = "cluster.local";

/** The pod's host name: its own word for it, else its name, cut where a host name ends. */
function hostNameOf(pod: Pod): string {
  const name = pod.spec.hostname ?? pod.metadata.name;
  if (name.length <= MAX_HOST_NAME) return name;
  return name.slice(0, MAX_HOST_NAME).replace(/[-.]+$/, "");
}

/** What `hostname` says: with its domain, where the pod asks for that. */
export function kernelHostNameOf(pod: Pod): string {
  const domain = pod.spec.setHostnameAsFQDN === true ? hostDomainOf(pod) : undefined;
  const name = hostNameOf(pod);
  return domain === undefined ? name : `${name}.${domain}`;
}

/** The domain in which the pod has a name of its own, or undefined. */
function hostDomainOf(pod: Pod): string | undefined {
  const { subdomain } = pod.spec;
  if (subdomain === undefined || subdomain === "") return undefined;
  return `${subdomain}.${pod.metadata.namespace}.svc.${CLUSTER_DOMAIN}`;
}

/** /etc/hosts of a pod's containers. A pod in the host's network keeps the host's lines. */
export function hostsFile(pod: Pod, ips: readonly string[], hostFile: string): string {
  const aliases = aliasLines(pod);
  if (pod.spec.hostNetwork === true) return `${MANAGED_HOST_NETWORK}${hostFile}${aliases}`;
  const name = hostNameOf(pod);
  const domain = hostDomainOf(pod);
  const names = domain === undefined ? name : `${name}.${domain}\t${name}`;
  const own = ips.map((ip) => `${ip}\t${names}`);
  return `${MANAGED}${[...LOCAL_LINES, ...own].join("\n")}\n${aliases}`;
}

function aliasLines(pod: Pod): string {
  const { hostAliases = [] } = pod.spec;
  if (hostAliases.length === 0) return "";
  const lines = hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}

interface ResolverFacts {
  /** The address of the cluster's DNS, or none. */
  readonly clusterDns: readonly string[];
  /** The node's own /etc/resolv.conf. */
  readonly hostFile: string;
}

interface Resolver {
  servers: string[];
  searches: string[];
  options: string[];
}

/** /etc/resolv.conf of a pod's containers, by its DNS policy and configuration. */
export function resolverFile(pod: Pod, facts: ResolverFacts): string {
  const { dnsPolicy = "ClusterFirst", hostNetwork, dnsConfig } = pod.spec;
  const host = parseResolver(facts.hostFile);
  const isCluster =
    dnsPolicy === "ClusterFirstWithHostNet" ||
    (dnsPolicy === "ClusterFirst" && hostNetwork !== true);
  let resolver = host;
  if (dnsPolicy === "None") resolver = { servers: [], searches: [], options: [] };
  else if (isCluster && facts.clusterDns.length > 0) resolver = clusterResolver(pod, facts, host);
  addConfig(resolver, dnsConfig);
  const lines = [
    ...(resolver.searches.length > 0 ? [`search ${resolver.searches.join(" ")}`] : []),
    ...resolver.servers.map((server) => `nameserver ${server}`),
    ...(resolver.options.length > 0 ? [`options ${resolver.options.join(" ")}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function clusterResolver(pod: Pod, { clusterDns }: ResolverFacts, host: Resolver): Resolver {
  const cluster = [`${pod.metadata.namespace}.svc`, "svc"].map(
    (path) => `${path}.${CLUSTER_DOMAIN}`,
  );
  const searches = [...new Set([...cluster, CLUSTER_DOMAIN, ...host.searches])];
  return { servers: [...clusterDns], searches, options: ["ndots:5"] };
}

function addConfig(resolver: Resolver, config: DnsConfig = {}): void {
  resolver.servers = [...new Set([...resolver.servers, ...(config.nameservers ?? [])])];
  resolver.searches = [...new Set([...resolver.searches, ...(config.searches ?? [])])];
  for (const { name, value } of config.options ?? []) {
    resolver.options = resolver.options.filter((option) => option.split(":", 1)[0] !== name);
    resolver.options.push(value === undefined || value === "" ? name : `${name}:${value}`);
  }
}

function parseResolver(text: string): Resolver {
  const resolver: Resolver = { servers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [word = "", ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver" && rest[0] !== undefined) resolver.servers.push(rest[0]);
    else if (word === "search") resolver.searches = rest.filter((domain) => domain !== ".");
    else if (word === "options") resolver.options = rest;
  }
  return resolver;
}
