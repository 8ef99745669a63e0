import { asText, copyJson, isObject, setOwn } from "../node.ts";
import type { JsonObject } from "../types.ts";
import { type Defaulter, ensure, fill, fillZero, objectAt, objectsAt } from "./fill.ts";

const CORE = "io.k8s.api.core.v1";
const ADMISSION = "io.k8s.api.admissionregistration.v1";
const RBAC = "io.k8s.api.rbac.v1";
const RBAC_GROUP = "rbac.authorization.k8s.io";
const DEFINITIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";
const HTTPS_PORT = 443;
const DEFAULT_CPU_PERCENT = 80;
const SCALING_PERIOD_SECONDS = 15;

const namespace: Defaulter = (object) => {
  const name = objectAt(object, "metadata")?.["name"];
  if (typeof name === "string" && name !== "") {
    ensure(ensure(object, "metadata"), "labels")["kubernetes.io/metadata.name"] = name;
  }
  fillZero(ensure(object, "status"), { phase: "Active" });
};

const webhook: Defaulter = (object) => {
  fill(object, { failurePolicy: "Fail", timeoutSeconds: 10, ...matching() });
};

function matching(): JsonObject {
  return { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };
}

const toService: Defaulter = (object) => fill(object, { port: HTTPS_PORT });
const failurePolicy: Defaulter = (object) => fill(object, { failurePolicy: "Fail" });

const roleBinding: Defaulter = (object) => {
  fillZero(ensure(object, "roleRef"), { apiGroup: RBAC_GROUP });
};

const subject: Defaulter = (object) => {
  if (object["kind"] === "User" || object["kind"] === "Group") {
    fillZero(object, { apiGroup: RBAC_GROUP });
  }
};

const definition: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  const names = ensure(spec, "names");
  const { kind } = names;
  if (typeof kind === "string" && kind !== "") {
    fillZero(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
  }
  fill(spec, { conversion: { strategy: "None" } });
  const stored = objectsAt(spec, "versions").find((version) => version["storage"] === true);
  const status = ensure(object, "status");
  const kept = status["storedVersions"];
  if ((!Array.isArray(kept) || kept.length === 0) && stored !== undefined) {
    status["storedVersions"] = [stored["name"] ?? ""];
  }
};

const limitRangeItem: Defaulter = (object) => {
  if (object["type"] !== "Container") return;
  const limits = ensure(object, "default");
  const requests = ensure(object, "defaultRequest");
  const { max, min } = object;
  if (isObject(max)) fill(limits, max);
  fill(requests, limits);
  if (isObject(min)) fill(requests, min);
};

function scalingRules(rules: JsonObject | undefined, isUp: boolean): JsonObject {
  const period = { periodSeconds: SCALING_PERIOD_SECONDS };
  const percent = { type: "Percent", value: 100, ...period };
  const policies = isUp ? [{ type: "Pods", value: 4, ...period }, percent] : [percent];
  const up = isUp ? { stabilizationWindowSeconds: 0 } : {};
  return { ...up, selectPolicy: "Max", policies, ...rules };
}

const autoscaler: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  fill(spec, { minReplicas: 1 });
  if (objectsAt(spec, "metrics").length === 0) {
    const target = { type: "Utilization", averageUtilization: DEFAULT_CPU_PERCENT };
    spec["metrics"] = [{ type: "Resource", resource: { name: "cpu", target } }];
  }
  const behavior = objectAt(spec, "behavior");
  if (behavior === undefined) return;
  behavior["scaleUp"] = scalingRules(objectAt(behavior, "scaleUp"), true);
  behavior["scaleDown"] = scalingRules(objectAt(behavior, "scaleDown"), false);
};

/** Texts are for writing only: what is kept is their bytes. */
const secret: Defaulter = (object) => {
  fillZero(object, { type: "Opaque" });
  const { stringData } = object;
  if (!isObject(stringData)) return;
  const data = ensure(object, "data");
  for (const [key, value] of Object.entries(stringData)) {
    setOwn(data, key, Buffer.from(asText(value)).toString("base64"));
  }
  delete object["stringData"];
};

/** One range is told in two fields, and the old one decides. */
const nodeSpec: Defaulter = (object) => {
  const { podCIDR, podCIDRs } = object;
  const first = Array.isArray(podCIDRs) ? podCIDRs[0] : undefined;
  if (podCIDR !== undefined && podCIDR !== first) object["podCIDRs"] = [podCIDR];
  else if (podCIDR === undefined && first !== undefined) object["podCIDR"] = first;
};

