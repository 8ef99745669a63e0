import { asText, sameJson } from "../node.ts";
import type { ServedResource } from "../types.ts";
import type { View } from "./view.ts";
import { dnsLabel, dnsSubdomain, labelValue, pathSegment, qualifiedName } from "./words.ts";

const ANNOTATIONS_MAX_BYTES = 256 * 1024;
const CRON_JOB_NAME_MAX = 52;
const GENERATED_SUFFIX = "x";
const IMMUTABLE = "field is immutable";

type NameCheck = (name: string) => string[];

/** Names that are labels; all others are subdomains, but those of RBAC. */
const LABEL_NAMES = new Set(["namespaces", "services", "statefulsets"]);
const PATH_NAMES = new Set(["roles", "rolebindings", "clusterroles", "clusterrolebindings"]);

function nameCheck({ plural, custom }: ServedResource): NameCheck {
  if (custom !== undefined) return dnsSubdomain;
  if (LABEL_NAMES.has(plural)) return dnsLabel;
  if (PATH_NAMES.has(plural)) return pathSegment;
  return plural === "cronjobs" ? cronJobName : dnsSubdomain;
}

function cronJobName(name: string): string[] {
  const words = dnsSubdomain(name);
  return name.length > CRON_JOB_NAME_MAX
    ? [...words, `must be no more than ${CRON_JOB_NAME_MAX} characters`]
    : words;
}

/** Of an object whose name has been generated, where it was to be. */
export function validateMetadata(resource: ServedResource, metadata: View): void {
  const check = nameCheck(resource);
  const [name, prefix] = [metadata.at("name"), metadata.at("generateName")];
  // A prefix may end as a name may not: something follows.
  if (prefix.text !== "") prefix.invalids(check(prefix.text + GENERATED_SUFFIX));
  if (name.text === "") name.required("name or generateName is required");
  else name.invalids(check(name.text));
  const namespace = metadata.at("namespace");
  if (!resource.isNamespaced) {
    if (namespace.text !== "") namespace.forbidden("not allowed on this type");
  } else if (namespace.text === "") {
    namespace.required();
  } else {
    namespace.invalids(dnsLabel(namespace.text));
  }
  validateLooseMetadata(metadata);
}

/** What templates' metadata has to keep to as well. */
export function validateLooseMetadata(metadata: View): void {
  validateLabels(metadata.at("labels"));
  validateAnnotations(metadata.at("annotations"));
  const owners = metadata.at("ownerReferences");
  for (const owner of owners.items()) validateOwner(owners, owner);
  const finalizers = metadata.at("finalizers");
  for (const each of finalizers.items()) {
    finalizers.invalids(qualifiedName(each.text), each.value);
  }
}

export function validateLabels(labels: View): void {
  for (const [key, value] of labels.entries()) {
    labels.invalids(qualifiedName(key), key);
    if (typeof value === "string") labels.invalids(labelValue(value), value);
  }
}

function validateAnnotations(annotations: View): void {
  let bytes = 0;
  for (const [key, value] of annotations.entries()) {
    annotations.invalids(qualifiedName(key.toLowerCase()), key);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(asText(value));
  }
  if (bytes > ANNOTATIONS_MAX_BYTES) annotations.tooLong(ANNOTATIONS_MAX_BYTES);
}

function validateOwner(owners: View, owner: View): void {
  if (owner.at("apiVersion").text === "") {
    owners.at("apiVersion").invalid("version must not be empty", "");
  }
  for (const key of ["kind", "name", "uid"]) {
    if (owner.at(key).text === "") owners.at(key).invalid("must not be empty", "");
  }
}

/** What of metadata an update may not change. */
export function validateMetadataChange(metadata: View, old: View): void {
  if (old.at("deletionTimestamp").isThere) {
    const before = new Set(
      old
        .at("finalizers")
        .items()
        .map(({ text }) => text),
    );
    const added = metadata
      .at("finalizers")
      .items()
      .filter(({ text }) => !before.has(text));
    if (added.length > 0) {
      const list = added.map(({ text }) => JSON.stringify(text)).join(", ");
      metadata
        .at("finalizers")
        .forbidden(
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
        );
    }
  }
  for (const key of ["name", "namespace", "uid", "creationTimestamp"]) {
    validateUnchanged(metadata.at(key), old.at(key));
  }
}

export function validateUnchanged(now: View, old: View): void {
  if (!sameJson(now.value, old.value)) now.invalid(IMMUTABLE);
}
