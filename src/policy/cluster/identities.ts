/** Who is who in a model: identities of pods, nodes, addresses and names, and their numbers. */
import { Cidr, type IpAddress, type IpFamily } from "#base";
import {
  cidrGroupLabels,
  cidrLabels,
  CLUSTER_FIRST,
  fqdnLabel,
  fqdnMatcher,
  KEY,
  type Label,
  LabelFilter,
  Labels,
  normaliseFqdn,
  podLabels,
  PrefixTable,
  RESERVED,
  type ReservedName,
  reservedIdentities,
  SCOPE,
  worldIdentity,
  worldLabel,
} from "#identity";
import type { PolicyOptions } from "../options.ts";
import type { NamedPorts, PeerIdentity } from "../subject.ts";
import { NAMESPACE_NAME_LABEL, type NodeFact, type PodFact } from "./cluster-facts.ts";
import type { Inventory } from "./inventory.ts";
import type { PolicyPrefixes } from "./prefixes.ts";

const WORLD_PREFIX: Readonly<Record<IpFamily, Cidr>> = {
  4: Cidr.parse("0.0.0.0/0"),
  6: Cidr.parse("::/0"),
};

export class ClusterIdentities {
  readonly #options: PolicyOptions;
  readonly #prefixes: PolicyPrefixes;
  readonly #labelsOfPods = new Map<string, Labels>();
  readonly #idOfLabels = new Map<string, number>();
  readonly #all = new Map<number, PeerIdentity>();
  /** Identities of addresses that are neither pod nor node. */
  readonly #outside = new PrefixTable<number>();
  /** Second identities, of any address. */
  readonly #blocks = new PrefixTable<number>();
  readonly #names = new Map<string, number>();
  readonly #nodes = new Map<string, number>();
  readonly #apiServers: readonly IpAddress[];
  #nextCluster = CLUSTER_FIRST;
  #nextLocal = SCOPE.local + 1;
  #nextNode = SCOPE.remoteNode + 1;
  /** The local host where it is an API server too. */
  readonly #hostApiServer: number;

