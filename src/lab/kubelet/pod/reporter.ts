import { KubeError, RESOURCES } from "#kube";
import type { Rejection } from "../core/admission.ts";
import type { ObservedPod } from "../core/observed.ts";
import type { Pod, PodStatus } from "../core/pod.ts";
import { statusOf, timestamp } from "../core/status.ts";
import type { KubeletContext } from "../context.ts";
import { imageFacts } from "./runner.ts";

/** Tells the API server of one pod. */
export class StatusReporter {
  readonly #context: KubeletContext;
  #reported = "";
  #last: PodStatus | undefined;

  constructor(context: KubeletContext) {
    this.#context = context;
  }

  /** If there is anything new to tell. */
  async report(pod: Pod, observed: ObservedPod): Promise<void> {
    const { client, clock, addresses } = this.#context;
    const { name, namespace, uid } = pod.metadata;
    const facts = { pod, observed, hostIps: addresses, nowMs: clock.nowMs(), last: this.#last };
    const status = statusOf(facts, imageFacts);
    const text = JSON.stringify(status);
    if (text === this.#reported) return;
    // The uid keeps it from being told of another pod of that name.
    const patch = { metadata: { uid }, status };
    const options = { type: "merge", subresource: "status" } as const;
    await unlessGone(client.patch(RESOURCES.Pod, { namespace, name }, patch, options));
    this.#reported = text;
    this.#last = status;
  }

  /** It was not taken. */
  async reject(pod: Pod, { reason, message }: Rejection): Promise<void> {
    const { client, clock } = this.#context;
    const { name, namespace, uid, generation } = pod.metadata;
    const status: PodStatus = {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      phase: "Failed",
      reason,
      message: `Pod was rejected: ${message}`,
      startTime: timestamp(clock.nowMs()),
    };
    const options = { type: "merge", subresource: "status" } as const;
    const patch = { metadata: { uid }, status };
    await unlessGone(client.patch(RESOURCES.Pod, { namespace, name }, patch, options));
  }

  /** Nothing of it runs any more, so the API server may forget it. */
  async confirmDeletion(pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    const preconditions = uid === undefined ? undefined : { uid };
    const options = { gracePeriodSeconds: 0, preconditions };
    await unlessGone(this.#context.client.delete(RESOURCES.Pod, { namespace, name }, options));
  }
}

async function unlessGone(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!KubeError.is(error, "NotFound") && !KubeError.is(error, "Conflict")) throw error;
  }
}
