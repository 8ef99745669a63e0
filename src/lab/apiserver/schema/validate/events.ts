/** Events: about an object of their own namespace, and, in the newer form, with all that tells when. */
import { sameJson } from "../node.ts";
import type { View } from "./view.ts";
import { dnsSubdomain, qualifiedName } from "./words.ts";

/** Events about what is in no namespace are in these. */
const DEFAULT_NAMESPACE = "default";
const SYSTEM_NAMESPACE = "kube-system";

/** Of those that say when: how long a text may be, and whether it has to be there. */
const TEXTS: readonly (readonly [name: string, most: number, isNeeded: boolean])[] = [
  ["reportingInstance", 128, true],
  ["action", 128, true],
  ["reason", 128, true],
  ["message", 1_024, false],
];

/** How the newer form calls what it has of the core group. */
const NEW_NAMES: Readonly<Record<string, string>> = {
  involvedObject: "regarding",
  message: "note",
  reportingComponent: "reportingController",
  count: "deprecatedCount",
  firstTimestamp: "deprecatedFirstTimestamp",
  lastTimestamp: "deprecatedLastTimestamp",
  source: "deprecatedSource",
};

/** A field by its name in the core group, which messages have mostly, whatever the form. */
function fieldOf(event: View, name: string, isNew: boolean): View {
  if (!isNew) return event.at(name);
  const newName = NEW_NAMES[name] ?? name;
  return event.at(newName).as(name === "reportingComponent" ? newName : name);
}

export function validateEvent(event: View): void {
  validateAny(event, false);
}

export function validateNewFormEvent(event: View): void {
  validateAny(event, true);
}

function validateAny(event: View, isNew: boolean): void {
  const namespace = event.at("metadata", "namespace");
  const about = fieldOf(event, "involvedObject", isNew).at("namespace");
  const hasTime = event.at("eventTime").isThere;
  if (!isItsNamespace(about.text, namespace.text, hasTime)) {
    about.invalid("does not match event.namespace", about.text);
  }
  if (hasTime) validateTimed(event, isNew);
  namespace.as("namespace").invalids(dnsSubdomain(namespace.text));
}

function isItsNamespace(about: string, namespace: string, hasTime: boolean): boolean {
  if (about !== "") return hasTime || about === namespace;
  return namespace === DEFAULT_NAMESPACE || (hasTime && namespace === SYSTEM_NAMESPACE);
}

function validateTimed(event: View, isNew: boolean): void {
  const controller = fieldOf(event, "reportingComponent", isNew);
  controller.needText();
  controller.invalids(qualifiedName(controller.text));
  for (const [name, most, isNeeded] of TEXTS) {
    const field = fieldOf(event, name, isNew);
    if (isNeeded) field.needText();
    if (field.text.length > most) field.invalid(`can have at most ${most} characters`, "");
  }
}

/** What the newer form asks of events that are made by it. */
export function validateMadeEvent(event: View): void {
  validateSeries(event);
  if (!event.at("eventTime").isThere) event.at("eventTime").required();
  const type = event.at("type");
  if (type.text !== "Normal" && type.text !== "Warning") {
    type.invalid(`has invalid value: ${type.text}`, "");
  }
  for (const name of ["firstTimestamp", "lastTimestamp", "count"]) {
    const field = fieldOf(event, name, true);
    if (field.isThere && field.value !== 0) field.invalid("needs to be unset", "");
  }
  const source = fieldOf(event, "source", true);
  if (source.entries().length > 0) source.invalid("needs to be unset", "");
}

function validateSeries(event: View): void {
  const series = event.at("series");
  if (!series.isThere) return;
  if (series.at("count").number < 2) series.at("count").invalid("should be at least 2", "");
  const last = series.at("lastObservedTime");
  if (!last.isThere) last.required();
}

const KEPT = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
];

/** The newer form counts on in its series, and changes nothing else. */
export function validateEventChange(event: View, old: View): void {
  if (!sameJson(event.at("series").value, old.at("series").value)) validateSeries(event);
  for (const name of KEPT) {
    const field = fieldOf(event, name, true);
    const isKept = sameJson(field.value ?? null, fieldOf(old, name, true).value ?? null);
    if (!isKept) field.invalid("field is immutable");
  }
}
