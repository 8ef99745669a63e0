import { asText, sameJson } from "../node.ts";
import { validateUnchanged } from "./metadata.ts";
import { validateSelector } from "./selectors.ts";
import type { View } from "./view.ts";
import { configKey, dnsLabel, dnsSubdomain, portName, portNumber, qualifiedName } from "./words.ts";

const CONFIG_MAX_BYTES = 1024 * 1024;
const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const ENDPOINTS_MAX = 1_000;
const SUBJECTS = ["ServiceAccount", "User", "Group"];
const SUBJECT_SUPPORTED = ["Group", "ServiceAccount", "User"];
const IMMUTABLE = "field is immutable when `immutable` is set";

function validateKeys(object: View, keys: readonly string[]): number {
  let bytes = 0;
  for (const key of keys) {
    const bag = object.at(key);
    for (const [name, value] of bag.entries()) {
      bag.key(name).invalids(configKey(name), name);
      bytes += Buffer.byteLength(asText(value));
    }
  }
  return bytes;
}

export function validateConfigMap(object: View): void {
  const bytes = validateKeys(object, ["data", "binaryData"]);
  const binary = new Set(
    object
      .at("binaryData")
      .entries()
      .map(([key]) => key),
  );
  for (const [key] of object.at("data").entries()) {
    if (binary.has(key)) {
      object.at("data").key(key).invalid("duplicate of key present in binaryData", key);
    }
  }
  if (bytes > CONFIG_MAX_BYTES) object.tooLong(CONFIG_MAX_BYTES);
}

export function validateSecret(object: View): void {
  if (validateKeys(object, ["data"]) > (CONFIG_MAX_BYTES * 4) / 3) {
    object.at("data").tooLong(CONFIG_MAX_BYTES);
  }
  const need = (...keys: readonly string[]): void => {
    for (const key of keys) {
      if (!object.at("data").key(key).isThere) object.at("data").key(key).required();
    }
  };
  const type = object.at("type").text;
  if (type === "kubernetes.io/tls") need("tls.crt", "tls.key");
  if (type === "kubernetes.io/dockerconfigjson") need(".dockerconfigjson");
  if (type === "kubernetes.io/service-account-token") {
    const name = "kubernetes.io/service-account.name";
    const annotation = object.at("metadata", "annotations").key(name);
    if (annotation.text === "") annotation.required();
  }
}

export function validateImmutable(object: View, old: View): void {
  if (old.at("immutable").value !== true) return;
  if (object.at("immutable").value !== true) object.at("immutable").forbidden(IMMUTABLE);
  for (const key of ["data", "binaryData"]) {
    if (!sameJson(object.at(key).value ?? {}, old.at(key).value ?? {})) {
      object.at(key).forbidden(IMMUTABLE);
    }
  }
}

export function validateSecretChange(object: View, old: View): void {
  validateUnchanged(object.at("type"), old.at("type"));
  validateImmutable(object, old);
}

export function validateIngress(object: View): void {
  const spec = object.at("spec");
  const fallback = spec.at("defaultBackend");
  if (spec.at("rules").items().length === 0 && !fallback.isThere) {
    spec.invalid("either `defaultBackend` or `rules` must be specified", {});
  }
  if (fallback.isThere) validateBackend(fallback);
  for (const rule of spec.at("rules").items()) {
    const host = rule.at("host");
    if (host.text !== "") host.invalids(dnsSubdomain(host.text.replace(/^\*\./, "")));
    for (const path of rule.at("http", "paths").items()) {
      const type = path.at("pathType");
      if (!type.isThere) type.required("pathType must be specified");
      else if (!PATH_TYPES.includes(type.text)) type.unsupported(PATH_TYPES);
      if (type.text !== "ImplementationSpecific" && !path.at("path").text.startsWith("/")) {
        path.at("path").invalid("must be an absolute path");
      }
      validateBackend(path.at("backend"));
    }
  }
}

function validateBackend(backend: View): void {
  const service = backend.at("service");
  if (!service.isThere && !backend.at("resource").isThere) {
    return backend.required("resource or service backend is required");
  }
  if (!service.isThere) return;
  const [name, port] = [service.at("name"), service.at("port")];
  if (name.text === "") name.required();
  else name.invalids(dnsLabel(name.text));
  const [number, word] = [port.at("number"), port.at("name")];
  if (number.isThere && word.text !== "") port.invalid("cannot set both port name & port number");
  else if (word.text !== "") word.invalids(portName(word.text));
  else if (number.isThere) number.invalids(portNumber(number.number));
  else port.required("port name or number is required");
}

export function validateEndpointSlice(object: View): void {
  object.at("addressType").oneOf(ADDRESS_TYPES);
  const endpoints = object.at("endpoints");
  const count = endpoints.items().length;
  if (count > ENDPOINTS_MAX) return endpoints.tooMany(count, ENDPOINTS_MAX);
  for (const endpoint of endpoints.items()) {
    if (endpoint.at("addresses").items().length === 0) {
      endpoint.at("addresses").required("must contain at least 1 address");
    }
  }
  for (const port of object.at("ports").items()) {
    const [name, protocol] = [port.at("name"), port.at("protocol")];
    if (name.text !== "") name.invalids(dnsLabel(name.text));
    if (protocol.text === "") protocol.required();
    else if (!["SCTP", "TCP", "UDP"].includes(protocol.text)) {
      protocol.unsupported(["SCTP", "TCP", "UDP"]);
    }
  }
}

export function validateEndpointSliceChange(object: View, old: View): void {
  validateUnchanged(object.at("addressType"), old.at("addressType"));
}

export function validateBinding(object: View): void {
  const reference = object.at("roleRef");
  if (reference.at("apiGroup").text !== "rbac.authorization.k8s.io") {
    reference.at("apiGroup").unsupported(["rbac.authorization.k8s.io"]);
  }
  if (!["Role", "ClusterRole"].includes(reference.at("kind").text)) {
    reference.at("kind").unsupported(["ClusterRole", "Role"]);
  }
  if (reference.at("name").text === "") reference.at("name").required();
  for (const subject of object.at("subjects").items()) {
    if (subject.at("name").text === "") subject.at("name").required();
    const kind = subject.at("kind");
    if (!SUBJECTS.includes(kind.text)) kind.unsupported(SUBJECT_SUPPORTED);
  }
}

export function validateBindingChange(object: View, old: View): void {
  const [now, before] = [object.at("roleRef"), old.at("roleRef")];
  const same = ["apiGroup", "kind", "name"].every(
    (key) => now.at(key).text === before.at(key).text,
  );
  if (!same) now.invalid("cannot change roleRef");
}

export function validateDisruptionBudget(object: View): void {
  const spec = object.at("spec");
  if (spec.at("minAvailable").isThere && spec.at("maxUnavailable").isThere) {
    spec.invalid("minAvailable and maxUnavailable cannot be both set");
  }
  validateSelector(spec.at("selector"));
}

export function validateLease(object: View): void {
  const duration = object.at("spec", "leaseDurationSeconds");
  if (duration.isThere && duration.number <= 0) duration.invalid("must be greater than 0");
  object.at("spec", "leaseTransitions").notNegative();
}

export function validateNode(object: View): void {
  for (const taint of object.at("spec", "taints").items()) {
    taint.at("key").invalids(qualifiedName(taint.at("key").text));
    const effect = taint.at("effect");
    effect.oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"]);
  }
}
