/** A cluster made of its objects, and what its policies say of flows in it. */
import { AppError, quote } from "#base";
import type { KnownObject } from "#kube/types";
import { judge, type Judgement } from "../engine/judge.ts";
import { PolicyEngine } from "../engine/policy-engine.ts";
import { importPolicy } from "../import/import-policy.ts";
import { L7Matcher } from "../l7/l7-matcher.ts";
import { defaultPolicyOptions, type PolicyOptions } from "../options.ts";
import type { Direction, ImportedPolicy, RuleRef } from "../rule.ts";
import type { PeerIdentity, Subject } from "../subject.ts";
import { namedPortKey, protocolName, protocolNumber } from "./cluster-facts.ts";
import { type Flow, FlowFinder, type Side, sidesOf } from "./flow.ts";
import { ClusterIdentities } from "./identities.ts";
import { type Inventory, takeInventory } from "./inventory.ts";
import { type Party, podParty, resolveParty } from "./party.ts";
import { collectPrefixes } from "./prefixes.ts";
import { judgeRequest, type RequestVerdict } from "./request-verdict.ts";
import type { PortNames } from "./rule-match.ts";
import { serviceTarget } from "./service-target.ts";
import type { Because, BecauseEffect, FlowQuestion, Outcome, Verdict } from "./verdict.ts";

const MAX_PORT = 65_535;

/** What is computed from the objects as they are now. */
interface Computed {
  readonly inventory: Inventory;
  readonly policies: readonly ImportedPolicy[];
  readonly identities: ClusterIdentities;
  readonly engine: PolicyEngine;
  readonly flows: FlowFinder;
  readonly clusterPorts: ReadonlyMap<string, number | undefined>;
}

/** What one side's policy says. */
export interface DirectionVerdict {
  readonly outcome: Outcome;
  /** Undefined where nobody is asked. */
  readonly judgement: Judgement | undefined;
  readonly request: RequestVerdict | undefined;
  readonly because: readonly Because[];
}

export interface ObjectRef {
  readonly kind: KnownObject["kind"];
  readonly namespace?: string;
  readonly name: string;
}

export class ClusterModel {
  readonly options: PolicyOptions;
  readonly #objects = new Map<string, KnownObject>();
  readonly #matcher = new L7Matcher();
  #computed: Computed | undefined;

  private constructor(options: PolicyOptions) {
    this.options = options;
  }

  /** Of objects as `parseObject` gives them; of two with one name, the last counts. */
  static of(objects: Iterable<KnownObject>, options: Partial<PolicyOptions> = {}): ClusterModel {
    const model = new ClusterModel({ ...defaultPolicyOptions, ...options });
    for (const object of objects) model.upsert(object);
    return model;
  }

  /** Everything is computed anew when the model is asked next. */
  upsert(object: KnownObject): void {
    this.#objects.set(keyOf(object.kind, object.metadata.namespace, object.metadata.name), object);
    this.#computed = undefined;
  }

  remove(ref: ObjectRef): boolean {
    this.#computed = undefined;
    return this.#objects.delete(keyOf(ref.kind, ref.namespace, ref.name));
  }

  get objects(): Iterable<KnownObject> {
    return this.#objects.values();
  }

  get inventory(): Inventory {
    return this.#compute().inventory;
  }

  /** With their findings; those with an error among them have no rules. */
  get policies(): readonly ImportedPolicy[] {
    return this.#compute().policies;
  }

  get identities(): Iterable<PeerIdentity> {
    return this.#compute().identities.all;
  }

  /** By `pod namespace/name` and `node name`. */
  get subjects(): ReadonlyMap<string, Subject> {
    return this.#compute().flows.subjects;
  }

  /** Throws PartyError for a party that nobody knows, AppError for a port that is none. */
  verdict(question: FlowQuestion): Verdict {
    const { flow, names, notes } = this.flowOf(question);
    return this.#verdictOf(flow, names, notes);
  }

