/** Storage that outlives pods, and the claims to it. */
import { compareQuantities } from "#kube/types";
import { copyJson, isObject, sameJson, sortedKeys } from "../node.ts";
import { validateUnchanged } from "./metadata.ts";
import { validateNodeSelector } from "./pods/affinity.ts";
import { validateVolumeSource } from "./pods/volumes.ts";
import type { JsonObject } from "../types.ts";
import { validateSelector } from "./selectors.ts";
import type { View } from "./view.ts";
import { dnsSubdomain, qualifiedName } from "./words.ts";

const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES = ["Block", "Filesystem"];
const RECLAIM_POLICIES = ["Delete", "Recycle", "Retain"];
const BINDING_MODES = ["Immediate", "WaitForFirstConsumer"];
const SINGLE = "ReadWriteOncePod";

export function validateStorageClass(object: View): void {
  const provisioner = object.at("provisioner");
  if (provisioner.text === "") provisioner.required();
  else provisioner.invalids(qualifiedName(provisioner.text.toLowerCase()));
  const [reclaim, binding] = [object.at("reclaimPolicy"), object.at("volumeBindingMode")];
  if (!["Delete", "Retain"].includes(reclaim.text)) reclaim.unsupported(["Delete", "Retain"]);
  if (!BINDING_MODES.includes(binding.text)) binding.unsupported(BINDING_MODES);
}

export function validateStorageClassChange(object: View, old: View): void {
  for (const key of ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"]) {
    validateUnchanged(object.at(key), old.at(key));
  }
}

function validateAccessModes(modes: View): void {
  const words = modes.items().map(({ text }) => text);
  for (const mode of words) if (!ACCESS_MODES.includes(mode)) modes.unsupported(ACCESS_MODES, mode);
  const isShared = words.some((mode) => mode !== SINGLE && ACCESS_MODES.includes(mode));
  if (words.includes(SINGLE) && isShared) {
    modes.forbidden("may not use ReadWriteOncePod with other access modes");
  }
}

export function validateClaim(object: View): void {
  validateClaimSpec(object.at("spec"));
}

export function validateClaimSpec(spec: View): void {
  const modes = spec.at("accessModes");
  if (modes.items().length === 0) modes.required("at least 1 access mode is required");
  validateSelector(spec.at("selector"));
  validateAccessModes(modes);
  const size = spec.at("resources", "requests", "storage").as(`${spec.path}.resources[storage]`);
  if (!size.isThere) size.required();
  else if (compareQuantities(size.text, "0") <= 0) size.invalid("must be greater than zero");
  validateClassAndMode(spec);
}

function validateClassAndMode(spec: View): void {
  const [name, mode] = [spec.at("storageClassName"), spec.at("volumeMode")];
  if (name.text !== "") name.invalids(dnsSubdomain(name.text));
  if (mode.isThere && !VOLUME_MODES.includes(mode.text)) mode.unsupported(VOLUME_MODES);
}

/** Its size may grow once it is bound, and where it is bound to is set once. */
export function validateClaimChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  const now = copyJson(isObject(spec.value) ? spec.value : {});
  const then = copyJson(isObject(before.value) ? before.value : {});
  if (before.at("volumeName").text === "") {
    delete now["volumeName"];
    delete then["volumeName"];
  }
  const isBound = object.at("status", "phase").text === "Bound";
  if (isBound) for (const each of [now, then]) delete each["resources"];
  if (!sameJson(now, then)) {
    spec.forbidden(
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    );
  }
  const [size, had] = [spec, before].map((each) => each.at("resources", "requests", "storage"));
  const capacity = object.at("status", "capacity", "storage");
  if (compareQuantities(size?.text ?? "", had?.text ?? "") < 0) {
    if (compareQuantities(size?.text ?? "", capacity.text) <= 0) {
      size?.forbidden("field can not be less than status.capacity");
    }
  }
}

/** Everything in its spec that names no source. */
const NO_SOURCES = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

export function validateVolume(object: View): void {
  const spec = object.at("spec");
  const [modes, capacity] = [spec.at("accessModes"), spec.at("capacity")];
  if (modes.items().length === 0) modes.required();
  validateAccessModes(modes);
  const names = capacity.entries().map(([name]) => name);
  if (names.length === 0) capacity.required();
  if (!names.includes("storage") || names.length > 1) {
    capacity.unsupported(["storage"], sortedKeys(capacity.value ?? null));
  }
  for (const name of names) {
    const amount = capacity.key(name);
    if (compareQuantities(amount.text, "0") < 0) {
      amount.invalid("must be a valid resource quantity", Number(amount.text));
    }
    if (compareQuantities(amount.text, "0") <= 0) amount.invalid("must be greater than zero");
  }
  const reclaim = spec.at("persistentVolumeReclaimPolicy");
  if (reclaim.text !== "" && !RECLAIM_POLICIES.includes(reclaim.text)) {
    reclaim.unsupported(RECLAIM_POLICIES);
  }
  const affinity = spec.at("nodeAffinity", "required");
  if (affinity.isThere) validateNodeSelector(affinity);
  validateVolumeSource(spec);
  validateClassAndMode(spec);
}

export function validateVolumeChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  const sources = (of: View): JsonObject =>
    Object.fromEntries(of.entries().filter(([key]) => !NO_SOURCES.has(key)));
  if (!sameJson(sources(spec), sources(before))) {
    spec
      .at("persistentvolumesource")
      .forbidden("spec.persistentvolumesource is immutable after creation");
  }
  validateUnchanged(spec.at("volumeMode").as("volumeMode"), before.at("volumeMode"));
}
