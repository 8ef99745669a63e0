import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "#test";

import { isActive, isReady, type Pod } from "../model/pod.ts";
import { type Deployment, type ReplicaSet, type ReplicaSetStatus } from "../model/workload.ts";
import type { Operation } from "../engine/operations.ts";
import { planReplicaSet } from "../replica-set/plan.ts";
import { deployment, NOW_MS, readyCondition } from "../test-world/objects.ts";
import { limitsOf } from "./facts.ts";
import { planDeployment } from "./plan.ts";

/** A Deployment, its ReplicaSets and pods, stepped one controller's turn at a time. */
class World {
  deployment: Deployment;
  sets: ReplicaSet[] = [];
  pods: Pod[] = [];
  #made = 0;

  constructor(wanted: Deployment) {
    this.deployment = wanted;
  }

  deploymentTurn(): void {
    const { operations } = planDeployment({
      deployment: this.deployment,
      replicaSets: this.sets,
      pods: this.pods,
      nowMs: NOW_MS,
    });
    for (const operation of operations) this.#apply(operation);
  }

  /** Statuses of other ReplicaSets stay as old as they are. */
  replicaSetTurn(index: number): void {
    const replicaSet = this.sets[index % Math.max(1, this.sets.length)];
    if (replicaSet === undefined) return;
    const facts = { replicaSet, pods: this.pods, related: this.pods, nowMs: NOW_MS };
    for (const operation of planReplicaSet(facts).operations) this.#apply(operation);
  }

  becomeReady(index: number): void {
    const waiting = this.pods.filter((pod) => !isReady(pod) && isActive(pod));
    const pod = waiting[index % Math.max(1, waiting.length)];
    if (pod !== undefined) pod.status = { phase: "Running", conditions: [readyCondition(true)] };
  }

  get total(): number {
    return this.pods.length;
  }

  get available(): number {
    return this.pods.filter((pod) => isReady(pod) && isActive(pod)).length;
  }

  get isSettled(): boolean {
    const { replicas = 1, template } = this.deployment.spec;
    const image = (pod: Pod): unknown => pod.spec.containers?.[0]?.name;
    const wanted = template.spec.containers?.[0]?.name;
    return this.available === replicas && this.pods.every((pod) => image(pod) === wanted);
  }

  #apply(operation: Operation): void {
    if (operation.verb === "create") this.#create(structuredClone(operation.object));
    else if (operation.verb === "update" || operation.verb === "updateStatus") {
      this.#write(operation.verb, structuredClone(operation.object));
    } else if (operation.verb === "delete") {
      const { uid } = operation.target.metadata;
      this.pods = this.pods.filter((pod) => pod.metadata.uid !== uid);
      this.sets = this.sets.filter((each) => each.metadata.uid !== uid);
    }
  }

  #create(
    object: Operation extends infer O ? (O extends { object: infer T } ? T : never) : never,
  ): void {
    const number = ++this.#made;
    if (object.metadata.name === "") object.metadata.name = `pod-${number}`;
    Object.assign(object.metadata, { uid: `made-${number}`, generation: 1 });
    if (object.kind === "Pod") this.pods.push(object as Pod);
    else this.sets.push(object as ReplicaSet);
  }

  #write(
    verb: "update" | "updateStatus",
    object: { kind: string; metadata: { uid?: string } },
  ): void {
    if (object.kind === "Deployment") {
      const { status, ...rest } = object as Deployment;
      if (verb === "update") this.deployment = { ...this.deployment, ...rest };
      else if (status !== undefined) this.deployment = { ...this.deployment, status };
      return;
    }
    this.sets = this.sets.map((each) => {
      if (each.metadata.uid !== object.metadata.uid) return each;
      const written = object as ReplicaSet;
      if (verb === "updateStatus") return { ...each, status: written.status as ReplicaSetStatus };
      const isResized = written.spec.replicas !== each.spec.replicas;
      written.metadata.generation = (each.metadata.generation ?? 0) + (isResized ? 1 : 0);
      return { ...written, ...(each.status === undefined ? {} : { status: each.status }) };
    });
  }
}

type Step = { what: "deployment" | "replicaSet" | "ready" | "change"; index: number };

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom("deployment", "replicaSet", "replicaSet", "ready", "ready", "change"),
  index: fc.nat(20),
});
const share = fc.oneof(fc.nat(4), fc.constantFrom("0%", "25%", "50%", "100%"));

/** Every turn of everyone, until nothing is left to do. */
function settle(world: World, check: () => void): void {
  for (let round = 0; round < 200 && !world.isSettled; round++) {
    for (let index = 0; index < world.sets.length; index++) {
      world.replicaSetTurn(index);
      check();
    }
    world.becomeReady(round);
    check();
    world.deploymentTurn();
    check();
  }
}

property(
  "a rolling update has never too few pods available nor too many, and always ends",
  fc.record({
    replicas: fc.integer({ min: 1, max: 8 }),
    maxSurge: share,
    maxUnavailable: share,
    steps: fc.array(step, { maxLength: 120 }),
  }),
  ({ replicas, maxSurge, maxUnavailable, steps }) => {
    const rollingUpdate = { maxSurge, maxUnavailable };
    const world = new World(
      deployment("web", { replicas, strategy: { type: "RollingUpdate", rollingUpdate } }),
    );
    const limits = limitsOf(world.deployment);
    const notTooMany = (): void => {
      assert.ok(world.total <= replicas + limits.maxSurge, `${world.total} pods`);
    };
    settle(world, notTooMany);
    assert.ok(world.isSettled, "the first rollout ended");
    const withinLimits = (): void => {
      notTooMany();
      const least = replicas - limits.maxUnavailable;
      assert.ok(world.available >= least, `${world.available} available`);
    };
    let image = 0;
    const change = (): void => {
      const spec = structuredClone(world.deployment.spec);
      spec.template.spec.containers = [{ name: `web-${image++ % 3}` }];
      const generation = (world.deployment.metadata.generation ?? 0) + 1;
      const metadata = { ...world.deployment.metadata, generation };
      world.deployment = { ...world.deployment, metadata, spec };
    };
    change();
    for (const { what, index } of steps) {
      if (what === "deployment") world.deploymentTurn();
      else if (what === "replicaSet") world.replicaSetTurn(index);
      else if (what === "ready") world.becomeReady(index);
      else change();
      withinLimits();
    }
    settle(world, withinLimits);
    assert.ok(world.isSettled, "the last rollout ended");
  },
);
