import assert from "node:assert/strict";
import fc from "fast-check";
import { Cidr } from "#base";
import { Labels, Selector } from "#identity";
import { property } from "#test";
import type { Entry, EntryKey } from "../map-state.ts";
import { defaultPolicyOptions } from "../options.ts";
import type { ImportedPolicy, PeerSelector, PolicyRule, PolicySpec, PortMatch } from "../rule.ts";
import type { PeerIdentity, Subject } from "../subject.ts";
import {
  editDeletes,
  editUpserts,
  messageEdits,
  messageEntries,
  type PolicyDelta,
} from "./delta.ts";
import { judge, type Question } from "./judge.ts";
import { PolicyEngine } from "./policy-engine.ts";
import { coversPort } from "./port-key.ts";
import type { SubjectState } from "./subject-state.ts";

const KEYS = ["app", "tier"];
const VALUES = ["a", "b", "c"];
const NAMES = ["web/TCP", "dns/UDP"];
const RANGES = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32"].map((text) =>
  Cidr.parse(text),
);
const IDENTITIES = [1, 300, 301, 302, 303, 304];
const POLICIES = ["p", "q", "r", "s"];
const SUBJECTS = ["x", "y", "z"];

const labels = fc
  .dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES))
  .map((pairs) =>
    Labels.of(Object.entries(pairs).map(([key, value]) => ({ source: "k8s", key, value }))),
  );
const ports = fc
  .dictionary(fc.constantFrom(...NAMES), fc.constantFrom(53, 80, 8080))
  .map((pairs) => new Map(Object.entries(pairs)));
const range = fc.constantFrom(...RANGES);

const identity = fc.record({
  id: fc.constantFrom(...IDENTITIES),
  labels,
  cidr: fc.option(range, { nil: undefined }),
  block: fc.option(range, { nil: undefined }),
  names: fc.option(fc.constantFrom("x.io.", "*.y.io."), { nil: undefined }),
  namedPorts: ports,
});

function toIdentity({ cidr, block, names, ...rest }: Generated<typeof identity>): PeerIdentity {
  const more = names === undefined ? [] : [{ source: "fqdn", key: names, value: "" }];
  const reserved = rest.id === 1 ? [{ source: "reserved", key: "host", value: "" }] : [];
  return {
    ...rest,
    labels: rest.labels.withLabels([...more, ...reserved]),
    ...(cidr === undefined ? {} : { cidr }),
    ...(block === undefined ? {} : { block }),
  };
}

type Generated<T> = T extends fc.Arbitrary<infer U> ? U : never;

const requirement = fc.record({
  source: fc.constantFrom("k8s", "any"),
  key: fc.constantFrom(...KEYS),
  operator: fc.constantFrom(
    "In" as const,
    "NotIn" as const,
    "Exists" as const,
    "DoesNotExist" as const,
  ),
  values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 2 }),
});
const selector = fc.array(requirement, { maxLength: 2 }).map((all) => Selector.of(all));
const peer: fc.Arbitrary<PeerSelector> = fc.oneof(
  { weight: 4, arbitrary: selector.map((one) => ({ kind: "labels" as const, selector: one })) },
  fc.record({
    kind: fc.constantFrom("cidr" as const, "block" as const),
    cidr: range,
    except: fc.array(range, { maxLength: 1 }),
  }),
  fc.record({ kind: fc.constant("fqdn" as const), pattern: fc.constantFrom("x.io.", "*.y.io.") }),
);
const port: fc.Arbitrary<PortMatch> = fc.record({
  protocol: fc.constantFrom(6, 17),
  port: fc.oneof(
    fc.constantFrom({ first: 80, last: 80 }, { first: 0, last: 65535 }, { first: 50, last: 90 }),
    fc.record({
      name: fc.constantFrom("web", "dns"),
      resolve: fc.constantFrom("own" as const, "cluster" as const, "peer" as const),
    }),
  ),
});
const rule = fc.record({
  direction: fc.constantFrom("ingress" as const, "egress" as const),
  effect: fc.constantFrom("allow" as const, "allow" as const, "deny" as const),
  peers: fc.oneof(fc.constant("any" as const), fc.array(peer, { maxLength: 2 })),
  ports: fc.oneof(fc.constant("any" as const), fc.array(port, { maxLength: 2 })),
  isHttp: fc.boolean(),
  authentication: fc.constantFrom(undefined, undefined, "required" as const, "disabled" as const),
});
const spec = fc.record({
  selector,
  rules: fc.array(rule, { maxLength: 3 }),
  ingress: fc.boolean(),
  egress: fc.boolean(),
  isAudit: fc.boolean(),
});

