/** Random lives of a node: what its engine and its tables are told. */
import fc from "fast-check";
import { Cidr } from "#base";
import type { EndpointRow } from "#datapath";
import { Labels, Selector } from "#identity";
import type {
  ImportedPolicy,
  PeerIdentity,
  PeerSelector,
  PolicyRule,
  PolicySpec,
  PortMatch,
  Question,
  Subject,
} from "#policy";

const VALUES = ["a", "b"];
const IDENTITIES = [1, 300, 301, 302, 303];
const POLICIES = ["p", "q"];
const SUBJECTS = ["x", "y"];
const SLOTS = [5, 6, 7];
const RANGES = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"].map((text) => Cidr.parse(text));

const labels = fc
  .dictionary(fc.constantFrom("app", "tier"), fc.constantFrom(...VALUES))
  .map((pairs) =>
    Labels.of(Object.entries(pairs).map(([key, value]) => ({ source: "k8s", key, value }))),
  );
const namedPorts = fc
  .dictionary(fc.constantFrom("web/TCP"), fc.constantFrom(80, 8080))
  .map((pairs) => new Map(Object.entries(pairs)));
const range = fc.constantFrom(...RANGES);

const identity: fc.Arbitrary<PeerIdentity> = fc
  .record({
    id: fc.constantFrom(...IDENTITIES),
    labels,
    block: fc.option(range, { nil: undefined }),
    namedPorts,
  })
  .map(({ block, ...rest }) => ({ ...rest, ...(block === undefined ? {} : { block }) }));

const requirement = fc.record({
  source: fc.constant("k8s"),
  key: fc.constantFrom("app", "tier"),
  operator: fc.constantFrom("In" as const, "NotIn" as const, "Exists" as const),
  values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 2 }),
});
const selector = fc.array(requirement, { maxLength: 2 }).map((all) => Selector.of(all));
const peer: fc.Arbitrary<PeerSelector> = fc.oneof(
  { weight: 4, arbitrary: selector.map((one) => ({ kind: "labels" as const, selector: one })) },
  fc.record({ kind: fc.constant("block" as const), cidr: range, except: fc.constant([]) }),
);
const port: fc.Arbitrary<PortMatch> = fc.record({
  protocol: fc.constantFrom(6, 17),
  port: fc.oneof(
    fc.constantFrom({ first: 80, last: 80 }, { first: 0, last: 65535 }, { first: 64, last: 127 }),
    fc.record({
      name: fc.constant("web"),
      resolve: fc.constantFrom("own" as const, "peer" as const),
    }),
  ),
});
const redirect = fc.oneof(
  fc.constantFrom("http" as const, "kafka" as const).map((kind) => ({
    l7: { kind, rules: [] },
  })),
  fc.integer({ min: 1, max: 3 }).map((priority) => ({
    listener: { name: "l", config: "c", priority },
  })),
);

function ruleWith(asksForAuthentication: boolean) {
  const said = asksForAuthentication
    ? fc.constantFrom(undefined, "required" as const, "disabled" as const)
    : fc.constant(undefined);
  return fc.record({
    direction: fc.constantFrom("ingress" as const, "egress" as const),
    effect: fc.constantFrom("allow" as const, "allow" as const, "deny" as const),
    peers: fc.oneof(fc.constant("any" as const), fc.array(peer, { maxLength: 2 })),
    ports: fc.oneof(fc.constant("any" as const), fc.array(port, { maxLength: 2 })),
    redirect: fc.option(redirect, { nil: undefined }),
    authentication: said,
  });
}

function specWith(asksForAuthentication: boolean) {
  return fc.record({
    selector,
    rules: fc.array(ruleWith(asksForAuthentication), { maxLength: 4 }),
    ingress: fc.boolean(),
    egress: fc.boolean(),
    isAudit: fc.integer({ min: 0, max: 4 }).map((one) => one === 0),
  });
}

type Generated<T> = T extends fc.Arbitrary<infer U> ? U : never;
type Spec = Generated<ReturnType<typeof specWith>>;

