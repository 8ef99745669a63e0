/** What containers ask for and may have at most. */
import { compareQuantities, countQuantity, formatQuantity, parseQuantity } from "#kube/types";
import { asText } from "../../node.ts";
import type { View } from "../view.ts";
import { dnsLabel, qualifiedName } from "../words.ts";

const STANDARD = /^(?:cpu|memory|ephemeral-storage|hugepages-.*)$/;
/** Names without a domain that mean something somewhere, though not all of them to containers. */
const KNOWN = new Set([
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.storage",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "storage",
  "services.nodeports",
  "services.loadbalancers",
]);
const COUNTED = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);
const OF_PODS = ["cpu", "hugepages-", "memory"];
const HUGE_PAGES = "hugepages-";
const QUOTA_PREFIX = "requests.";

const isNative = (name: string): boolean => !name.includes("/") || name.includes("kubernetes.io/");
const isHuge = (name: string): boolean => name.startsWith(HUGE_PAGES);
/** Whether more may be promised than there is. */
const isElastic = (name: string): boolean => isNative(name) && !isHuge(name);

function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith(QUOTA_PREFIX)) return false;
  return qualifiedName(`${QUOTA_PREFIX}${name}`).length === 0;
}

/** A name that is right for something; whoever calls asks whether it is right there. */
function validateAnyName(at: View, name: string): boolean {
  const words = qualifiedName(name);
  at.invalids(words, name);
  if (words.length > 0) return false;
  if (name.includes("/") || KNOWN.has(name) || isHuge(name)) return true;
  at.invalid("must be a standard resource type or fully qualified", name);
  return false;
}

type NameCheck = (at: View, name: string) => void;

const ofContainer: NameCheck = (at, name) => {
  validateAnyName(at, name);
  if (!name.includes("/")) {
    if (!STANDARD.test(name)) at.invalid("must be a standard resource for containers", name);
  } else if (!isNative(name) && !isExtended(name)) {
    at.invalid("doesn't follow extended resource name standard", name);
  }
};

const ofPod: NameCheck = (at, name) => {
  if (!validateAnyName(at, name)) return;
  if (name !== "cpu" && name !== "memory" && !isHuge(name)) at.unsupported(OF_PODS, name);
};

export function validateAmount(at: View, name: string): void {
  if (compareQuantities(at.text, "0") < 0) at.invalid("must be greater than or equal to 0");
  if ((COUNTED.has(name) || isExtended(name)) && !isMultiple(at.text, "1")) {
    at.invalid("must be an integer");
  }
}

function isMultiple(text: string, unit: string): boolean {
  const [whole, part] = [parseQuantity(text), parseQuantity(unit)];
  if (typeof whole === "string" || typeof part === "string" || part.nanos <= 0n) return false;
  return whole.nanos === countQuantity(whole, part) * part.nanos;
}

function validateHuge(at: View, name: string): void {
  if (!isHuge(name) || isMultiple(at.text, name.slice(HUGE_PAGES.length))) return;
  at.invalid(`${at.text} is not positive integer multiple of ${name}`);
}

function validateLists(resources: View, nameCheck: NameCheck): void {
  const [limits, requests] = [resources.at("limits"), resources.at("requests")];
  for (const [name] of limits.entries()) {
    const at = limits.key(name);
    nameCheck(at, name);
    validateAmount(at, name);
    validateHuge(at, name);
  }
  for (const [name] of requests.entries()) {
    const at = requests.key(name);
    nameCheck(at, name);
    validateAmount(at, name);
    validateAgainstLimit(limits, requests, name);
    validateHuge(at, name);
  }
  const names = [...limits.entries(), ...requests.entries()].map(([name]) => name);
  if (names.some(isHuge) && !names.includes("cpu") && !names.includes("memory")) {
    resources.forbidden("HugePages require cpu or memory");
  }
}

function validateAgainstLimit(limits: View, requests: View, name: string): void {
  const [limit, amount] = [limits.key(name), requests.key(name).text];
  if (!limit.isThere) {
    if (!isElastic(name)) limits.required("Limit must be set for non overcommitable resources");
    return;
  }
  const difference = compareQuantities(amount, limit.text);
  if (difference !== 0 && !isElastic(name)) {
    requests.invalid(`must be equal to ${name} limit of ${limit.text}`, amount);
  } else if (difference > 0) {
    requests.invalid(`must be less than or equal to ${name} limit of ${limit.text}`, amount);
  }
}

/** `claims` are the names of the pod's own. */
export function validateContainerResources(resources: View, claims: readonly string[]): void {
  validateLists(resources, ofContainer);
  const seen = new Set<string>();
  for (const claim of resources.at("claims").items()) {
    const [name, request] = [claim.at("name").text, claim.at("request")];
    if (name === "") {
      claim.required();
      continue;
    }
    if (request.text !== "") request.invalids(dnsLabel(request.text));
    const key = request.text === "" ? name : `${name}/${request.text}`;
    if (seen.has(name) || seen.has(key)) claim.duplicate(seen.has(name) ? name : key);
    seen.add(key);
    if (claims.includes(name)) continue;
    const which = claims.length === 0 ? " which is empty" : `: ${claims.toSorted().join(", ")}`;
    claim.notFound(name, `must be one of the names in pod.spec.resourceClaims${which}`);
  }
}

export function validatePodResources(spec: View): void {
  const resources = spec.at("resources");
  if (!resources.isThere) return;
  if (resources.at("claims").isThere) {
    resources.at("claims").forbidden("claims may not be set for Resources at pod-level");
  }
  validateLists(resources, ofPod);
  const requests = resources.at("requests");
  for (const [name] of requests.entries()) {
    const total = sumOfRequests(spec, name);
    if (compareQuantities(total, asText(requests.key(name).value)) <= 0) continue;
    requests
      .key(name)
      .invalid(`must be greater than or equal to aggregate container requests of ${total}`);
  }
}

/** Of the containers that run side by side, as one quantity. */
function sumOfRequests(spec: View, name: string): string {
  let nanos = 0n;
  let form: "binary" | "decimal" | "exponent" = "decimal";
  for (const container of spec.at("containers").items()) {
    const amount = parseQuantity(container.at("resources", "requests").key(name).text);
    if (typeof amount === "string") continue;
    nanos += amount.nanos;
    ({ form } = amount);
  }
  return formatQuantity({ nanos, form });
}
