import { type Defaulter, ensure, fill, fillZero, objectAt, objectsAt } from "./fill.ts";
import { copyJson } from "../node.ts";

const APPS = "io.k8s.api.apps.v1";
const BATCH = "io.k8s.api.batch.v1";
const QUARTER = "25%";
const INT32_MAX = 2 ** 31 - 1;

const deployment: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = ensure(spec, "strategy");
  fillZero(strategy, { type: "RollingUpdate" });
  if (strategy["type"] !== "RollingUpdate") return;
  fill(ensure(strategy, "rollingUpdate"), { maxUnavailable: QUARTER, maxSurge: QUARTER });
};

const daemonSet: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  fill(spec, { revisionHistoryLimit: 10 });
  const strategy = ensure(spec, "updateStrategy");
  fillZero(strategy, { type: "RollingUpdate" });
  if (strategy["type"] !== "RollingUpdate") return;
  fill(ensure(strategy, "rollingUpdate"), { maxUnavailable: 1, maxSurge: 0 });
};

const statefulSet: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  fillZero(spec, { podManagementPolicy: "OrderedReady" });
  const strategy = ensure(spec, "updateStrategy");
  if (strategy["type"] === undefined || strategy["type"] === "") {
    strategy["type"] = "RollingUpdate";
    ensure(strategy, "rollingUpdate");
  }
  const rolling = objectAt(strategy, "rollingUpdate");
  if (strategy["type"] === "RollingUpdate" && rolling !== undefined)
    fill(rolling, { partition: 0 });
  fillZero(ensure(spec, "persistentVolumeClaimRetentionPolicy"), {
    whenDeleted: "Retain",
    whenScaled: "Retain",
  });
  fill(spec, { replicas: 1, revisionHistoryLimit: 10 });
  for (const claim of objectsAt(spec, "volumeClaimTemplates")) {
    fill(claim, { apiVersion: "v1", kind: "PersistentVolumeClaim" });
  }
};

const job: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) {
    spec["completions"] = 1;
  }
  fill(spec, {
    parallelism: 1,
    backoffLimit: spec["backoffLimitPerIndex"] === undefined ? 6 : INT32_MAX,
    completionMode: "NonIndexed",
    suspend: false,
    podReplacementPolicy: spec["podFailurePolicy"] === undefined ? "TerminatingOrFailed" : "Failed",
    manualSelector: false,
  });
  const labels = objectAt(spec, "template", "metadata", "labels");
  if (labels !== undefined) fill(ensure(object, "metadata"), { labels: copyJson(labels) });
};

const cronJob: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  fillZero(spec, { concurrencyPolicy: "Allow" });
  fill(spec, { suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
};

export const workloadDefaults: Readonly<Record<string, Defaulter>> = {
  [`${APPS}.Deployment`]: deployment,
  [`${APPS}.DaemonSet`]: daemonSet,
  [`${APPS}.StatefulSet`]: statefulSet,
  [`${APPS}.ReplicaSet`]: (object) => fill(ensure(object, "spec"), { replicas: 1 }),
  [`${BATCH}.Job`]: job,
  [`${BATCH}.CronJob`]: cronJob,
  [`${BATCH}.PodFailurePolicyOnPodConditionsPattern`]: (object) =>
    fillZero(object, { status: "True" }),
};