function toPolicy(name: string, specs: readonly Spec[]): ImportedPolicy {
  const ref = { kind: "CiliumNetworkPolicy" as const, namespace: "default", name };
  return {
    ref,
    findings: [],
    specs: specs.map(
      (one, at): PolicySpec => ({
        ref: { policy: ref, path: `specs[${at}]` },
        subject: { kind: "pod", selector: one.selector },
        rules: one.rules.map(({ redirect: to, authentication, ...rest }, index): PolicyRule => {
          const isAllow = rest.effect === "allow";
          return {
            ...rest,
            ref: { policy: ref, path: `specs[${at}].rules[${index}]` },
            ...(to !== undefined && isAllow ? { redirect: to } : {}),
            ...(authentication !== undefined && isAllow ? { authentication } : {}),
          };
        }),
        defaultDeny: { ingress: one.ingress, egress: one.egress },
        isAudit: one.isAudit,
      }),
    ),
  };
}

export type Change =
  | { readonly kind: "identity"; readonly identity: PeerIdentity }
  | { readonly kind: "no-identity"; readonly id: number }
  | { readonly kind: "policy"; readonly policy: ImportedPolicy }
  | { readonly kind: "subject"; readonly subject: Subject }
  | { readonly kind: "no-subject"; readonly key: string }
  | {
      readonly kind: "endpoint";
      readonly slot: number;
      readonly subject: string;
      readonly more?: Partial<EndpointRow>;
    }
  | { readonly kind: "no-endpoint"; readonly slot: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "restart" }
  | { readonly kind: "commit" };

/** Both sorts: policies that ask for authentication are never edited in place. */
export const changes: fc.Arbitrary<Change[]> = fc
  .boolean()
  .chain((asksForAuthentication) =>
    fc.array(changeWith(asksForAuthentication), { minLength: 5, maxLength: 40, size: "max" }),
  );

function changeWith(asksForAuthentication: boolean): fc.Arbitrary<Change> {
  const one = <T extends Change>(weight: number, arbitrary: fc.Arbitrary<T>) => ({
    weight,
    arbitrary: arbitrary as fc.Arbitrary<Change>,
  });
  const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);
  const specs = fc.array(specWith(asksForAuthentication), { minLength: 1, maxLength: 2 });
  return fc.oneof(
    one(6, fc.record({ kind: kind("identity"), identity })),
    one(2, fc.record({ kind: kind("no-identity"), id: fc.constantFrom(...IDENTITIES) })),
    one(
      3,
      fc.tuple(fc.constantFrom(...POLICIES), specs).map(([name, all]) => {
        return { kind: "policy" as const, policy: toPolicy(name, all) };
      }),
    ),
    one(
      2,
      fc.record({ key: fc.constantFrom(...SUBJECTS), labels, namedPorts }).map((rest) => {
        return { kind: "subject" as const, subject: { ...rest, kind: "pod" as const } };
      }),
    ),
    one(1, fc.record({ kind: kind("no-subject"), key: fc.constantFrom(...SUBJECTS) })),
    one(
      4,
      fc.record({
        kind: kind("endpoint"),
        slot: fc.constantFrom(...SLOTS),
        subject: fc.constantFrom(...SUBJECTS),
      }),
    ),
    one(1, fc.record({ kind: kind("no-endpoint"), slot: fc.constantFrom(...SLOTS) })),
    one(2, fc.record({ kind: kind("wait"), ms: fc.constantFrom(1, 30, 60) })),
    one(1, fc.record({ kind: kind("restart") })),
    one(6, fc.record({ kind: kind("commit") })),
  );
}

/** Few peers and ports, so that what a peer loses and what it gets are about the same packets. */
function narrowRule(asksForAuthentication: boolean) {
  return fc
    .tuple(
      ruleWith(asksForAuthentication),
      fc.constantFrom("app", "tier"),
      fc.constantFrom(...VALUES),
      fc.constantFrom("any" as const, { first: 80, last: 80 }, { first: 64, last: 127 }),
    )
    .map(([rule, key, value, ports]) => ({
      ...rule,
      direction: "egress" as const,
      peers: [
        { kind: "labels" as const, selector: Selector.fromKube({ matchLabels: { [key]: value } }) },
      ],
      ports: ports === "any" ? ports : [{ protocol: 6, port: ports }],
    }));
}

const peerLabels = fc
  .tuple(fc.constantFrom(...VALUES), fc.constantFrom(...VALUES))
  .map(([one, other]) => Labels.parse(`k8s:app=${one}`, `k8s:tier=${other}`));

