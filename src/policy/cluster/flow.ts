/** A flow between two parties: whose policy is asked, and about which identities. */
import type { PolicyEngine } from "../engine/policy-engine.ts";
import type { Direction } from "../rule.ts";
import type { NamedPorts, Subject } from "../subject.ts";
import type { L7Request } from "../l7/request.ts";
import type { NodeFact, PodFact } from "./cluster-facts.ts";
import type { ClusterIdentities } from "./identities.ts";
import { onlyNode, type Party } from "./party.ts";
import type { Inventory } from "./inventory.ts";

export interface Side {
  readonly party: Party;
  /** What the other side's policy sees. */
  readonly peers: readonly number[];
  /** Whose policy is asked; none where nobody here enforces any. */
  readonly subject: Subject | undefined;
}

export interface Flow {
  readonly from: Side;
  readonly to: Side;
  readonly protocol: number;
  readonly port: number;
  readonly request: L7Request | undefined;
  /** A pod that talks to itself never meets a policy. */
  readonly isSelf: boolean;
}

/** Subjects and identities of parties. Names that nobody asked about yet become identities. */
export class FlowFinder {
  readonly #inventory: Inventory;
  readonly #identities: ClusterIdentities;
  readonly #engine: PolicyEngine;
  readonly #subjects = new Map<string, Subject>();

  constructor(inventory: Inventory, identities: ClusterIdentities, engine: PolicyEngine) {
    this.#inventory = inventory;
    this.#identities = identities;
    this.#engine = engine;
    for (const pod of inventory.pods.values()) {
      if (!pod.isHostNetwork) this.#addSubject(`pod ${pod.key}`, podSubject(pod, identities));
    }
    for (const node of inventory.nodes.values()) {
      this.#addSubject(`node ${node.name}`, nodeSubject(node, identities));
    }
  }

  get subjects(): ReadonlyMap<string, Subject> {
    return this.#subjects;
  }

  find(from: Party, to: Party, protocol: number, port: number, request?: L7Request): Flow {
    return {
      from: this.#side(from, to),
      to: this.#side(to, from),
      protocol,
      port,
      request,
      isSelf: isSame(from, to),
    };
  }

  #addSubject(who: string, subject: Subject): void {
    this.#subjects.set(who, subject);
    this.#engine.upsertSubject(subject);
  }

  #side(party: Party, other: Party): Side {
    switch (party.kind) {
      case "pod": {
        const subject = this.#subjects.get(`pod ${party.pod.key}`);
        return { party, peers: this.#identities.ofPod(party.pod), subject };
      }
      case "node": {
        const isLocal = this.#isOnNode(other, party.node);
        const subject = this.#subjects.get(`node ${party.node.name}`);
        return { party, peers: this.#identities.ofNode(party.node, isLocal), subject };
      }
      case "address":
        return { party, peers: this.#identities.ofAddress(party.address), subject: undefined };
      case "fqdn":
        return { party, peers: this.#peersOfName(party.name), subject: undefined };
      case "entity":
        return { party, peers: this.#identities.ofEntity(party.name), subject: undefined };
      case "service":
        break;
    }
    return { party, peers: [], subject: undefined };
  }

  #peersOfName(name: string): number[] {
    const { ids, added } = this.#identities.ofName(name);
    if (added !== undefined) {
      this.#engine.upsertIdentity(added);
      this.#engine.commit();
    }
    return ids;
  }

  /** Pods that say no node are on the only one that there is. */
  #isOnNode(party: Party, node: NodeFact): boolean {
    if (party.kind === "node") return party.node.name === node.name;
    if (party.kind !== "pod") return false;
    const name = party.pod.node ?? onlyNode(this.#inventory)?.name;
    return name !== undefined && name === node.name;
  }
}

function isSame(from: Party, to: Party): boolean {
  if (from.kind === "pod") return to.kind === "pod" && to.pod.key === from.pod.key;
  return from.kind === "node" && to.kind === "node" && to.node.name === from.node.name;
}

function podSubject(pod: PodFact, identities: ClusterIdentities): Subject {
  const labels = identities.labelsOf(pod);
  const key = `${labels.text}|${portsText(pod.namedPorts)}`;
  return { key, kind: "pod", labels, namedPorts: pod.namedPorts };
}

function nodeSubject(node: NodeFact, identities: ClusterIdentities): Subject {
  const labels = identities.hostLabels(node);
  return { key: `node|${labels.text}`, kind: "node", labels, namedPorts: new Map() };
}

function portsText(ports: NamedPorts): string {
  return [...ports]
    .map(([name, port]) => `${name}=${port}`)
    .toSorted()
    .join(",");
}

/** Whose policy decides about a direction, and whom that policy sees there. */
export function sidesOf(flow: Flow, direction: Direction): { own: Side; peer: Side } {
  return direction === "egress"
    ? { own: flow.from, peer: flow.to }
    : { own: flow.to, peer: flow.from };
}