function toPolicy(name: string, specs: readonly Generated<typeof spec>[]): ImportedPolicy {
  const policy = { kind: "CiliumNetworkPolicy" as const, namespace: "default", name };
  return {
    ref: policy,
    findings: [],
    specs: specs.map((one, at): PolicySpec => {
      const rules = one.rules.map(({ isHttp, authentication, ...rest }, index): PolicyRule => {
        const isAllow = rest.effect === "allow";
        return {
          ...rest,
          ref: { policy, path: `specs[${at}].rules[${index}]` },
          ...(isHttp && isAllow ? { redirect: { l7: { kind: "http", rules: [] } } } : {}),
          ...(authentication !== undefined && isAllow ? { authentication } : {}),
        };
      });
      return {
        ref: { policy, path: `specs[${at}]` },
        subject: { kind: "pod", selector: one.selector },
        rules,
        defaultDeny: { ingress: one.ingress, egress: one.egress },
        isAudit: one.isAudit,
      };
    }),
  };
}

const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("identity" as const), identity }) },
  fc.record({ kind: fc.constant("no-identity" as const), id: fc.constantFrom(...IDENTITIES) }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("policy" as const),
      name: fc.constantFrom(...POLICIES),
      specs: fc.array(spec, { maxLength: 2 }),
    }),
  },
  fc.record({ kind: fc.constant("no-policy" as const), name: fc.constantFrom(...POLICIES) }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("subject" as const),
      key: fc.constantFrom(...SUBJECTS),
      labels,
      namedPorts: ports,
    }),
  },
  fc.record({ kind: fc.constant("no-subject" as const), key: fc.constantFrom(...SUBJECTS) }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("commit" as const) }) },
);

/** What was asked for last, to start an engine with nothing else. */
class World {
  readonly identities = new Map<number, PeerIdentity>();
  readonly policies = new Map<string, ImportedPolicy>();
  readonly subjects = new Map<string, Subject>();

  apply(engine: PolicyEngine, one: Generated<typeof change>): void {
    switch (one.kind) {
      case "identity":
        this.identities.set(one.identity.id, toIdentity(one.identity));
        return engine.upsertIdentity(toIdentity(one.identity));
      case "no-identity":
        this.identities.delete(one.id);
        return engine.removeIdentity(one.id);
      case "policy":
        this.policies.set(one.name, toPolicy(one.name, one.specs));
        return engine.upsertPolicy(toPolicy(one.name, one.specs));
      case "no-policy":
        this.policies.delete(one.name);
        return engine.removePolicy(toPolicy(one.name, []).ref);
      case "subject": {
        const { key, labels: of, namedPorts } = one;
        const subject: Subject = { key, kind: "pod", labels: of, namedPorts };
        this.subjects.set(key, subject);
        return engine.upsertSubject(subject);
      }
      case "no-subject":
        this.subjects.delete(one.key);
        return engine.removeSubject(one.key);
      case "commit":
        return undefined;
    }
  }

  afresh(): PolicyEngine {
    const engine = new PolicyEngine(defaultPolicyOptions);
    for (const one of this.identities.values()) engine.upsertIdentity(one);
    for (const one of this.policies.values()) engine.upsertPolicy(one);
    for (const one of this.subjects.values()) engine.upsertSubject(one);
    engine.commit();
    return engine;
  }
}

type Mirror = Map<string, Map<string, Entry>>;

function keyText({
  direction,
  identity: id,
  protocol,
  port: number,
  portPrefix,
}: EntryKey): string {
  return `${direction} ${id} ${protocol} ${number}/${portPrefix}`;
}

function byKey(entries: Iterable<Entry>): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const entry of entries) {
    assert(!found.has(keyText(entry.key)), "a key occurs once");
    found.set(keyText(entry.key), entry);
  }
  return found;
}

function follow(mirror: Mirror, delta: PolicyDelta): void {
  for (const one of delta.changes) {
    if (one.kind === "remove") mirror.delete(one.subject);
    else if (one.kind === "replace") mirror.set(one.subject, byKey(one.state.entries()));
    else {
      const entries = mirror.get(one.subject);
      assert(entries !== undefined, "only what is there is edited");
      for (const edit of one.edits) {
        for (const key of editDeletes(edit)) assert(entries.delete(keyText(key)));
        for (const entry of editUpserts(edit)) entries.set(keyText(entry.key), entry);
      }
    }
  }
}