  constructor(inventory: Inventory, prefixes: PolicyPrefixes, options: PolicyOptions) {
    this.#options = options;
    this.#prefixes = prefixes;
    this.#apiServers = inventory.apiServers;
    for (const reserved of reservedIdentities(options)) this.#all.set(reserved.id, reserved);
    this.#hostApiServer = this.#addLocal(Labels.parse("reserved:host", "reserved:kube-apiserver"));
    this.#addNodes(inventory.nodes.values());
    this.#addPods(inventory);
    this.#addOutside(inventory);
    for (const block of prefixes.blocks) {
      if (this.#blocks.get(block) === undefined) this.#addBlock(block, Labels.empty, undefined);
    }
  }

  get all(): Iterable<PeerIdentity> {
    return this.#all.values();
  }

  get(id: number): PeerIdentity | undefined {
    return this.#all.get(id);
  }

  /** The labels that policies know a pod by. */
  labelsOf(pod: PodFact): Labels {
    return this.#labelsOfPods.get(pod.key) ?? Labels.empty;
  }

  /** A pod's identity, and the second one of its address, if there is one. */
  ofPod(pod: PodFact): number[] {
    const id = this.#idOfLabels.get(this.labelsOf(pod).text);
    const block = this.blockOf(pod.addresses[0]);
    return [id, block].filter((each) => each !== undefined);
  }

  /** What a node is to somebody on it (`isLocal`) or elsewhere. */
  ofNode(node: NodeFact, isLocal: boolean): number[] {
    const isApiServer = node.addresses.some((address) => this.isApiServer(address));
    const block = this.blockOf(node.addresses[0]);
    const ids: (number | undefined)[] = isLocal
      ? [RESERVED.host, isApiServer ? this.#hostApiServer : undefined]
      : [
          isApiServer
            ? RESERVED["kube-apiserver"]
            : (this.#nodes.get(node.name) ?? RESERVED["remote-node"]),
        ];
    return [...ids, block].filter((each) => each !== undefined);
  }

  /** Of an address that is neither pod nor node. */
  ofAddress(address: IpAddress): number[] {
    const id =
      this.#outside.lookup(address)?.value ?? worldIdentity(address.family, this.#options.families);
    const block = this.blockOf(address);
    return block === undefined ? [id] : [id, block];
  }

  /** Of the world, any address of it: what is in no range but those that hold every address. */
  ofEntity(name: ReservedName): number[] {
    const id = RESERVED[name];
    const family = this.#options.families.find(
      (each) => worldIdentity(each, this.#options.families) === id,
    );
    return family === undefined ? [id] : [id, ...this.#everywhere(family)];
  }

  #everywhere(family: 4 | 6): number[] {
    const block = this.#blocks.get(WORLD_PREFIX[family]);
    return block === undefined ? [] : [block];
  }

  /** Of the addresses that DNS tells for a name; `added` is an identity that was not there yet. */
  ofName(text: string): { ids: number[]; added?: PeerIdentity } {
    const name = normaliseFqdn(text);
    const patterns = this.#prefixes.fqdns.filter((pattern) => fqdnMatcher(pattern)(name));
    const family = this.#options.families[0] ?? 4;
    const more = this.#everywhere(family);
    if (patterns.length === 0)
      return { ids: [worldIdentity(family, this.#options.families), ...more] };
    const key = patterns.join(" ");
    const known = this.#names.get(key);
    if (known !== undefined) return { ids: [known, ...more] };
    const labels = Labels.of([
      ...patterns.map((pattern) => fqdnLabel(pattern)),
      worldLabel(family, this.#options.families),
    ]);
    const id = this.#addLocal(labels, { cidr: WORLD_PREFIX[family] });
    this.#names.set(key, id);
    const added = this.#all.get(id);
    return added === undefined ? { ids: [id, ...more] } : { ids: [id, ...more], added };
  }

  /** What policies for nodes select a node by. */
  hostLabels(node: NodeFact): Labels {
    return Labels.of([
      ...Labels.parse("reserved:host"),
      ...Object.entries(node.labels).map(([key, value]) => ({ source: "k8s", key, value })),
    ]);
  }

  isApiServer(address: IpAddress): boolean {
    return this.#apiServers.some((each) => each.equals(address));
  }

  blockOf(address: IpAddress | undefined): number | undefined {
    return address === undefined ? undefined : this.#blocks.lookup(address)?.value;
  }

  /** Nodes have identities of their own only where policies may select them by their labels. */
  #addNodes(nodes: Iterable<NodeFact>): void {
    if (!this.#options.enableNodeSelectorLabels) return;
    for (const node of nodes) {
      const labels = Labels.of([
        ...Labels.parse("reserved:remote-node"),
        { source: "k8s", key: KEY.cluster, value: this.#options.clusterName },
        ...Object.entries(node.labels).map(([key, value]) => ({ source: "node", key, value })),
      ]);
      const id = this.#nextNode++;
      this.#all.set(id, { id, labels });
      this.#nodes.set(node.name, id);
    }
  }

  #addPods(inventory: Inventory): void {
    const filter = new LabelFilter();
    const groups = new Map<string, { labels: Labels; pods: PodFact[] }>();
    for (const pod of inventory.pods.values()) {
      const labels = filter.filter(
        podLabels({
          labels: pod.labels,
          namespace: pod.namespace,
          namespaceLabels: inventory.namespaces.get(pod.namespace) ?? {
            [NAMESPACE_NAME_LABEL]: pod.namespace,
          },
          serviceAccount: pod.serviceAccount,
          cluster: this.#options.clusterName,
        }),
      );
      this.#labelsOfPods.set(pod.key, labels);
      if (pod.isHostNetwork) continue;
      const group = groups.get(labels.text);
      if (group === undefined) groups.set(labels.text, { labels, pods: [pod] });
      else group.pods.push(pod);
    }
    for (const { labels, pods } of groups.values()) this.#addPodIdentity(labels, pods);
  }

  #addPodIdentity(labels: Labels, pods: readonly PodFact[]): void {
    const id = this.#nextCluster++;
    const namedPorts = commonPorts(pods);
    this.#all.set(id, { id, labels, namedPorts });
    this.#idOfLabels.set(labels.text, id);
    // Where one number for the identity would be wrong, the pods are told apart by address.
    for (const pod of pods) {
      const needsOwn = [...pod.namedPorts.keys()].some(
        (name) =>
          this.#prefixes.blockPorts.has(name) ||
          (this.#prefixes.peerPorts.has(name) && !namedPorts.has(name)),
      );
      if (!needsOwn) continue;
      for (const address of pod.addresses) {
        this.#addBlock(Cidr.of(address), labels, pod.namedPorts);
      }
    }
  }

  #addOutside(inventory: Inventory): void {
    for (const cidr of this.#prefixes.cidrs) {
      if (cidr.prefixLength > 0) this.#addCidr(cidr, inventory, []);
    }
    for (const group of inventory.facts.cidrGroups.values()) {
      for (const text of group.cidrs) {
        const cidr = Cidr.tryParse(text);
        if (cidr !== undefined && cidr.prefixLength > 0) this.#addCidr(cidr, inventory, []);
      }
    }
    const nodes = new Set(
      [...inventory.nodes.values()].flatMap((node) => node.addresses.map((each) => each.key)),
    );
    for (const address of inventory.apiServers) {
      if (nodes.has(address.key)) continue;
      this.#addCidr(Cidr.of(address), inventory, [...Labels.parse("reserved:kube-apiserver")]);
    }
  }

  #addCidr(cidr: Cidr, inventory: Inventory, more: readonly Label[]): void {
    if (more.length === 0 && this.#outside.get(cidr) !== undefined) return;
    const labels = cidrLabels(cidr, this.#options.families).withLabels([
      ...groupLabels(cidr, inventory),
      ...more,
    ]);
    this.#outside.set(cidr, this.#addLocal(labels, { cidr }));
  }

  #addBlock(block: Cidr, labels: Labels, namedPorts: NamedPorts | undefined): void {
    const own = { source: "ipblock", key: block.key, value: "" };
    const ports = namedPorts === undefined ? {} : { namedPorts };
    this.#blocks.set(block, this.#addLocal(labels.withLabels([own]), { block, ...ports }));
  }

  #addLocal(labels: Labels, more: Partial<PeerIdentity> = {}): number {
    const id = this.#nextLocal++;
    this.#all.set(id, { ...more, id, labels });
    return id;
  }
}

/** Labels of the groups that a range is in, as Cilium gives them to the addresses of a group. */
function groupLabels(cidr: Cidr, inventory: Inventory): Label[] {
  const labels: Label[] = [];
  for (const [name, group] of inventory.facts.cidrGroups) {
    const isIn = group.cidrs.some((text) => Cidr.tryParse(text)?.containsCidr(cidr) === true);
    if (isIn) labels.push(...cidrGroupLabels(name, group.labels));
  }
  return labels;
}

/** Named ports that all of the pods have, with one number. */
function commonPorts(pods: readonly PodFact[]): NamedPorts {
  const common = new Map(pods[0]?.namedPorts);
  for (const pod of pods) {
    for (const [name, port] of common) if (pod.namedPorts.get(name) !== port) common.delete(name);
  }
  return common;
}
