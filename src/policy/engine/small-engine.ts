/** Four identities and one subject, for tests of what a state makes of rules. */
import { assertDefined, Cidr } from "#base";
import { Labels, Selector } from "#identity";
import type { Entry } from "../map-state.ts";
import { defaultPolicyOptions, type PolicyOptions } from "../options.ts";
import { type PolicyRule, type PolicySpec, PROTOCOL } from "../rule.ts";
import type { PeerIdentity, Subject } from "../subject.ts";
import { judge, type Judgement } from "./judge.ts";
import { PolicyEngine } from "./policy-engine.ts";
import type { SubjectState } from "./subject-state.ts";

export const HOST = 1;
export const WEB = 300;
export const DB = 301;
export const NAME = 302;
const identities: readonly PeerIdentity[] = [
  { id: HOST, labels: Labels.parse("reserved:host") },
  { id: WEB, labels: Labels.parse("k8s:app=web"), namedPorts: new Map([["http/TCP", 8080]]) },
  { id: DB, labels: Labels.parse("k8s:app=db"), namedPorts: new Map([["http/TCP", 9090]]) },
  {
    id: NAME,
    labels: Labels.parse("fqdn:x.io.", "reserved:world"),
    cidr: Cidr.parse("1.1.1.1/32"),
  },
];

const me: Subject = {
  key: "me",
  kind: "pod",
  labels: Labels.parse("k8s:app=me"),
  namedPorts: new Map([["own/TCP", 7000]]),
};

/** Peers with that label `app`. */
export function app(name: string): { kind: "labels"; selector: Selector } {
  return { kind: "labels", selector: Selector.fromKube({ matchLabels: { app: name } }) };
}

export function tcp(first: number, last = first): { ports: PolicyRule["ports"] } {
  return { ports: [{ protocol: PROTOCOL.tcp, port: { first, last } }] };
}

/** A rule in what it says otherwise than: everybody may be sent everything. */
export type Draft = Partial<Omit<PolicyRule, "ref">>;

export function spec(
  name: string,
  drafts: readonly Draft[],
  rest: Partial<PolicySpec> = {},
): PolicySpec {
  const policy = { kind: "CiliumNetworkPolicy" as const, namespace: "default", name };
  return {
    ref: { policy, path: "spec" },
    subject: { kind: "pod", selector: Selector.all },
    rules: drafts.map((draft, at) => ({
      ref: { policy, path: `rules[${at}]` },
      direction: "egress",
      effect: "allow",
      peers: "any",
      ports: "any",
      ...draft,
    })),
    defaultDeny: { ingress: false, egress: true },
    isAudit: false,
    ...rest,
  };
}

export function engineOf(
  specs: readonly PolicySpec[],
  options: Partial<PolicyOptions> = {},
  subject: Partial<Subject> = {},
): PolicyEngine {
  const engine = new PolicyEngine({ ...defaultPolicyOptions, ...options });
  for (const one of identities) engine.upsertIdentity(one);
  for (const one of specs) engine.upsertPolicy({ ref: one.ref.policy, specs: [one], findings: [] });
  engine.upsertSubject({ ...me, ...subject });
  engine.commit();
  return engine;
}

/** Of the subject, once these select it. */
export function stateOf(
  specs: readonly PolicySpec[],
  options: Partial<PolicyOptions> = {},
  subject: Partial<Subject> = {},
): SubjectState {
  return stateIn(engineOf(specs, options, subject));
}

export function stateIn(engine: PolicyEngine): SubjectState {
  return assertDefined(engine.state(me.key), "the subject has a state once committed");
}

/** What the subject's egress policy says. */
export function ask(
  state: SubjectState,
  peer: number,
  port = 80,
  protocol: number = PROTOCOL.tcp,
): Judgement {
  return judge(state, { direction: "egress", peers: [peer], protocol, port });
}

/** As `identity protocol port/prefix effect`, in order. */
export function entryTexts(state: SubjectState, direction: Entry["key"]["direction"]): string[] {
  return [...state.entries()]
    .filter(({ key }) => key.direction === direction)
    .map(({ key: { identity, protocol, port, portPrefix }, value: { effect } }) => {
      return `${identity} ${protocol} ${port}/${portPrefix} ${effect}`;
    })
    .toSorted();
}