const NODE_INFO = [
  "architecture",
  "bootID",
  "containerRuntimeVersion",
  "kernelVersion",
  "kubeProxyVersion",
  "kubeletVersion",
  "machineID",
  "operatingSystem",
  "osImage",
  "systemUUID",
];

const nodeStatus: Defaulter = (object) => {
  const { capacity } = object;
  if (isObject(capacity)) fill(object, { allocatable: copyJson(capacity) });
  fill(ensure(ensure(object, "daemonEndpoints"), "kubeletEndpoint"), { Port: 0 });
  fill(ensure(object, "nodeInfo"), Object.fromEntries(NODE_INFO.map((key) => [key, ""])));
};

/** Lists and references that are told of even where there is none. */
const toldEmpty =
  (...keys: readonly string[]): Defaulter =>
  (object) => {
    for (const key of keys) {
      const value = object[key];
      if (value === undefined || (Array.isArray(value) && value.length === 0)) object[key] = null;
    }
  };

/** What a claim's data comes from has two names. */
const claimSpec: Defaulter = (object) => {
  fill(object, { volumeMode: "Filesystem" });
  if (object["dataSource"] !== undefined) {
    fill(object, { dataSourceRef: copyJson(object["dataSource"]) });
  }
};

export const otherDefaults: Readonly<Record<string, Defaulter>> = {
  [`${CORE}.Namespace`]: namespace,
  [`${CORE}.Node`]: (object) => ensure(object, "status"),
  [`${CORE}.NodeStatus`]: nodeStatus,
  [`${CORE}.TypedLocalObjectReference`]: toldEmpty("apiGroup"),
  [`${CORE}.TypedObjectReference`]: toldEmpty("apiGroup"),
  [`${CORE}.NodeSpec`]: nodeSpec,
  [`${CORE}.Secret`]: secret,
  [`${CORE}.LimitRangeItem`]: limitRangeItem,
  [`${CORE}.PersistentVolume`]: (object) => {
    fillZero(ensure(object, "status"), { phase: "Pending" });
    const spec = ensure(object, "spec");
    fillZero(spec, { persistentVolumeReclaimPolicy: "Retain" });
    fill(spec, { volumeMode: "Filesystem" });
  },
  [`${CORE}.PersistentVolumeClaim`]: (object) => {
    fillZero(ensure(object, "status"), { phase: "Pending" });
  },
  [`${CORE}.PersistentVolumeClaimSpec`]: claimSpec,
  [`${ADMISSION}.ValidatingWebhook`]: webhook,
  [`${ADMISSION}.MutatingWebhook`]: (object) => {
    webhook(object);
    fill(object, { reinvocationPolicy: "Never" });
  },
  [`${ADMISSION}.RuleWithOperations`]: (object) => fill(object, { scope: "*" }),
  [`${ADMISSION}.NamedRuleWithOperations`]: (object) => fill(object, { scope: "*" }),
  [`${ADMISSION}.ServiceReference`]: toService,
  [`${ADMISSION}.ValidatingAdmissionPolicySpec`]: failurePolicy,
  [`${ADMISSION}.MatchResources`]: (object) => fill(object, matching()),
  [`${RBAC}.Role`]: toldEmpty("rules"),
  [`${RBAC}.ClusterRole`]: toldEmpty("rules"),
  [`${RBAC}.ClusterRoleBinding`]: roleBinding,
  [`${RBAC}.RoleBinding`]: roleBinding,
  [`${RBAC}.Subject`]: subject,
  [`${DEFINITIONS}.CustomResourceDefinition`]: definition,
  [`${DEFINITIONS}.ServiceReference`]: toService,
  "io.k8s.api.discovery.v1.EndpointSlice": toldEmpty("endpoints", "ports"),
  "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec": (object) =>
    fill(object, { minReplicas: 1 }),
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler": autoscaler,
  "io.k8s.api.scheduling.v1.PriorityClass": (object) =>
    fill(object, { preemptionPolicy: "PreemptLowerPriority" }),
  "io.k8s.api.storage.v1.StorageClass": (object) =>
    fill(object, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" }),
};
