/** What a cluster's objects want of a node: who is who, and what policy says. */
import { parse } from "yaml";
import { assertDefined } from "#base";
import type { PrefixRow } from "#datapath";
import { CLUSTER_FIRST, SCOPE } from "#identity";
import { type KnownObject, parseObject } from "#kube/types";
import {
  ClusterModel,
  defaultPolicyOptions,
  type ObjectRef,
  type PeerIdentity,
  PolicyEngine,
  type PolicyOptions,
  type PolicyRef,
  type Subject,
} from "#policy";

export const policyOptions: PolicyOptions = { ...defaultPolicyOptions, families: [4, 6] };

interface DesiredPod {
  readonly identity: number;
  /** The key of its policy's subject. */
  readonly subject: string;
}

/** What changed since it was asked last, in the order in which a node is to hear of it. */
export interface DesiredChange {
  readonly enter: (engine: PolicyEngine) => void;
  /** By `namespace/name`. */
  readonly pods: ReadonlyMap<string, DesiredPod>;
  /** Of addresses that are no pod's. */
  readonly ipcache: readonly PrefixRow[];
  readonly blocks: readonly PrefixRow[];
  readonly leave: (engine: PolicyEngine) => void;
}

interface Facts {
  readonly identities: ReadonlyMap<number, PeerIdentity>;
  readonly subjects: ReadonlyMap<string, Subject>;
}

const NOTHING: Facts = { identities: new Map(), subjects: new Map() };

/** Objects as people write them. */
export function parseObjects(text: string): KnownObject[] {
  const parts = text.split(/^---$/m).filter((part) => part.trim() !== "");
  return parts.map((part) => {
    const { object, findings } = parseObject(parse(part));
    return assertDefined(object, `an object: ${JSON.stringify(findings)}`);
  });
}

/** The objects of a cluster. Numbers of identities stay, for as long as this lives. */
export class DesiredState {
  readonly #model = ClusterModel.of([], policyOptions);
  readonly #numbers: Map<string, number>;
  #engine = new PolicyEngine(policyOptions);
  /** As the engine knows it. */
  #known: Facts = NOTHING;
  /** Policies that changed since, by `textOf`. */
  readonly #changed = new Map<string, PolicyRef>();

  /** With the numbers of another one that had the same identities. */
  constructor(numbers: Iterable<readonly [identity: string, number: number]> = []) {
    this.#numbers = new Map(numbers);
  }

  get numbers(): ReadonlyMap<string, number> {
    return this.#numbers;
  }

  get engine(): PolicyEngine {
    return this.#engine;
  }

  upsert(object: KnownObject): void {
    this.#model.upsert(object);
    this.#note({ kind: object.kind, ...object.metadata });
  }

  remove(ref: ObjectRef): void {
    this.#model.remove(ref);
    this.#note(ref);
  }

  /** As a process that has just begun: the next change is everything. */
  restart(): void {
    this.#engine = new PolicyEngine(policyOptions);
    this.#known = NOTHING;
    for (const { ref } of this.#model.policies) this.#changed.set(textOf(ref), ref);
  }

  change(): DesiredChange {
    const identities = this.#identities();
    const { pods, subjects } = this.#pods(identities);
    const before = this.#known;
    this.#known = { identities, subjects };
    const policies = new Map(this.#model.policies.map((policy) => [textOf(policy.ref), policy]));
    const changed = [...this.#changed];
    this.#changed.clear();
    const rowsOf = (key: "cidr" | "block"): PrefixRow[] =>
      [...identities.values()].flatMap(({ id, [key]: prefix }) =>
        prefix !== undefined && id >= CLUSTER_FIRST ? [{ prefix, identity: id }] : [],
      );
    return {
      pods,
      ipcache: rowsOf("cidr"),
      blocks: rowsOf("block"),
      enter(engine) {
        for (const [id, identity] of identities) {
          const isNew = identityText(before.identities.get(id)) !== identityText(identity);
          if (isNew) engine.upsertIdentity(identity);
        }
        for (const [text, ref] of changed) {
          const policy = policies.get(text);
          if (policy === undefined) engine.removePolicy(ref);
          else engine.upsertPolicy(policy);
        }
        for (const subject of subjects.values()) engine.upsertSubject(subject);
      },
      leave(engine) {
        for (const id of before.identities.keys()) {
          if (!identities.has(id)) engine.removeIdentity(id);
        }
        for (const key of before.subjects.keys()) {
          if (!subjects.has(key)) engine.removeSubject(key);
        }
      },
    };
  }

  #note({ kind, namespace = "", name }: { kind: string; namespace?: string; name: string }): void {
    if (!kind.endsWith("Policy")) return;
    const ref = { kind, namespace, name } as PolicyRef;
    this.#changed.set(textOf(ref), ref);
  }

  /** The model numbers anew each time; here, what stays has the number that it had. */
  #identities(): Map<number, PeerIdentity> {
    const identities = new Map<number, PeerIdentity>();
    for (const identity of this.#model.identities) {
      const id = this.#number(identity);
      identities.set(id, { ...identity, id });
    }
    return identities;
  }

  #number({ id, labels, cidr, block }: PeerIdentity): number {
    if (id < CLUSTER_FIRST) return id;
    const key = `${labels.text} ${cidr?.key ?? ""} ${block?.key ?? ""}`;
    const first = id >= SCOPE.local ? SCOPE.local + 1 : CLUSTER_FIRST;
    const number = this.#numbers.get(key) ?? first + this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }

  #pods(identities: ReadonlyMap<number, PeerIdentity>): {
    pods: Map<string, DesiredPod>;
    subjects: Map<string, Subject>;
  } {
    const byLabels = new Map<string, number>();
    for (const { id, labels, cidr, block } of identities.values()) {
      if (cidr === undefined && block === undefined) byLabels.set(labels.text, id);
    }
    const pods = new Map<string, DesiredPod>();
    const subjects = new Map<string, Subject>();
    for (const [name, subject] of this.#model.subjects) {
      const [kind, pod = ""] = name.split(" ");
      if (kind !== "pod") continue;
      const identity = assertDefined(byLabels.get(subject.labels.text), "a pod has an identity");
      pods.set(pod, { identity, subject: subject.key });
      subjects.set(subject.key, subject);
    }
    return { pods, subjects };
  }
}

function textOf({ kind, namespace, name }: PolicyRef): string {
  return `${kind}/${namespace}/${name}`;
}

function identityText(identity: PeerIdentity | undefined): string {
  if (identity === undefined) return "";
  const { labels, cidr, block, namedPorts = new Map() } = identity;
  return JSON.stringify([labels.text, cidr?.key, block?.key, ...namedPorts]);
}
