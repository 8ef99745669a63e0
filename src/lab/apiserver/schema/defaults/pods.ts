import { isObject } from "../node.ts";
import { type Defaulter, ensure, fill, fillZero, objectAt, objectsAt } from "./fill.ts";
import type { JsonObject } from "../types.ts";

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

function defaultHostPorts(container: JsonObject): void {
  for (const port of objectsAt(container, "ports")) {
    if (port["containerPort"] !== undefined) fillZero(port, { hostPort: port["containerPort"] });
  }
}

const pod: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  const containers = [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")];
  containers.forEach(defaultRequests);
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
  [`${CORE}.Probe`]: probe,
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
  [`${CORE}.ObjectFieldSelector`]: (object) => fillZero(object, { apiVersion: "v1" }),
};
