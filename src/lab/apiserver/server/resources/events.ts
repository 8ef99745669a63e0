/** Events have two forms, v1 and events.k8s.io/v1; the store keeps the first. */
import type { Json, KubeObject } from "../../schema/types.ts";

/** Names of the same field: of events.k8s.io/v1, of v1. */
const RENAMED: readonly (readonly [string, string])[] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["reportingController", "reportingComponent"],
  ["deprecatedCount", "count"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedSource", "source"],
];

const TO_CORE = new Map(RENAMED);
const FROM_CORE = new Map(RENAMED.map(([now, core]) => [core, now]));

export function toCoreEvent(event: KubeObject): KubeObject {
  const core = renamed(event, TO_CORE, "v1");
  core["source"] ??= {};
  core["reportingComponent"] ??= "";
  core["reportingInstance"] ??= "";
  return core;
}

export function fromCoreEvent(event: KubeObject): KubeObject {
  const object = renamed(event, FROM_CORE, "events.k8s.io/v1");
  // The first form always has these, the second only where they say something.
  for (const field of ["reportingController", "reportingInstance"]) {
    if (object[field] === "") delete object[field];
  }
  return object;
}

function renamed(
  event: KubeObject,
  names: ReadonlyMap<string, string>,
  apiVersion: string,
): KubeObject {
  const { apiVersion: _old, kind, metadata, ...rest } = event;
  const fields = Object.entries(rest).map(([key, value]): [string, Json] => [
    names.get(key) ?? key,
    value,
  ]);
  return { apiVersion, kind, metadata, ...Object.fromEntries(fields) };
}
