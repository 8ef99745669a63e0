import { formatQuantity, parseQuantity } from "#kube/types";
import { asText, isObject, setOwn } from "../node.ts";
import { type Defaulter, ensure, fill, fillZero, objectAt, objectsAt } from "./fill.ts";
import type { JsonObject } from "../types.ts";

const NANOS_A_MILLI = 1_000_000n;
const CORE = "io.k8s.api.core.v1";
const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3_600;

/** `latest` where the image has no tag and no digest. */
function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const tag = /:([\w][\w.-]*)$/.exec(image)?.[1];
  return tag === undefined || tag === "latest";
}

const pullPolicy = (image: unknown): string =>
  isLatest(typeof image === "string" ? image : "") ? "Always" : "IfNotPresent";

const containerDefaults: Defaulter = (object) => {
  fillZero(object, {
    imagePullPolicy: pullPolicy(object["image"]),
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
};

/** Requests are what the limits are, where only these are said. */
function defaultRequests(container: JsonObject): void {
  const limits = objectAt(container, "resources", "limits");
  if (limits === undefined) return;
  fill(ensure(ensure(container, "resources"), "requests"), limits);
}

/** Of the pod as a whole: what its containers request together, else what its limits are. */
function defaultPodRequests(spec: JsonObject): void {
  const limits = objectAt(spec, "resources", "limits");
  if (limits === undefined || Object.keys(limits).length === 0) return;
  const requests = ensure(ensure(spec, "resources"), "requests");
  for (const [resource, limit] of Object.entries(limits)) {
    const asked = objectsAt(spec, "containers")
      .map((each) => parseQuantity(asText(objectAt(each, "resources", "requests")?.[resource])))
      .filter((each) => typeof each === "object");
    const [first] = asked;
    const sum = asked.reduce((nanos, each) => nanos + each.nanos, 0n);
    fill(requests, {
      [resource]: first === undefined ? limit : formatQuantity({ ...first, nanos: sum }),
    });
  }
}

function defaultHostPorts(container: JsonObject): void {
  for (const port of objectsAt(container, "ports")) {
    if (port["containerPort"] !== undefined) fillZero(port, { hostPort: port["containerPort"] });
  }
}

const pod: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  const containers = [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")];
  containers.forEach(defaultRequests);
  defaultPodRequests(spec);
  fill(spec, { enableServiceLinks: true });
  if (spec["hostNetwork"] === true) containers.forEach(defaultHostPorts);
};

const podSpec: Defaulter = (object) => {
  // The old name of a field stands beside the new one in what the API server stores.
  const account = object["serviceAccountName"] ?? object["serviceAccount"];
  if (account !== undefined) {
    object["serviceAccountName"] = account;
    object["serviceAccount"] = account;
  }
  fillZero(object, {
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
  });
  fill(object, { securityContext: {}, terminationGracePeriodSeconds: 30 });
};

/** One address is told in two fields, and the old one decides. */
const podStatus: Defaulter = (object) => {
  const { podIP } = object;
  const first = objectsAt(object, "podIPs")[0]?.["ip"];
  if (podIP !== undefined && podIP !== first) object["podIPs"] = [{ ip: podIP }];
  else if (podIP === undefined && first !== undefined) object["podIP"] = first;
};

/** Amounts are kept in thousandths, rounded up. */
const resources: Defaulter = (object) => {
  for (const list of [objectAt(object, "limits"), objectAt(object, "requests")]) {
    for (const [name, amount] of Object.entries(list ?? {})) {
      if (list !== undefined) setOwn(list, name, inThousandths(asText(amount)));
    }
  }
};

function inThousandths(text: string): string {
  const amount = parseQuantity(text);
  if (typeof amount === "string") return text;
  const rest = amount.nanos % NANOS_A_MILLI;
  if (rest === 0n) return text;
  const nanos = amount.nanos - rest + (rest > 0n ? NANOS_A_MILLI : 0n);
  return formatQuantity({ ...amount, nanos });
}

const probe: Defaulter = (object) => {
  fillZero(object, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1 });
  fillZero(object, { failureThreshold: 3 });
};

const volume: Defaulter = (object) => {
  if (Object.keys(object).every((key) => key === "name")) object["emptyDir"] = {};
  const image = object["image"];
  if (isObject(image)) fillZero(image, { pullPolicy: pullPolicy(image["reference"]) });
};

const withMode: Defaulter = (object) => fill(object, { defaultMode: FILE_MODE });

export const podDefaults: Readonly<Record<string, Defaulter>> = {
  [`${CORE}.Pod`]: pod,
  [`${CORE}.PodSpec`]: podSpec,
  [`${CORE}.PodStatus`]: podStatus,
  [`${CORE}.Container`]: containerDefaults,
  [`${CORE}.EphemeralContainer`]: containerDefaults,
  // Times that are no pointers in Go are there even when they are not.
  [`${CORE}.PodCondition`]: (object) =>
    fill(object, { lastProbeTime: null, lastTransitionTime: null }),
  [`${CORE}.Probe`]: probe,
  [`${CORE}.ResourceRequirements`]: resources,
  [`${CORE}.VolumeResourceRequirements`]: resources,
  [`${CORE}.HTTPGetAction`]: (object) => fillZero(object, { path: "/", scheme: "HTTP" }),
  [`${CORE}.ContainerPort`]: (object) => fillZero(object, { protocol: "TCP" }),
  [`${CORE}.Volume`]: volume,
  [`${CORE}.SecretVolumeSource`]: withMode,
  [`${CORE}.ConfigMapVolumeSource`]: withMode,
  [`${CORE}.DownwardAPIVolumeSource`]: withMode,
  [`${CORE}.ProjectedVolumeSource`]: withMode,
  [`${CORE}.ServiceAccountTokenProjection`]: (object) =>
    fill(object, { expirationSeconds: TOKEN_SECONDS }),
  [`${CORE}.HostPathVolumeSource`]: (object) => fill(object, { type: "" }),
  [`${CORE}.ResourceFieldSelector`]: (object) => fill(object, { divisor: "0" }),
  [`${CORE}.ObjectFieldSelector`]: (object) => fillZero(object, { apiVersion: "v1" }),
};