/** One pod under one policy with much to say, and a peer that changes under it. */
export const lifeOfEdits: fc.Arbitrary<Change[]> = fc.boolean().chain((asksForAuthentication) => {
  const rules = fc.array(narrowRule(asksForAuthentication), { minLength: 3, maxLength: 8 });
  const commits = fc.array(fc.option(peerLabels), { minLength: 3, maxLength: 8 });
  return fc.tuple(rules, fc.boolean(), commits).map(([all, isOpen, edits]): Change[] => {
    const one = {
      selector: Selector.all,
      rules: all,
      ingress: false,
      egress: !isOpen,
      isAudit: false,
    };
    const me = { key: "x", kind: "pod" as const, labels: Labels.empty, namedPorts: new Map() };
    return [
      { kind: "policy", policy: toPolicy("p", [one]) },
      { kind: "subject", subject: me },
      { kind: "endpoint", slot: 5, subject: "x" },
      { kind: "commit" },
      ...edits.flatMap((of): Change[] => [
        of === null
          ? { kind: "no-identity", id: 300 }
          : { kind: "identity", identity: { id: 300, labels: of } },
        { kind: "commit" },
      ]),
    ];
  });
});

/** Pods that talk to one another, by slot; each has a subject and an identity of its own. */
const TALKERS = [
  { slot: 5, key: "x", id: 300, labels: Labels.parse("k8s:app=a", "k8s:tier=a") },
  { slot: 6, key: "y", id: 301, labels: Labels.parse("k8s:app=b", "k8s:tier=a") },
  { slot: 7, key: "z", id: 302, labels: Labels.parse("k8s:app=b", "k8s:tier=b") },
];
const STRANGER = 303;

/** Policies change for several pods at a time, now and then before the last change has settled. */
export const lifeOfPairs: fc.Arbitrary<Change[]> = fc.boolean().chain((asksForAuthentication) => {
  const commit: Change = { kind: "commit" };
  const policy = fc
    .tuple(
      fc.constantFrom("p", "q", "r"),
      fc.array(specWith(asksForAuthentication), { minLength: 1, maxLength: 2 }),
    )
    .map(([name, specs]): Change => ({ kind: "policy", policy: toPolicy(name, specs) }));
  const stranger = fc
    .option(peerLabels)
    .map(
      (of): Change =>
        of === null
          ? { kind: "no-identity", id: STRANGER }
          : { kind: "identity", identity: { id: STRANGER, labels: of } },
    );
  const moment = fc
    .tuple(
      fc.array(policy, { minLength: 1, maxLength: 3 }),
      fc.array(stranger, { maxLength: 1 }),
      fc.constantFrom<Change[]>(
        [],
        [{ kind: "wait", ms: 1 }],
        [{ kind: "wait", ms: 30 }],
        [{ kind: "wait", ms: 60 }],
        [{ kind: "restart" }],
      ),
    )
    .map(([policies, strangers, pause]) => [...policies, ...strangers, commit, ...pause]);
  return fc.array(moment, { minLength: 3, maxLength: 8 }).map((moments) => [
    ...TALKERS.flatMap(({ slot, key, id, labels: of }): Change[] => [
      { kind: "identity", identity: { id, labels: of } },
      { kind: "subject", subject: { key, kind: "pod", labels: of, namedPorts: new Map() } },
      { kind: "endpoint", slot, subject: key, more: { identity: id } },
    ]),
    commit,
    ...moments.flat(),
  ]);
});

/** Of what the peer that changes is asked. */
export const editQuestions: readonly Question[] = [53, 80, 100].map((each) => {
  return { direction: "egress", peers: [300], protocol: 6, port: each };
});

export const questions: fc.Arbitrary<Question[]> = fc.array(
  fc.record({
    direction: fc.constantFrom("ingress" as const, "egress" as const),
    peers: fc.uniqueArray(fc.constantFrom(...IDENTITIES, 999), { minLength: 1, maxLength: 2 }),
    protocol: fc.constantFrom(6, 6, 17, 1),
    port: fc.constantFrom(80, 80, 100, 8080, 53),
  }),
  { minLength: 6, maxLength: 6 },
);
