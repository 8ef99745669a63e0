import type { ApiObject, Condition } from "./object.ts";
import type { PodTemplate } from "./pod.ts";
import type { LabelSelector } from "./selector.ts";

type IntOrPercent = number | string;

interface RollingUpdate {
  maxSurge?: IntOrPercent;
  maxUnavailable?: IntOrPercent;
}

export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  collisionCount?: number;
  conditions?: Condition[];
}

export interface Deployment extends ApiObject {
  spec: {
    replicas?: number;
    selector: LabelSelector;
    template: PodTemplate;
    strategy?: { type?: string; rollingUpdate?: RollingUpdate };
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    paused?: boolean;
  };
  status?: DeploymentStatus;
}

export interface ReplicaSetStatus {
  observedGeneration?: number;
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  conditions?: Condition[];
}

export interface ReplicaSet extends ApiObject {
  spec: {
    replicas?: number;
    selector: LabelSelector;
    template: PodTemplate;
    minReadySeconds?: number;
  };
  status?: ReplicaSetStatus;
}

export interface DaemonSetStatus {
  currentNumberScheduled: number;
  numberMisscheduled: number;
  desiredNumberScheduled: number;
  numberReady: number;
  observedGeneration?: number;
  updatedNumberScheduled?: number;
  numberAvailable?: number;
  numberUnavailable?: number;
  collisionCount?: number;
}

export interface DaemonSet extends ApiObject {
  spec: {
    selector: LabelSelector;
    template: PodTemplate;
    updateStrategy?: { type?: string; rollingUpdate?: RollingUpdate };
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
  };
  status?: DaemonSetStatus;
}

/** What the API server defaults an absent field to. */
const DEFAULT_REPLICAS = 1;
const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;
/** Kubernetes writes "no deadline" as the largest int32. */
const NO_DEADLINE_SECONDS = 2 ** 31 - 1;

export function wantedReplicas(workload: Deployment | ReplicaSet): number {
  return workload.spec.replicas ?? DEFAULT_REPLICAS;
}

export function progressDeadlineSeconds(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS;
  return seconds === NO_DEADLINE_SECONDS ? undefined : seconds;
}

/** `25%` of a number, or the number itself. What is neither counts as none: the API server refuses it. */
export function scaled(
  value: IntOrPercent | undefined,
  total: number,
  isRoundedUp: boolean,
): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const percent = /^(\d{1,9})%$/.exec(value)?.[1];
  if (percent === undefined) return 0;
  const share = (Number(percent) * total) / 100;
  return isRoundedUp ? Math.ceil(share) : Math.floor(share);
}
