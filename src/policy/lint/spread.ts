/** Specs with whom they select: what most checks go through. */
import type { ClusterModel } from "../cluster/cluster-model.ts";
import { selects } from "../cluster/rule-match.ts";
import type { PolicyRef, PolicyRule, PolicySpec } from "../rule.ts";
import type { PeerIdentity, Subject } from "../subject.ts";

export interface SelectedSpec {
  readonly spec: PolicySpec;
  readonly subjects: ReadonlySet<Subject>;
}

export function selectedSpecs(model: ClusterModel): SelectedSpec[] {
  const all = distinctSubjects(model);
  return model.policies.flatMap((policy) =>
    policy.specs.map((spec) => ({
      spec,
      subjects: new Set(all.filter((subject) => selects(spec, subject))),
    })),
  );
}

/** Those that do more than to tell of what they would deny. */
export function enforcedSpecs(model: ClusterModel): SelectedSpec[] {
  return selectedSpecs(model).filter(({ spec }) => !spec.isAudit);
}

export function shareSubjects(left: SelectedSpec, right: SelectedSpec): boolean {
  return [...left.subjects].some((subject) => right.subjects.has(subject));
}

function distinctSubjects(model: ClusterModel): Subject[] {
  return [...new Map([...model.subjects.values()].map((each) => [each.key, each])).values()];
}

/** Pods of the cluster as peers. */
export function podIdentities(model: ClusterModel): PeerIdentity[] {
  return [...model.identities].filter((each) =>
    each.labels.has("k8s", "io.kubernetes.pod.namespace"),
  );
}

/** `CiliumNetworkPolicy demo/allow-web`. */
export function nameOf({ kind, namespace, name }: PolicyRef): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** The ranges that a rule's ports are, as keys that rules may share; `any` for no ports named. */
export function portKeysOf(rule: PolicyRule): "any" | ReadonlySet<string> {
  if (rule.ports === "any") return "any";
  return new Set(
    rule.ports.map(({ protocol, port }) =>
      "name" in port ? `${protocol}/${port.name}` : `${protocol}/${port.first}-${port.last}`,
    ),
  );
}

/** Whether all ports of `inner` are ports of `outer`. */
export function coversPorts(outer: PolicyRule, inner: PolicyRule): boolean {
  if (outer.ports === "any") return true;
  if (inner.ports === "any") return false;
  const ranges = outer.ports;
  return inner.ports.every((match) =>
    ranges.some((range) => {
      if (range.protocol !== match.protocol) return false;
      if ("name" in match.port || "name" in range.port) {
        return "name" in match.port && "name" in range.port && match.port.name === range.port.name;
      }
      return range.port.first <= match.port.first && match.port.last <= range.port.last;
    }),
  );
}
