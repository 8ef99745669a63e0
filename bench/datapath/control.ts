import { Cidr, type IpAddress, type MacAddress } from "#base";
import {
  type Datapath,
  type EndpointRow,
  blockTable,
  endpointTable,
  ipcacheTable,
  NodeDatapath,
} from "#datapath";
import { Labels, Selector } from "#identity";
import {
  defaultPolicyOptions,
  type ImportedPolicy,
  type PeerSelector,
  PolicyEngine,
  type PolicyRule,
} from "#policy";
import { StateDb } from "#statedb";

const TCP = 6;
const HTTP = 80;
const HTTPS = 443;
/** Remote identities are of one of so many slices, by which policies tell them apart. */
const SLICES = 100;
const FIRST_REMOTE_IDENTITY = 100_000;
const FIRST_OTHER_PORT = 8000;

/** What the agent says of a pod. */
interface ControlledPod {
  readonly slot: number;
  readonly identity: number;
  readonly mac: MacAddress;
  readonly hostMac: MacAddress;
  readonly ipv4: IpAddress;
  readonly ipv6: IpAddress;
}

/** A node as its agent has it: tables and a policy engine, which the maps follow. */
export class Control implements AsyncDisposable {
  readonly #db = new StateDb([endpointTable, ipcacheTable, blockTable]);
  readonly #engine = new PolicyEngine(defaultPolicyOptions);
  readonly #node: NodeDatapath;

  constructor(datapath: Datapath) {
    this.#node = new NodeDatapath({ datapath, db: this.#db });
    this.#node.start();
    this.#node.declareFull();
  }

  async addPods(pods: readonly ControlledPod[]): Promise<void> {
    for (const { identity } of pods) {
      const labels = Labels.parse("k8s:app=bench", `k8s:instance=i-${identity}`);
      this.#engine.upsertIdentity({ id: identity, labels });
      const subject = { key: subjectOf(identity), kind: "pod", labels } as const;
      this.#engine.upsertSubject({ ...subject, namedPorts: new Map() });
    }
    this.commit();
    this.#db.write((transaction) => {
      for (const pod of pods) transaction.insert(endpointTable, endpointRow(pod));
    });
    await this.#node.settled();
  }

  async removePods(pods: readonly ControlledPod[]): Promise<void> {
    this.#db.write((transaction) => {
      for (const pod of pods)
        transaction.delete(endpointTable, endpointTable.key(endpointRow(pod)));
    });
    await this.#node.settled();
    for (const { identity } of pods) {
      this.#engine.removeSubject(subjectOf(identity));
      this.#engine.removeIdentity(identity);
    }
    this.commit();
    await this.#node.retired();
  }

  /** An identity for each of `count` addresses in a row. */
  async addRemotes(count: number, addressAt: (at: number) => IpAddress): Promise<void> {
    const remotes = Array.from({ length: count }, (_, at) => FIRST_REMOTE_IDENTITY + at);
    for (const [at, id] of remotes.entries()) {
      const slice = `k8s:slice=s-${at % SLICES}`;
      const labels = Labels.parse("k8s:role=remote", `k8s:instance=r-${at}`, slice);
      this.#engine.upsertIdentity({ id, labels });
    }
    this.commit();
    this.#db.write((transaction) => {
      for (const [at, identity] of remotes.entries())
        transaction.insert(ipcacheTable, { prefix: Cidr.of(addressAt(at)), identity });
    });
    await this.#node.settled();
  }

  /** Pods may talk to each other and to remotes on port 80; and to whom it may concern on another. */
  allowEachOther(otherPort: number = HTTPS): void {
    const peers = [peer("app", "bench"), peer("role", "remote")];
    const rules = both((direction) => [
      { direction, peers, ports: tcp(HTTP) },
      { direction, peers: [peer("app", "bench")], ports: "any" },
      { direction, peers: "any", ports: tcp(otherPort) },
    ]);
    this.#engine.upsertPolicy(policyOf("each-other", rules));
    this.commit();
  }

  /** More policies for the same pods: each of a slice of the remotes, on a port of its own. */
  addPolicies(count: number): void {
    for (let at = 0; at < count; at++) {
      const peers = [peer("slice", `s-${at % SLICES}`)];
      const ports = tcp(FIRST_OTHER_PORT + at);
      const rules = both((direction) => [{ direction, peers, ports }]);
      this.#engine.upsertPolicy(policyOf(`other-${at}`, rules));
    }
    this.commit();
  }

  commit(): void {
    this.#node.commitPolicy(this.#engine.commit());
  }

  /** Nothing is left to be done, also of what was replaced. */
  retired(): Promise<void> {
    return this.#node.retired();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node[Symbol.asyncDispose]();
  }
}

function subjectOf(identity: number): string {
  return `pod-${identity}`;
}

function endpointRow(pod: ControlledPod): EndpointRow {
  const { slot, identity, mac, hostMac, ipv4, ipv6 } = pod;
  const addresses = { mac, hostMac, ipv4, ipv6 };
  const name = `bench/pod-${slot}`;
  return { id: slot, name, slot, ...addresses, identity, subject: subjectOf(identity) };
}

type Rule = Omit<PolicyRule, "ref" | "effect">;

function both(make: (direction: "ingress" | "egress") => readonly Rule[]): Rule[] {
  return [...make("ingress"), ...make("egress")];
}

function peer(key: string, value: string): PeerSelector {
  return { kind: "labels", selector: selecting(key, value) };
}

function selecting(key: string, value: string): Selector {
  return Selector.of([{ source: "k8s", key, operator: "In", values: [value] }]);
}

function tcp(port: number): PolicyRule["ports"] {
  return [{ protocol: TCP, port: { first: port, last: port } }];
}

function policyOf(name: string, rules: readonly Rule[]): ImportedPolicy {
  const ref = { kind: "CiliumClusterwideNetworkPolicy", namespace: "", name } as const;
  return {
    ref,
    findings: [],
    specs: [
      {
        ref: { policy: ref, path: "spec" },
        subject: { kind: "pod", selector: selecting("app", "bench") },
        rules: rules.map((rule, at): PolicyRule => {
          const path = `spec.${rule.direction}[${at}]`;
          return { ...rule, ref: { policy: ref, path }, effect: "allow" };
        }),
        defaultDeny: { ingress: true, egress: true },
        isAudit: false,
      },
    ],
  };
}