  /** The flow that a question is about, with Services and names looked up. */
  flowOf(question: FlowQuestion): {
    flow: Flow;
    names: { from: string; to: string };
    notes: string[];
  } {
    const { inventory, flows } = this.#compute();
    const protocol = protocolNumber(question.protocol);
    if (protocol === undefined) {
      const text = quote(question.protocol ?? "");
      throw new AppError("bad-protocol", `${text} is no protocol: write TCP, UDP, SCTP or ICMP`);
    }
    const { port: asked, request } = question;
    if (!Number.isInteger(asked) || asked < 0 || asked > MAX_PORT) {
      throw new AppError("bad-port", `${asked} is no port: write a number from 0 to ${MAX_PORT}`);
    }
    const from = resolveParty(question.from, inventory);
    let to = resolveParty(question.to, inventory);
    let port = asked;
    const names = { from: from.name, to: to.name };
    const notes: string[] = [];
    if (from.kind === "service") {
      throw new AppError("service-source", `${from.name} is a Service, and no flow begins there`);
    }
    if (to.kind === "service") {
      const target = serviceTarget(to.service, protocol, port, inventory);
      notes.push(target.note);
      ({ party: to, port } = target);
    }
    for (const party of [from, to]) {
      if (party.kind !== "pod" || !inventory.madeUp.has(party.pod.key)) continue;
      const address = party.pod.addresses[0]?.toString() ?? "";
      notes.push(`${party.pod.key} has no status.podIP: taken to be ${address}`);
    }
    return { flow: flows.find(from, to, protocol, port, request), names, notes };
  }

  /** Every pair of pods on every port that the destination's containers declare. */
  matrix(): Verdict[] {
    const { inventory, flows } = this.#compute();
    const pods = [...inventory.pods.values()];
    const parties = pods.map((pod): [Party, typeof pod] => [podParty(pod, inventory), pod]);
    const verdicts: Verdict[] = [];
    for (const [from, source] of parties) {
      for (const [to, pod] of parties) {
        for (const { port, protocol } of pod.ports) {
          const flow = flows.find(from, to, protocol, port);
          verdicts.push(this.#verdictOf(flow, { from: source.key, to: pod.key }, []));
        }
      }
    }
    return verdicts;
  }

  /** What the policy of one side says of a flow. */
  judgeDirection(flow: Flow, direction: Direction): DirectionVerdict {
    const { engine } = this.#compute();
    const { own, peer } = sidesOf(flow, direction);
    const state = own.subject === undefined ? undefined : engine.state(own.subject.key);
    if (flow.isSelf || state === undefined) {
      return { outcome: "allowed", judgement: undefined, request: undefined, because: [] };
    }
    const { protocol, port } = flow;
    const judgement = judge(state, { direction, peers: peer.peers, protocol, port });
    const { origin } = judgement;
    const because: Because[] = [];
    const add = (refs: readonly RuleRef[], effect: BecauseEffect): void => {
      for (const ref of refs) because.push(becauseOf(direction, ref, effect));
    };
    const isRedirect = judgement.redirect !== undefined && !judgement.isVisibility;
    if (judgement.isAudit) add(origin?.auditedBy ?? [], "audit");
    if (judgement.reason === "deny") add(origin?.deniedBy ?? [], "deny");
    else if (judgement.reason === "no-allow") add(judgement.defaultDenyBy, "default-deny");
    else add(origin?.allowedBy ?? [], isRedirect ? "redirect" : "allow");
    const isDefaultDeny = state.isDefaultDeny(direction);
    const request = isRedirect
      ? this.judgeRequest(flow, direction, own, peer, isDefaultDeny)
      : undefined;
    const isRefused = request !== undefined && !request.allowed;
    if (isRefused) add(request.by, "refuse");
    const outcome = isRefused ? "denied" : judgement.verdict;
    return { outcome, judgement, request, because };
  }

  /** What names of ports mean to the policy of `own` about `peer`. */
  portNames(own: Side, peer: Side): PortNames | undefined {
    const { identities, clusterPorts } = this.#compute();
    if (own.subject === undefined) return undefined;
    return {
      subject: own.subject,
      peers: peersOf(peer, identities),
      cluster: (key) => clusterPorts.get(key),
    };
  }

  private judgeRequest(
    flow: Flow,
    direction: Direction,
    own: Side,
    peer: Side,
    isDefaultDeny: boolean,
  ): RequestVerdict | undefined {
    const names = this.portNames(own, peer);
    if (flow.request === undefined || names === undefined) return undefined;
    const { subject, peers } = names;
    const { protocol, port } = flow;
    const question = { direction, subject, peers, protocol, port, names, isDefaultDeny };
    return judgeRequest(this.policies, question, flow.request, this.#matcher);
  }

  #verdictOf(flow: Flow, names: { from: string; to: string }, notes: readonly string[]): Verdict {
    const egress = this.judgeDirection(flow, "egress");
    const ingress = this.judgeDirection(flow, "ingress");
    const both = [egress, ingress];
    const isAllowed = both.every(({ outcome }) => outcome === "allowed");
    const isL7 = both.some(
      ({ judgement }) => judgement?.redirect !== undefined && !judgement.isVisibility,
    );
    const authentication = both
      .map(({ judgement }) => judgement?.authentication)
      .find((mode) => mode !== undefined && mode !== "disabled");
    const told = flow.isSelf
      ? ["self: what a pod sends to itself never leaves it", ...notes]
      : notes;
    return {
      from: names.from,
      to: names.to,
      protocol: protocolName(flow.protocol),
      port: flow.port,
      verdict: isAllowed ? "allowed" : "denied",
      egress: egress.outcome,
      ingress: ingress.outcome,
      ...(isL7 && both.every(({ judgement }) => judgement?.verdict !== "denied")
        ? { l7: true }
        : {}),
      because: both.flatMap(({ because }) => because),
      ...(isAllowed && both.some(({ judgement }) => judgement?.isAudit === true)
        ? { audit: true }
        : {}),
      ...(isAllowed && authentication !== undefined ? { authentication } : {}),
      ...(told.length === 0 ? {} : { note: told.join("; ") }),
    };
  }

  #compute(): Computed {
    this.#computed ??= computeModel([...this.#objects.values()], this.options);
    return this.#computed;
  }
}

