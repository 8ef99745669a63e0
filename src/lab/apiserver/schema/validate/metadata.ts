import { asText, sameJson, sortedKeys } from "../node.ts";
import type { ServedResource } from "../types.ts";
import type { View } from "./view.ts";
import { dnsLabel, dnsSubdomain, labelValue, pathSegment, qualifiedName } from "./words.ts";

const ANNOTATIONS_MAX_BYTES = 256 * 1024;
const IMMUTABLE = "field is immutable";
/** Finalizers with no domain in their names. */
const STANDARD_FINALIZERS = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

type NameCheck = (name: string) => string[];

/** Names that are labels; all others are subdomains, but those that are parts of a path only. */
const LABEL_NAMES = new Set(["namespaces", "services", "statefulsets"]);
const PATH_NAMES = new Set([
  "roles",
  "rolebindings",
  "clusterroles",
  "clusterrolebindings",
  "poddisruptionbudgets",
]);
/** Built-in kinds of which only what is common to all objects is looked at. */
const WITH_COMMON_METADATA = new Set(["leases", "poddisruptionbudgets"]);

function nameCheck({ plural, custom }: ServedResource): NameCheck {
  if (custom !== undefined) return dnsSubdomain;
  if (LABEL_NAMES.has(plural)) return dnsLabel;
  return PATH_NAMES.has(plural) ? pathSegment : dnsSubdomain;
}

/** A prefix may end as a name may not: something follows. */
function asName(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith("-") ? `${prefix.slice(0, -2)}a` : prefix;
}

/** Of an object whose name has been generated, where it was to be. */
export function validateMetadata(resource: ServedResource, metadata: View): void {
  const check = nameCheck(resource);
  const [name, prefix] = [metadata.at("name"), metadata.at("generateName")];
  if (prefix.text !== "") prefix.invalids(check(asName(prefix.text)));
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
  metadata.at("generation").notNegative();
  validateLooseMetadata(metadata);
  if (hasKubeMetadata(resource)) validateKubeFinalizers(metadata);
}

export const hasKubeMetadata = ({ plural, custom }: ServedResource): boolean =>
  custom === undefined && !WITH_COMMON_METADATA.has(plural);

/** What of it does not depend on the kind. */
export function validateLooseMetadata(metadata: View): void {
  validateMarks(metadata);
  const finalizers = metadata.at("finalizers");
  const names = finalizers.items().map(({ text }) => text);
  for (const name of names) finalizers.invalids(qualifiedName(name), name);
  if (names.includes("orphan") && names.includes("foregroundDeletion")) {
    finalizers.invalid("finalizer orphan and foregroundDeletion cannot be both set");
  }
}

function validateMarks(metadata: View): void {
  validateLabels(metadata.at("labels"));
  validateAnnotations(metadata.at("annotations"));
  validateOwners(metadata.at("ownerReferences"));
}

function validateKubeFinalizers(metadata: View): void {
  for (const each of metadata.at("finalizers").items()) {
    if (each.text.includes("/") || STANDARD_FINALIZERS.has(each.text)) continue;
    each.invalid("name is neither a standard finalizer name nor is it fully qualified");
  }
}

export function validateLabels(labels: View): void {
  for (const [key, value] of labels.entries()) {
    labels.invalids(qualifiedName(key), key);
    if (typeof value === "string") labels.invalids(labelValue(value), value);
  }
}

export function validateAnnotations(annotations: View): void {
  let bytes = 0;
  for (const [key, value] of annotations.entries()) {
    annotations.invalids(qualifiedName(key.toLowerCase()), key);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(asText(value));
  }
  if (bytes > ANNOTATIONS_MAX_BYTES) annotations.tooLong(ANNOTATIONS_MAX_BYTES);
}

function validateOwners(owners: View): void {
  let first: string | undefined;
  for (const owner of owners.items()) {
    validateOwner(owners, owner);
    if (owner.at("controller").value !== true) continue;
    const name = `${owner.at("kind").text}/${owner.at("name").text}`;
    if (first === undefined) first = name;
    else {
      const found = `Found "true" in references for ${first} and ${name}`;
      owners.invalid(`Only one reference can have Controller set to true. ${found}`);
    }
  }
}

/** Told of at the list, and not at its item. */
function validateOwner(owners: View, owner: View): void {
  const [version, kind] = [owner.at("apiVersion").text, owner.at("kind").text];
  if (version === "") owners.at("apiVersion").invalid("version must not be empty", "");
  for (const key of ["kind", "name", "uid"]) {
    if (owner.at(key).text === "") owners.at(key).invalid("must not be empty", "");
  }
  if (version === "v1" && kind === "Event") {
    owners.invalid("/v1, Kind=Event is disallowed from being an owner", owner.value);
  }
}

/** What of metadata an update may not change, and the rest of it once more. */
export function validateMetadataChange(metadata: View, old: View): void {
  if (old.at("deletionTimestamp").isThere) validateNoNewFinalizers(metadata, old);
  const fixed = [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ];
  for (const key of fixed) validateUnchanged(metadata.at(key), old.at(key));
  validateMarks(metadata);
}

/** The same, as the strategies of most built-in kinds ask it again. */
export function validateKubeMetadataChange(metadata: View, old: View): void {
  validateMetadataChange(metadata, old);
  validateKubeFinalizers(metadata);
}

function validateNoNewFinalizers(metadata: View, old: View): void {
  const namesOf = (of: View): string[] =>
    of
      .at("finalizers")
      .items()
      .map(({ text }) => text);
  const before = new Set(namesOf(old));
  const added = namesOf(metadata).filter((name) => !before.has(name));
  if (added.length === 0) return;
  const list = added.map((name) => JSON.stringify(name)).join(", ");
  metadata
    .at("finalizers")
    .forbidden(
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    );
}

export function validateUnchanged(now: View, old: View): void {
  if (sameJson(now.value, old.value)) return;
  now.invalid(IMMUTABLE, sortedKeys(now.value ?? null));
}
