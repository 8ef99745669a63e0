/** CustomResourceDefinitions. */
import { validateUnchanged } from "./metadata.ts";
import { Versions } from "./definition/versions.ts";
import type { View } from "./view.ts";
import { dns1035Label, dnsSubdomain, mayBeMixed } from "./words.ts";

const SCOPES = ["Cluster", "Namespaced"];
const STRATEGIES = ["None", "Webhook"];
const APPROVAL = "api-approved.kubernetes.io";
const PROTECTED = /(?:^|\.)(?:k8s|kubernetes)\.io$/;
const REVIEWED = "see https://github.com/kubernetes/enhancements/pull/1111";
const NOT_FOR_ALL =
  "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";

/** `old` is none where the definition is new. */
export function validateDefinition(object: View, old?: View): void {
  const spec = object.at("spec");
  const name = object.at("metadata", "name");
  const expected = `${spec.at("names", "plural").text}.${spec.at("group").text}`;
  if (old === undefined && name.text !== expected) {
    name.invalid('must be spec.names.plural+"."+spec.group');
  }
  validateSpec(spec);
  validateStoredVersions(object);
  validateApproval(object);
  const preserves = spec.at("preserveUnknownFields");
  if (preserves.value === true) preserves.invalid(NOT_FOR_ALL);
}

function validateSpec(spec: View): void {
  const group = spec.at("group");
  const problems = dnsSubdomain(group.text);
  if (group.text === "") group.required();
  else if (problems.length > 0) group.invalid(problems.join(","));
  else if (!group.text.includes(".")) group.invalid("should be a domain with at least one dot");
  spec.at("scope").oneOf(SCOPES);
  const versions = new Versions(spec);
  versions.validate();
  validateNames(spec.at("names"));
  versions.validateShared();
  validateConversion(spec.at("conversion"));
}

function validateNames(names: View): void {
  const one = ["plural", "singular", "kind", "listKind"].map((key) => names.at(key));
  for (const each of one) if (each.text === "") each.required();
  for (const key of ["plural", "singular"]) {
    const each = names.at(key);
    if (each.text !== "") each.invalids(dns1035Label(each.text));
  }
  for (const key of ["kind", "listKind"]) {
    const each = names.at(key);
    if (each.text !== "") each.invalids(dns1035Label(each.text.toLowerCase()).map(mayBeMixed));
  }
  for (const short of names.at("shortNames").items()) short.invalids(dns1035Label(short.text));
  const [kind, list] = [names.at("kind"), names.at("listKind")];
  if (kind.text !== "" && list.text === kind.text) {
    list.invalid("kind and listKind may not be the same");
  }
  for (const each of names.at("categories").items()) each.invalids(dns1035Label(each.text));
}

function validateConversion(conversion: View): void {
  if (!conversion.isThere) return;
  const strategy = conversion.at("strategy");
  strategy.oneOf(STRATEGIES);
  if (strategy.text !== "Webhook") return;
  const client = conversion.at("webhook", "clientConfig");
  const versions = conversion.at("webhook", "conversionReviewVersions");
  const [clientAt, versionsAt] = [
    conversion.at("webhookClientConfig"),
    conversion.at("conversionReviewVersions"),
  ];
  if (!client.isThere) clientAt.required("required when strategy is set to Webhook");
  if (versions.items().length === 0) versionsAt.required();
  else {
    strategy.forbidden("conversion by webhooks is not supported by the lab's API server");
  }
}

function validateStoredVersions(object: View): void {
  const stored = object.at("status", "storedVersions");
  const names = stored.items().map(({ text }) => text);
  if (names.length === 0) {
    return stored.invalid("must have at least one stored version", null);
  }
  const left = new Set(names);
  for (const version of object.at("spec", "versions").items()) {
    const { text } = version.at("name");
    const isStorage = version.at("storage").value === true;
    // Of two versions of one name, the second is none that was stored.
    if (!left.delete(text) && isStorage) stored.invalid(`must have the storage version ${text}`);
  }
  for (const each of stored.items()) {
    if (!left.has(each.text)) continue;
    each.invalid(
      `missing from spec.versions; ${each.text} was previously a storage version, and must remain ` +
        `in spec.versions until a storage migration ensures no data remains persisted in ` +
        `${each.text} and removes ${each.text} from status.storedVersions`,
    );
  }
}

/** Groups that Kubernetes keeps for itself. */
function validateApproval(object: View): void {
  if (!PROTECTED.test(object.at("spec", "group").text)) return;
  const approval = object.at("metadata", "annotations").key(APPROVAL);
  const words = `protected groups must have approval annotation "${APPROVAL}"`;
  if (approval.text === "") return approval.required(`${words}, ${REVIEWED}`);
  if (approval.text.startsWith("unapproved") || URL.canParse(approval.text)) return;
  approval.invalid(
    `${words} with either a URL or a reason starting with "unapproved", ${REVIEWED}`,
  );
}

export function validateDefinitionChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  const isEstablished = old
    .at("status", "conditions")
    .items()
    .some((each) => each.at("type").text === "Established" && each.at("status").text === "True");
  if (isEstablished) {
    validateUnchanged(spec.at("scope"), before.at("scope"));
    validateUnchanged(spec.at("names", "kind"), before.at("names", "kind"));
  }
  validateUnchanged(spec.at("group"), before.at("group"));
  validateUnchanged(spec.at("names", "plural"), before.at("names", "plural"));
}