function computeModel(objects: readonly KnownObject[], options: PolicyOptions): Computed {
  const inventory = takeInventory(objects, options);
  const policies = inventory.policies.map((policy) =>
    importPolicy(policy, inventory.facts, options),
  );
  const prefixes = collectPrefixes(policies, namedPortKey);
  const identities = new ClusterIdentities(inventory, prefixes, options);
  const engine = new PolicyEngine(options);
  for (const identity of identities.all) engine.upsertIdentity(identity);
  for (const policy of policies) engine.upsertPolicy(policy);
  const flows = new FlowFinder(inventory, identities, engine);
  engine.commit();
  const clusterPorts = new Map<string, number | undefined>();
  for (const pod of inventory.pods.values()) {
    if (pod.isHostNetwork) continue;
    for (const [key, port] of pod.namedPorts) {
      const isNew = !clusterPorts.has(key) || clusterPorts.get(key) === port;
      clusterPorts.set(key, isNew ? port : undefined);
    }
  }
  return { inventory, policies, identities, engine, flows, clusterPorts };
}

function peersOf(side: Side, identities: ClusterIdentities): PeerIdentity[] {
  return side.peers.map((id) => identities.get(id)).filter((each) => each !== undefined);
}

function becauseOf(direction: Direction, ref: RuleRef, effect: BecauseEffect): Because {
  const { kind, namespace, name } = ref.policy;
  return { direction, kind, namespace, name, rule: ref.path, effect };
}

/** Objects that name no namespace are in `default`; kinds of the whole cluster have none. */
function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace || "default"}/${name}`;
}
