/** A cluster of manifests, to be asked; what it finds fault with has its place in the files. */
import {
  type Because,
  ClusterModel,
  explain,
  type Explanation,
  type Finding,
  type FlowQuestion,
  lint,
  type PolicyRef,
  type Verdict,
} from "#policy";
import { AppError, quote } from "#base";
import { nearest } from "#kube/types";
import type { ClusterSettings } from "./call.ts";
import type { LocatedFinding } from "./findings.ts";
import type { Manifest } from "./manifests.ts";
import { type LoadedObjects, locate, titleOf } from "./objects.ts";

export class PolicyCluster {
  readonly #model: ClusterModel;
  readonly #namespace: string;
  readonly #manifests: ReadonlyMap<string, Manifest>;
  readonly #pods: ReadonlySet<string>;

  constructor(loaded: LoadedObjects, settings: ClusterSettings) {
    const { namespace, clusterName, enforcement, audit } = settings;
    const objects = loaded.objects.map(({ object }) => object);
    this.#model = ClusterModel.of(objects, { clusterName, enforcement, isAudit: audit });
    this.#namespace = namespace;
    this.#manifests = new Map(
      loaded.objects.map(({ manifest }) => {
        const { kind, name } = titleOf(manifest.value);
        return [`${kind} ${name}`, manifest];
      }),
    );
    this.#pods = new Set(this.#model.inventory.pods.keys());
  }

  /** What is wrong with policies beyond their fields: a bad CIDR, an unknown entity. */
  findings(): LocatedFinding[] {
    return this.#model.policies.flatMap(({ ref, findings }) =>
      this.#locate(findings.map((finding) => ({ ...finding, policy: ref }))),
    );
  }

  matrix(): Verdict[] {
    return this.#model.matrix();
  }

  verdict(question: FlowQuestion): Verdict {
    return this.#ask(question, (whole) => this.#model.verdict(whole));
  }

  explain(question: FlowQuestion): Explanation {
    return this.#ask(question, (whole) => explain(this.#model, whole));
  }

  lint(): LocatedFinding[] {
    return this.#locate(lint(this.#model));
  }

  /** `file:line` of a rule. */
  placeOf({ kind, namespace, name, rule }: Because): string | undefined {
    const manifest = this.#manifestOf(kind, namespace, name);
    return manifest === undefined ? undefined : `${manifest.file}:${manifest.lineOf(rule)}`;
  }

  /** A pod's name alone is one of the namespace that was asked for. */
  #inNamespace(question: FlowQuestion): FlowQuestion {
    const whole = (party: string): string => {
      const key = `${this.#namespace}/${party}`;
      return this.#pods.has(key) ? key : party;
    };
    return { ...question, from: whole(question.from), to: whole(question.to) };
  }

  /** A party that nobody knows is told with the one that may have been meant. */
  #ask<T>(question: FlowQuestion, answer: (question: FlowQuestion) => T): T {
    try {
      return answer(this.#inNamespace(question));
    } catch (error) {
      const party = error instanceof AppError ? error.fields["party"] : undefined;
      const meant = typeof party === "string" ? this.#meant(party) : undefined;
      if (!(error instanceof AppError) || meant === undefined) throw error;
      throw new AppError(error.code, `${error.message}; did you mean ${quote(meant)}?`);
    }
  }

  /** One of that name in another namespace, or else of a name much like it. */
  #meant(party: string): string | undefined {
    const { pods, services } = this.#model.inventory;
    const known = [...pods.keys(), ...services.keys()];
    const name = party.slice(party.indexOf("/") + 1);
    const isWhole = name !== party;
    const namesake = known.find((key) => key.slice(key.indexOf("/") + 1) === name);
    return namesake ?? nearest(isWhole ? party : `${this.#namespace}/${party}`, known);
  }

  #locate(findings: readonly (Finding & { policy: PolicyRef })[]): LocatedFinding[] {
    return findings.flatMap(({ policy, ...finding }) => {
      const manifest = this.#manifestOf(policy.kind, policy.namespace, policy.name);
      return manifest === undefined ? [] : [locate(manifest, finding)];
    });
  }

  #manifestOf(kind: string, namespace: string, name: string): Manifest | undefined {
    return this.#manifests.get(`${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`);
  }
}
