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
  core["firstTimestamp"] ??= null;
  core["lastTimestamp"] ??= null;
  return core;
}

export function fromCoreEvent(event: KubeObject): KubeObject {
  return renamed(event, FROM_CORE, "events.k8s.io/v1");
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
