/** The ReplicaSet of the present template: made, or brought up to date. */
import { normal, type Operation, warning } from "../engine/operations.ts";
import { REPLICA_SETS } from "../engine/resources.ts";
import { controllerReference } from "../model/object.ts";
import { isSame } from "../model/same.ts";
import { POD_TEMPLATE_HASH, templateHash } from "../model/template.ts";
import { type ReplicaSet, wantedReplicas } from "../model/workload.ts";
import { currentAnnotations, nextRevision, sizeAnnotations } from "./annotations.ts";
import { allOf, areObserved, isRolling, limitsOf, possiblyThere, type Rollout } from "./facts.ts";

export function newReplicaSet(rollout: Rollout): ReplicaSet {
  const { deployment, old } = rollout;
  const { template, selector, minReadySeconds = 0 } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? "",
      labels,
      annotations: {
        ...currentAnnotations(deployment, undefined, nextRevision(old)),
        ...sizeAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: sizeOfCurrent(rollout),
      selector: {
        ...selector,
        matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
      minReadySeconds,
    },
  };
}

/** How large it may be now: as wanted, as far as the surge allows. */
export function sizeOfCurrent(rollout: Rollout): number {
  const { deployment, current } = rollout;
  const wanted = wantedReplicas(deployment);
  if (!isRolling(deployment)) return wanted;
  const size = current === undefined ? 0 : wantedReplicas(current);
  if (!areObserved(rollout.old)) return size;
  const room = wanted + limitsOf(deployment).maxSurge - possiblyThere(allOf(rollout));
  return room <= 0 ? size : size + Math.min(room, wanted - size);
}

export function createCurrent(rollout: Rollout): Operation {
  const { deployment } = rollout;
  const object = newReplicaSet(rollout);
  const size = wantedReplicas(object);
  const { name } = object.metadata;
  return {
    verb: "create",
    resource: REPLICA_SETS,
    object,
    note: {
      about: deployment,
      ...(size === 0
        ? {}
        : { done: normal("ScalingReplicaSet", `Scaled up replica set ${name} from 0 to ${size}`) }),
      failed: warning(
        "ReplicaSetCreateError",
        `Failed to create new replica set "${name}": {error}`,
      ),
    },
  };
}

/** Revision, copied annotations and minReadySeconds, where they differ. */
export function refreshCurrent({ deployment, current, old }: Rollout): Operation[] {
  if (current === undefined) return [];
  const { minReadySeconds = 0 } = deployment.spec;
  const { annotations: before } = current.metadata;
  const annotations = currentAnnotations(deployment, before, nextRevision(old));
  const isCurrent = isSame(before ?? {}, annotations);
  if (isCurrent && (current.spec.minReadySeconds ?? 0) === minReadySeconds) return [];
  const object: ReplicaSet = {
    ...current,
    metadata: { ...current.metadata, annotations },
    spec: { ...current.spec, minReadySeconds },
  };
  return [{ verb: "update", resource: REPLICA_SETS, object }];
}
