/** References to a pod's own fields and to its containers' resources: in variables and volumes. */
import { compareQuantities } from "#kube/types";
import type { View } from "../view.ts";
import { qualifiedName } from "../words.ts";
import { validateLocalPath, validateMode } from "./paths.ts";

const ENVIRONMENT_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const VOLUME_FIELDS = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
/** What the API server knows of a pod at all, whether it can be had here or not. */
const KNOWN = new Set([
  ...ENVIRONMENT_FIELDS,
  ...VOLUME_FIELDS,
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);
const RESOURCES = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const HUGE_PAGES = /^(?:limits|requests)\.hugepages-/;
const SUBSCRIPTED = /^([^[]+)\['(.*)'\]$/;
const CPU_DIVISORS = ["1m", "1"];
const BYTE_DIVISORS = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei".split(", ");

export function validateFieldReference(reference: View, isVolume: boolean): void {
  const path = reference.at("fieldPath");
  const version = reference.at("apiVersion");
  if (version.text === "") return version.required();
  if (path.text === "") return path.required();
  if (version.text !== "v1") {
    return path.invalid(`error converting fieldPath: unsupported pod version: ${version.text}`);
  }
  const [, owner = "", key = ""] = SUBSCRIPTED.exec(path.text) ?? [];
  if (owner === "metadata.labels") return reference.invalids(qualifiedName(key), key);
  if (owner === "metadata.annotations") {
    const name = key.toLowerCase();
    return reference.invalids(qualifiedName(name), name);
  }
  if (owner !== "") {
    return path.invalid(
      `error converting fieldPath: field label does not support subscript: ${path.text}`,
    );
  }
  if (!KNOWN.has(path.text)) {
    return path.invalid(`error converting fieldPath: field label not supported: ${path.text}`);
  }
  const supported = isVolume ? VOLUME_FIELDS : ENVIRONMENT_FIELDS;
  if (!supported.includes(path.text)) path.unsupported(supported);
}

export function validateResourceReference(reference: View, isVolume: boolean): void {
  const [container, resource] = [reference.at("containerName"), reference.at("resource")];
  if (isVolume && container.text === "") container.required();
  else if (resource.text === "") resource.required();
  else if (!RESOURCES.includes(resource.text) && !HUGE_PAGES.test(resource.text)) {
    resource.unsupported(RESOURCES);
  }
  validateDivisor(reference.at("divisor"), resource.text);
}

function validateDivisor(divisor: View, resource: string): void {
  if (!divisor.isThere || compareQuantities(divisor.text, "0") === 0) return;
  const name = /\.(cpu|memory|ephemeral-storage|hugepages)/.exec(resource)?.[1] ?? "";
  if (name === "cpu") {
    if (CPU_DIVISORS.includes(divisor.text)) return;
    return divisor.invalid(
      "only divisor's values 1m and 1 are supported with the cpu resource",
      resource,
    );
  }
  if (name === "" || BYTE_DIVISORS.includes(divisor.text)) return;
  const what = name === "ephemeral-storage" ? "local ephemeral storage" : name;
  const list = BYTE_DIVISORS.join(", ");
  divisor.invalid(
    `only divisor's values ${list} are supported with the ${what} resource`,
    resource,
  );
}

/** Told of at the volume, and not at the file. */
export function validateDownwardFile(at: View, file: View): void {
  const path = file.at("path");
  if (path.text === "") at.at("path").required();
  validateLocalPath(path, at.at("path"));
  const [field, resource] = [file.at("fieldRef"), file.at("resourceFieldRef")];
  if (field.isThere) {
    validateFieldReference(field.as(`${at.path}.fieldRef`), true);
    if (resource.isThere) {
      at.invalid("fieldRef and resourceFieldRef can not be specified simultaneously", "resource");
    }
  } else if (resource.isThere) {
    validateResourceReference(resource.as(`${at.path}.resourceFieldRef`), true);
  } else {
    at.required("one of fieldRef and resourceFieldRef is required");
  }
  validateMode(file.at("mode").as(`${at.path}.mode`));
}
