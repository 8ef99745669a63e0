/** One engine that lives through all changes of a case, against one made anew after each. */
import assert from "node:assert/strict";
import { judge, type Judgement, PolicyEngine, type PolicyRef } from "#policy";
import type { Case } from "./generate-case.ts";
import { histories } from "./history.ts";
import { IdentityNumbers } from "./identity-numbers.ts";
import { modelOf } from "./product.ts";

const DIRECTIONS = ["ingress", "egress"] as const;
const PORTS = [53, 79, 80, 81, 443];
const PROTOCOLS = [1, 6, 17, 132];
function nameOf({ kind, namespace, name }: PolicyRef): string {
  return `${kind} ${namespace}/${name}`;
}

/** Throws where the engine that was changed says otherwise than the fresh one. */
export function checkIncremental(each: Case): void {
  const numbers = new IdentityNumbers();
  const kept = new PolicyEngine(modelOf([]).options);
  let ids = new Set<number>();
  let policies = new Map<string, PolicyRef>();
  let subjects = new Set<string>();
  for (const objects of histories(each)) {
    const model = modelOf(objects);
    const fresh = new PolicyEngine(model.options);
    const identities = [...model.identities].map((one) => ({ ...one, id: numbers.of(one) }));
    const newIds = new Set(identities.map(({ id }) => id));
    const newPolicies = new Map(model.policies.map(({ ref }) => [nameOf(ref), ref]));
    const newSubjects = new Set([...model.subjects.values()].map(({ key }) => key));
    for (const engine of [kept, fresh]) {
      for (const identity of identities) engine.upsertIdentity(identity);
      for (const policy of model.policies) engine.upsertPolicy(policy);
      for (const subject of model.subjects.values()) engine.upsertSubject(subject);
    }
    for (const id of ids) if (!newIds.has(id)) kept.removeIdentity(id);
    for (const [name, ref] of policies) if (!newPolicies.has(name)) kept.removePolicy(ref);
    for (const key of subjects) if (!newSubjects.has(key)) kept.removeSubject(key);
    [ids, policies, subjects] = [newIds, newPolicies, newSubjects];
    kept.commit();
    fresh.commit();
    compare(kept, fresh, newSubjects, newIds);
  }
}

function compare(
  kept: PolicyEngine,
  fresh: PolicyEngine,
  subjects: ReadonlySet<string>,
  ids: ReadonlySet<number>,
): void {
  for (const key of subjects) {
    const one = kept.state(key);
    const other = fresh.state(key);
    assert.ok(one !== undefined && other !== undefined, `no state of ${key}`);
    for (const peer of ids) {
      for (const direction of DIRECTIONS) {
        for (const protocol of PROTOCOLS) {
          for (const port of PORTS) {
            const question = { direction, peers: [peer], protocol, port };
            const a: Judgement = judge(one, question);
            const b: Judgement = judge(other, question);
            const told = `${key} ${JSON.stringify(question)}`;
            assert.equal(
              `${a.verdict} ${a.redirect ?? ""}`,
              `${b.verdict} ${b.redirect ?? ""}`,
              told,
            );
          }
        }
      }
    }
  }
}
