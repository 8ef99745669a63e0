import { isIp, validateAddress } from "./addresses.ts";
import type { View } from "./view.ts";
import {
  dnsLabel,
  dnsSubdomain,
  pathSegment,
  portName,
  portNumber,
  wildcardSubdomain,
} from "./words.ts";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const FORBIDDEN_PARTS = ["//", "/./", "/../", "%2f", "%2F"];
const FORBIDDEN_ENDS = ["/..", "/."];
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

const host = (text: string): string[] =>
  text.includes("*") ? wildcardSubdomain(text) : dnsSubdomain(text);

export function validateIngress(object: View): void {
  const spec = object.at("spec");
  const [fallback, rules] = [spec.at("defaultBackend"), spec.at("rules")];
  if (rules.items().length === 0 && !fallback.isThere) {
    // What it shows is the rules, of which there are none.
    spec.invalid("either `defaultBackend` or `rules` must be specified", rules.value ?? null);
  }
  if (fallback.isThere) validateBackend(fallback);
  for (const rule of rules.items()) validateRule(rule);
  for (const each of spec.at("tls").items()) {
    for (const name of each.at("hosts").items()) name.invalids(host(name.text));
    const secret = each.at("secretName");
    if (secret.text !== "") secret.invalids(dnsSubdomain(secret.text));
  }
  const name = spec.at("ingressClassName");
  if (name.isThere) name.invalids(dnsSubdomain(name.text));
}

/** An old way to say the class, which may not say another. */
export function validateNewIngress(object: View): void {
  const said = object.at("metadata", "annotations").key(CLASS_ANNOTATION);
  const name = object.at("spec", "ingressClassName");
  if (!said.isThere || !name.isThere || said.text === name.text) return;
  said
    .as(`annotations.${CLASS_ANNOTATION}`)
    .invalid("must match `ingressClassName` when both are specified");
}

function validateRule(rule: View): void {
  const name = rule.at("host");
  if (name.text !== "") {
    if (isIp(name.text)) name.invalid("must be a DNS name, not an IP address");
    name.invalids(host(name.text));
  }
  const http = rule.at("http");
  if (!http.isThere) return;
  if (http.at("paths").items().length === 0) http.at("paths").required();
  for (const path of http.at("paths").items()) validatePath(path);
}

function validatePath(item: View): void {
  const [type, path] = [item.at("pathType"), item.at("path")];
  if (!type.isThere) return type.required("pathType must be specified");
  const isStrict = type.text === "Exact" || type.text === "Prefix";
  if (!PATH_TYPES.includes(type.text)) {
    type.unsupported(PATH_TYPES);
  } else if ((isStrict || path.text !== "") && !path.text.startsWith("/")) {
    path.invalid("must be an absolute path", path.text);
  }
  if (isStrict) {
    for (const part of FORBIDDEN_PARTS) {
      if (path.text.includes(part)) path.invalid(`must not contain '${part}'`);
    }
    for (const end of FORBIDDEN_ENDS) {
      if (path.text.endsWith(end)) path.invalid(`cannot end with '${end}'`);
    }
  }
  validateBackend(item.at("backend"));
}

function validateBackend(backend: View): void {
  const [service, resource] = [backend.at("service"), backend.at("resource")];
  if (service.isThere && resource.isThere) {
    return backend.invalid("cannot set both resource and service backends", "");
  }
  if (resource.isThere) return validateReference(resource);
  if (!service.isThere) return backend.invalid("resource or service backend is required", "");
  const name = service.at("name");
  if (name.text === "") name.required();
  else name.invalids(dnsLabel(name.text));
  const [number, word] = [service.at("port", "number"), service.at("port", "name")];
  if (number.number !== 0 && word.text !== "") {
    backend.invalid("cannot set both port name & port number", "");
  } else if (word.text !== "") word.invalids(portName(word.text));
  else if (number.number !== 0) number.invalids(portNumber(number.number));
  else backend.required("port name or number is required");
}

/** To an object of any kind. */
export function validateReference(reference: View): void {
  const group = reference.at("apiGroup");
  if (group.isThere) group.invalids(dnsSubdomain(group.text));
  for (const key of ["kind", "name"]) {
    const word = reference.at(key);
    if (word.text === "") word.required();
    else word.invalids(pathSegment(word.text));
  }
}

/** Where it can be reached from outside. */
export function validateIngressStatus(object: View): void {
  for (const each of object.at("status", "loadBalancer", "ingress").items()) {
    const [ip, name] = [each.at("ip"), each.at("hostname")];
    if (ip.text !== "") validateAddress(ip);
    if (name.text === "") continue;
    name.invalids(dnsSubdomain(name.text));
    if (isIp(name.text)) name.invalid("must be a DNS name, not an IP address");
  }
}
