/** Pods: what a real cluster's admission plugins and its strategy for Pods make of new ones. */
import { randomBytes } from "node:crypto";
import type { Json, JsonObject, KubeObject } from "../../schema/types.ts";
import { listPrefix, objectKey } from "../../store/keys.ts";
import type { ApiContext } from "../context.ts";
import { forbidden, nameToAdmit } from "../errors.ts";
import { asRecord, asText, at, ensureRecord, numberAt, recordsAt, textAt } from "../json.ts";
import { mergeLabelKeys } from "./pod-label-keys.ts";
import { qosClassOf } from "./quality-of-service.ts";
import type { KindRules } from "./rules.ts";

const PODS = { group: "", plural: "pods" };
export const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};
const TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";
/** As a real one projects it: an hour, and the seconds by which kubelets renew it early. */
const TOKEN_SECONDS = 3_607;
const EVICTION_SECONDS = 300;
const EVICTED_FROM = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

export const podRules: KindRules = {
  create(context, object, write) {
    const spec = ensureRecord(object, "spec");
    const qosClass = qosClassOf(spec);
    object["status"] = { phase: "Pending", qosClass, ...gatedStatus(spec, write.now) };
    if ((numberAt(spec, "terminationGracePeriodSeconds") ?? 0) < 0) {
      spec["terminationGracePeriodSeconds"] = 1;
    }
    fillServiceAccount(context, object, spec);
    fillPriority(context, object, spec);
    tolerateNodeFailures(spec);
    mergeLabelKeys(object, spec);
    checkRuntimeClass(object, spec);
  },
  update(_context, object, old) {
    const now = at(object, "spec", "terminationGracePeriodSeconds");
    const before = numberAt(old, "spec", "terminationGracePeriodSeconds");
    if (now === 1 && before !== undefined && before < 0) return;
    // Filled by admission, and left out by clients that replace a Pod with their first manifest.
    const spec = ensureRecord(object, "spec");
    const oldSpec = asRecord(old["spec"]) ?? {};
    for (const field of ["nodeName", "serviceAccountName", "serviceAccount", "priority"]) {
      if (spec[field] === undefined && oldSpec[field] !== undefined) spec[field] = oldSpec[field];
    }
  },
};

/** What a Pod is told that the scheduler may not look at yet. */
function gatedStatus(spec: JsonObject, now: string): JsonObject {
  if (recordsAt(spec, "schedulingGates").length === 0) return {};
  const gated = {
    type: "PodScheduled",
    status: "False",
    lastProbeTime: null,
    lastTransitionTime: now,
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  };
  return { conditions: [gated] };
}

interface Priority {
  readonly name: string;
  readonly value: number;
  readonly preemption: string;
}

const NO_PRIORITY: Priority = { name: "", value: 0, preemption: "PreemptLowerPriority" };

function fillPriority(context: ApiContext, object: KubeObject, spec: JsonObject): void {
  const name = asText(spec["priorityClassName"]);
  const found = name === "" ? defaultPriority(context) : priorityClass(context, name);
  const refuse = (why: string): never => {
    throw forbidden(PODS, nameToAdmit(object.metadata), why);
  };
  if (found === undefined) return refuse(`no PriorityClass with name ${name} was found`);
  const given = spec["priority"];
  const computed = "priority admission controller computed";
  if (typeof given === "number" && given !== found.value) {
    refuse(
      `the integer value of priority (${given}) must not be provided in pod spec; ` +
        `${computed} ${found.value} from the given PriorityClass name`,
    );
  }
  const preemption = asText(spec["preemptionPolicy"]);
  if (preemption !== "" && preemption !== found.preemption) {
    refuse(
      `the string value of PreemptionPolicy (${preemption}) must not be provided in pod spec; ` +
        `${computed} ${found.preemption} from the given PriorityClass name`,
    );
  }
  if (found.name !== "") spec["priorityClassName"] = found.name;
  spec["priority"] = found.value;
  spec["preemptionPolicy"] = found.preemption;
}

function asPriority(object: KubeObject): Priority {
  return {
    name: object.metadata.name ?? "",
    value: numberAt(object, "value") ?? 0,
    preemption: textAt(object, "preemptionPolicy") || NO_PRIORITY.preemption,
  };
}

const CLASSES = { group: "scheduling.k8s.io", plural: "priorityclasses" };