function followMessage(mirror: Mirror, delta: PolicyDelta): void {
  const message = structuredClone(delta.toMessage());
  for (const one of message.changes) {
    if (one.kind === "remove") mirror.delete(one.subject);
    else if (one.kind === "replace") mirror.set(one.subject, byKey(messageEntries(message, one)));
    else {
      const entries = mirror.get(one.subject);
      for (const edit of messageEdits(message, one)) {
        for (const key of editDeletes(edit)) entries?.delete(keyText(key));
        for (const entry of editUpserts(edit)) entries?.set(keyText(entry.key), entry);
      }
    }
  }
}

function sorted(entries: ReadonlyMap<string, Entry>): (readonly [string, Entry])[] {
  return [...entries].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function checkShapes(state: SubjectState, entries: Iterable<Entry>): void {
  for (const { key } of entries) {
    const isKnown = state.shapes(key.direction).some((shape) => {
      return (
        shape.isAnyIdentity === (key.identity === 0) &&
        shape.isAnyProtocol === (key.protocol === 0) &&
        shape.portPrefix === key.portPrefix
      );
    });
    assert(isKnown, `no shape for ${keyText(key)}`);
  }
}

property(
  "after any changes, states and what followed the deltas are as computed afresh",
  fc.array(change, { maxLength: 60, size: "max" }),
  (changes) => {
    const engine = new PolicyEngine(defaultPolicyOptions);
    const world = new World();
    const mirror: Mirror = new Map();
    const received: Mirror = new Map();
    for (const one of [...changes, { kind: "commit" as const }]) {
      world.apply(engine, one);
      if (one.kind !== "commit") continue;
      const delta = engine.commit();
      follow(mirror, delta);
      followMessage(received, delta);
      const afresh = world.afresh();
      assert.deepEqual([...mirror.keys()].toSorted(), [...world.subjects.keys()].toSorted());
      for (const key of world.subjects.keys()) {
        const state = engine.state(key);
        const expected = afresh.state(key);
        assert(state !== undefined && expected !== undefined);
        const entries = sorted(byKey(state.entries()));
        assert.deepEqual(entries, sorted(byKey(expected.entries())));
        assert.deepEqual(sorted(mirror.get(key) ?? new Map()), entries);
        assert.deepEqual(sorted(received.get(key) ?? new Map()), entries);
        assert.deepEqual(state.shapes("ingress"), expected.shapes("ingress"));
        for (const [, entry] of entries) assert.deepEqual(state.lookup(entry.key), entry.value);
        checkShapes(state, state.entries());
      }
    }
    assert(engine.commit().isEmpty);
  },
);

/** What the fold comes to, in as few words as possible. */
function naive(
  state: SubjectState,
  { direction, peers, protocol, port: number }: Question,
): string {
  const covering = [...state.entries()].filter(({ key }) => {
    const isPeer = key.identity === 0 || peers.includes(key.identity);
    return isPeer && key.direction === direction && coversPort(key, protocol, number);
  });
  if (covering.some(({ value }) => value.effect === "deny")) return "denied";
  const priorities = covering.flatMap(({ value }) => {
    return value.effect === "redirect" ? (value.listenerPriority ?? 0) : [];
  });
  if (priorities.length > 0) return `redirect ${Math.min(...priorities)}`;
  return covering.some(({ value }) => value.effect === "allow") ? "allowed" : "denied";
}

function judged(state: SubjectState, question: Question): string {
  const { verdict, redirect, entry } = judge(state, question);
  if (entry !== undefined) assert.deepEqual(state.lookup(entry.key), entry.value);
  return redirect === undefined ? verdict : `redirect ${entry?.value.listenerPriority}`;
}

property(
  "a judgement is deny, else redirect, else allow, among all entries that cover the packet",
  fc.array(change, { minLength: 20, maxLength: 60, size: "max" }),
  (changes) => {
    const engine = new PolicyEngine(defaultPolicyOptions);
    const world = new World();
    for (const one of changes) world.apply(engine, one);
    engine.commit();
    for (const state of engine.states()) {
      for (const direction of ["ingress", "egress"] as const) {
        for (const peers of [[], [1], [300, 301], [302], [303, 304], [999]]) {
          for (const [protocol, number] of [
            [6, 80],
            [6, 60],
            [17, 53],
            [17, 8080],
            [132, 80],
          ] as const) {
            const question = { direction, peers, protocol, port: number };
            assert.equal(judged(state, question), naive(state, question));
          }
        }
      }
    }
  },
);
