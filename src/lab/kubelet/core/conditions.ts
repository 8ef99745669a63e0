import {
  type Condition,
  type Container,
  type ContainerStatus,
  isSidecar,
  type Pod,
  type PodStatus,
} from "./pod.ts";

/** The conditions that the kubelet keeps; others on the pod are somebody else's and stay. */
const OWN = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
]);

interface ConditionFacts {
  readonly pod: Pod;
  readonly phase: PodStatus["phase"];
  readonly isSandboxReady: boolean;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  /** The last status, whose times of transition stand where nothing changed. */
  readonly last: PodStatus | undefined;
  readonly now: string;
}

type Verdict = Pick<Condition, "status" | "reason" | "message">;

export function conditionsOf(facts: ConditionFacts): Condition[] {
  const foreign = (facts.pod.status?.conditions ?? []).filter(({ type }) => !OWN.has(type));
  const containersReady = judgeContainers(facts);
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ["PodReadyToStartContainers", { status: facts.isSandboxReady ? "True" : "False" }],
    ["Initialized", judgeInitialisation(facts)],
    ["Ready", judgeReadiness(facts, containersReady, foreign)],
    ["ContainersReady", containersReady],
    ["PodScheduled", { status: "True" }],
  ];
  return [...foreign, ...verdicts.map(([type, verdict]) => stamped(type, verdict, facts))];
}

/** The time of transition is that of the last change of the status, not of its words. */
function stamped(type: string, verdict: Verdict, { pod, last, now }: ConditionFacts): Condition {
  const before = (last ?? pod.status)?.conditions?.find((condition) => condition.type === type);
  const isSame = before?.status === verdict.status && before.lastTransitionTime !== undefined;
  const { generation } = pod.metadata;
  return {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...verdict,
    lastProbeTime: null,
    lastTransitionTime: isSame ? (before.lastTransitionTime ?? now) : now,
  };
}

function judgeContainers({ pod, phase, initStatuses, statuses }: ConditionFacts): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
  const [unknown, unready] = split(
    [...sidecars, ...pod.spec.containers],
    [...initStatuses, ...statuses],
    ({ ready }) => ready,
  );
  return doubts("ContainersNotReady", unknown, "unready", unready);
}

function judgeReadiness(
  { pod }: ConditionFacts,
  containersReady: Verdict,
  foreign: readonly Condition[],
): Verdict {
  if (containersReady.status !== "True") return containersReady;
  const messages = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = foreign.find(({ type }) => type === conditionType);
    if (gate?.status === "True") return [];
    const name = JSON.stringify(conditionType);
    if (gate === undefined) {
      return [`corresponding condition of pod readiness gate ${name} does not exist.`];
    }
    return [`the status of pod readiness gate ${name} is not "True", but ${gate.status}`];
  });
  if (messages.length === 0) return { status: "True" };
  return { status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function judgeInitialisation({ pod, phase, initStatuses, statuses }: ConditionFacts): Verdict {
  const [unknown, incomplete] = split(pod.spec.initContainers ?? [], initStatuses, isInitialised);
  if (phase === "Succeeded" && unknown.length === 0)
    return { status: "True", reason: "PodCompleted" };
  const hasBegun = statuses.some(
    ({ state, lastState }) =>
      (state.running ?? state.terminated ?? lastState.terminated) !== undefined,
  );
  if (hasBegun) return { status: "True" };
  return doubts("ContainersNotInitialized", unknown, "incomplete", incomplete);
}

function isInitialised(status: ContainerStatus, container: Container): boolean {
  return isSidecar(container) ? status.started : status.ready;
}

/** The names of those without a status, and of those whose status is not good. */
function split(
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
  isGood: (status: ContainerStatus, container: Container) => boolean,
): [unknown: string[], bad: string[]] {
  const unknown: string[] = [];
  const bad: string[] = [];
  for (const container of containers) {
    const status = statuses.find(({ name }) => name === container.name);
    if (status === undefined) unknown.push(container.name);
    else if (!isGood(status, container)) bad.push(container.name);
  }
  return [unknown, bad];
}

function doubts(reason: string, unknown: string[], word: string, bad: string[]): Verdict {
  const messages = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(" ")}]`] : []),
    ...(bad.length > 0 ? [`containers with ${word} status: [${bad.join(" ")}]`] : []),
  ];
  if (messages.length === 0) return { status: "True" };
  return { status: "False", reason, message: messages.join(", ") };
}