/** Of the classes that say they are everybody's, the lowest. */
function defaultPriority({ store }: ApiContext): Priority {
  const { items } = store.list(listPrefix(CLASSES.group, CLASSES.plural));
  const classes = items
    .map(({ object }) => object as KubeObject)
    .filter((each) => each["globalDefault"] === true)
    .map(asPriority);
  return classes.toSorted((one, two) => one.value - two.value)[0] ?? NO_PRIORITY;
}

function priorityClass({ store }: ApiContext, name: string): Priority | undefined {
  const system = SYSTEM_PRIORITIES[name];
  if (system !== undefined) return { ...NO_PRIORITY, name, value: system };
  const stored = store.get(objectKey({ ...CLASSES, name }));
  return stored && asPriority(stored.object as KubeObject);
}

/** Runtime classes are not served here: there is none. */
function checkRuntimeClass(object: KubeObject, spec: JsonObject): void {
  const name = asText(spec["runtimeClassName"]);
  const why =
    spec["runtimeClassName"] !== undefined
      ? `RuntimeClass ${JSON.stringify(name)} not found`
      : spec["overhead"] !== undefined
        ? "Pod Overhead set without corresponding RuntimeClass defined Overhead"
        : "";
  if (why !== "") throw forbidden(PODS, nameToAdmit(object.metadata), `pod rejected: ${why}`);
}

/** Static pods of kubelets have no account; everything else gets its namespace's default one. */
function fillServiceAccount(context: ApiContext, object: KubeObject, spec: JsonObject): void {
  if (object.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return;
  const name = asText(spec["serviceAccountName"]) || asText(spec["serviceAccount"]) || "default";
  spec["serviceAccountName"] = name;
  spec["serviceAccount"] = name;
  const namespace = object.metadata.namespace ?? "";
  const key = objectKey({ group: "", plural: "serviceaccounts", namespace, name });
  const account = context.store.get(key)?.object;
  if (account === undefined) {
    const why =
      `error looking up service account ${namespace}/${name}: ` +
      `serviceaccount "${name}" not found`;
    throw forbidden(PODS, nameToAdmit(object.metadata), why);
  }
  const secrets = recordsAt(account, "imagePullSecrets");
  if (spec["imagePullSecrets"] === undefined && secrets.length > 0) {
    spec["imagePullSecrets"] = structuredClone([...secrets]);
  }
  const isWanted =
    spec["automountServiceAccountToken"] ?? at(account, "automountServiceAccountToken");
  if (isWanted !== false) mountToken(spec);
}

/** The volume with token, CA and namespace, in each container that mounts nothing in its place. */
function mountToken(spec: JsonObject): void {
  const containers = [...recordsAt(spec, "initContainers"), ...recordsAt(spec, "containers")];
  const bare = containers.filter((container) =>
    recordsAt(container, "volumeMounts").every((mount) => mount["mountPath"] !== TOKEN_FOLDER),
  );
  if (bare.length === 0) return;
  const volumes = recordsAt(spec, "volumes");
  const present = volumes.find((volume) => textAt(volume, "name").startsWith("kube-api-access-"));
  const name = textAt(present, "name") || `kube-api-access-${randomSuffix()}`;
  if (present === undefined) spec["volumes"] = [...volumes, tokenVolume(name)];
  for (const container of bare) {
    const mount = { name, readOnly: true, mountPath: TOKEN_FOLDER };
    container["volumeMounts"] = [...recordsAt(container, "volumeMounts"), mount];
  }
}

function tokenVolume(name: string): JsonObject {
  const sources: Json[] = [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: {
        items: [
          { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } },
        ],
      },
    },
  ];
  return { name, projected: { sources, defaultMode: 0o644 } };
}

/** What Kubernetes makes names of: no vowels, so no words, and nothing that looks like another. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;

/** Five characters of generated names. */
export function randomSuffix(): string {
  const bytes = randomBytes(SUFFIX_LENGTH);
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

function tolerateNodeFailures(spec: JsonObject): void {
  const tolerations = recordsAt(spec, "tolerations");
  const missing = EVICTED_FROM.filter(
    (key) => !tolerations.some((toleration) => toleratesEviction(toleration, key)),
  );
  if (missing.length === 0) return;
  const added = missing.map((key) => ({
    key,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: EVICTION_SECONDS,
  }));
  spec["tolerations"] = [...tolerations, ...added];
}

function toleratesEviction(toleration: JsonObject, key: string): boolean {
  const isForKey = toleration["key"] === key || asText(toleration["key"]) === "";
  const effect = asText(toleration["effect"]);
  return isForKey && (effect === "NoExecute" || effect === "");
}
