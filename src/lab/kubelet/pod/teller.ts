import { AppError } from "#base";
import { KubeError } from "#kube";
import type { Pod } from "../core/pod.ts";
import { unsupportedFields } from "../core/unsupported.ts";
import type { KubeletContext } from "../context.ts";
import type { ContainerRecord } from "./record.ts";
import { MountFailure } from "./pod-volumes.ts";
import { NetworkNotReadyError } from "./sandbox-keeper.ts";

/** Tells people of a pod, by events. */
export class PodTeller {
  readonly #context: KubeletContext;
  readonly #pod: () => Pod;

  constructor(context: KubeletContext, pod: () => Pod) {
    this.#context = context;
    this.#pod = pod;
  }

  /** Of one of its containers. */
  readonly tell = (
    { isInit, container }: ContainerRecord,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
  ): void => {
    const list = isInit ? "initContainers" : "containers";
    this.tellOfPod(type, reason, message, `spec.${list}{${container.name}}`);
  };

  tellOfPod(type: "Normal" | "Warning", reason: string, message: string, fieldPath?: string): void {
    const { name, namespace, uid } = this.#pod().metadata;
    const subject = { kind: "Pod" as const, name, namespace, uid };
    const whole = fieldPath === undefined ? subject : { ...subject, fieldPath };
    this.#context.events.record(whole, type, reason, message);
  }

  /** What the pod asks for and does not get. */
  tellUnsupported(): void {
    for (const message of unsupportedFields(this.#pod())) {
      this.tellOfPod("Warning", "Unsupported", message);
    }
  }

  /** A step failed, and will be tried again. */
  complain(error: unknown): void {
    const { logger } = this.#context;
    const { name, namespace } = this.#pod().metadata;
    if (!(error instanceof AppError)) {
      logger.error("a pod cannot be kept", { pod: name, namespace, error });
      return;
    }
    if (error instanceof NetworkNotReadyError) {
      this.tellOfPod("Warning", "NetworkNotReady", error.message);
    } else if (error instanceof MountFailure) {
      for (const { message } of error.failures) this.tellOfPod("Warning", "FailedMount", message);
    } else if (error.code === "sandbox") {
      this.tellOfPod("Warning", "FailedCreatePodSandBox", error.message);
    } else if (error.code === "teardown") {
      this.tellOfPod("Warning", "FailedKillPod", error.message);
    } else if (error instanceof KubeError) {
      logger.debug("the API server did not take it", { pod: name, namespace, error });
    } else logger.warn("a pod waits for another try", { pod: name, namespace, error });
  }
}
