/** A condition that a controller writes into a pod's status. */
import type { Operation } from "../engine/operations.ts";
import { PODS } from "../engine/resources.ts";
import type { Condition } from "../model/object.ts";
import { type Pod, podCondition } from "../model/pod.ts";
import { timestamp } from "../model/time.ts";

type Said = Pick<Condition, "type" | "status" | "reason" | "message">;

/** `more` is written into the status beside it. */
export function writeCondition(
  pod: Pod,
  said: Said,
  nowMs: number,
  more: Readonly<Record<string, unknown>> = {},
): Operation {
  const before = podCondition(pod, said.type);
  const sinceBefore = before?.status === said.status ? before.lastTransitionTime : undefined;
  const { namespace = "", name, resourceVersion, generation } = pod.metadata;
  const condition: Condition = {
    ...said,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastProbeTime: null,
    lastTransitionTime: sinceBefore ?? timestamp(nowMs),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== said.type);
  return {
    verb: "patch",
    resource: PODS,
    target: { namespace, name },
    // A merge patch replaces lists whole: the version keeps others' conditions from being lost.
    patch: {
      metadata: { resourceVersion },
      status: { conditions: [...others, condition], ...more },
    },
    subresource: "status",
  };
}

/** Why a pod is made to go. */
export function disruption(reason: string, message: string): Said {
  return { type: "DisruptionTarget", status: "True", reason, message };
}
