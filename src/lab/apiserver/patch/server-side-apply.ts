import { ROOT, ValueDecoder } from "../schema/decode-value.ts";
import { asText, isObject } from "../schema/node.ts";
import { Pruner } from "../schema/prune.ts";
import { joinGroupVersion } from "../schema/registry.ts";
import { badRequest, StatusError } from "../schema/status-error.ts";
import type {
  Cause,
  Json,
  JsonObject,
  KubeObject,
  PatchRequest,
  SchemaSet,
  ServedResource,
} from "../schema/types.ts";
import { FieldSet } from "./field-set.ts";
import { appliedBefore, withLastApplied } from "./last-applied.ts";
import {
  isSameManager,
  type Manager,
  ownable,
  readManagers,
  withManagers,
} from "./managed-fields.ts";
import { compare, fieldsOf, mergeTyped, prune } from "./typed.ts";
import { typedProblems } from "./typed-check.ts";

const BEFORE_FIRST_APPLY = "before-first-apply";

/**
 * Server-side apply: the configuration's fields become the manager's, what it named before and
 * names no more goes, and fields that others own and that would change are conflicts.
 */
export function applyConfiguration(schemas: SchemaSet, request: PatchRequest): KubeObject {
  const { resource, subresource, current, now } = request;
  const node = schemas.nodeOf(resource);
  const config = readConfiguration(schemas, request);
  const id = {
    manager: request.fieldManager ?? "",
    operation: "Apply" as const,
    apiVersion: joinGroupVersion(resource.group, resource.version),
    subresource: subresource ?? "",
  };
  const set = ownable(fieldsOf(node, config), resource, subresource);
  if (current === undefined) return withManagers(config, [{ ...id, time: now, set }]);
  const managers = managersOf(node, current, request);
  const last = managers.find((each) => isSameManager(each, id));
  const others = managers.filter((each) => each !== last);
  const live = withManagers(current, []);
  const merged = mergeTyped(node, live, config);
  const kept = new FieldSet().add(set);
  for (const other of others) kept.add(other.set);
  const pruned = last === undefined ? merged : prune(node, merged, last.set, kept);
  const free = request.isForced === true ? undefined : appliedBefore(node, live, id.manager);
  takeOver(node, live, pruned, others, free);
  const result = withLastApplied(pruned as KubeObject, config, id.manager);
  // Who changes nothing leaves no newer time.
  const time = compareIsEmpty(node, live, result) ? (last?.time ?? "") : now;
  return withManagers(result, [...others, { ...id, time, set }]);
}

/** All that was there before anybody applied is somebody's, whom nobody knows. */
function managersOf(node: Node, current: KubeObject, request: PatchRequest): Manager[] {
  const managers = readManagers(current);
  if (managers.length > 0) return managers;
  const { resource, subresource, now } = request;
  const { changed } = compare(node, undefined, withManagers(current, []));
  const set = ownable(changed, resource, subresource);
  const apiVersion = joinGroupVersion(resource.group, resource.version);
  const manager = BEFORE_FIRST_APPLY;
  return [{ manager, operation: "Update", apiVersion, subresource: "", time: now, set }];
}

type Node = ReturnType<SchemaSet["nodeOf"]>;

function compareIsEmpty(node: Node, live: Json, result: Json): boolean {
  const { changed, removed } = compare(node, live, result);
  return changed.isEmpty && removed.isEmpty;
}

/** The configuration without what is no field: the API server refuses these always. */
function readConfiguration(schemas: SchemaSet, { resource, patch }: PatchRequest): KubeObject {
  const value = patch as Json;
  if (!isObject(value)) throw badRequest("an applied configuration is an object");
  checkKind(resource, value);
  if (isObject(value["metadata"]) && value["metadata"]["managedFields"] !== undefined) {
    throw badRequest("metadata.managedFields must be nil");
  }
  const node = schemas.nodeOf(resource);
  const problems = typedProblems(node, value);
  if (problems.length > 0) throw untyped(resource, value, problems);
  const reader = resource.custom === undefined ? new ValueDecoder() : new Pruner();
  const read =
    reader instanceof Pruner ? reader.prune(node, value, "") : reader.decode(node, value, ROOT);
  if (reader.unknown.length > 0) {
    const unknown = reader.unknown.map((path) => `.${path}: field not declared in schema`);
    throw untyped(resource, value, unknown);
  }
  const config = read as JsonObject;
  return {
    ...config,
    metadata: isObject(config["metadata"]) ? config["metadata"] : {},
  } as KubeObject;
}

function checkKind({ group, version, kind }: ServedResource, value: JsonObject): void {
  const apiVersion = joinGroupVersion(group, version);
  if (value["apiVersion"] === apiVersion && value["kind"] === kind) return;
  throw badRequest(`invalid object type: ${kindText(asText(value["apiVersion"]), value["kind"])}`);
}

/** `apps/v1, Kind=Deployment`; of the core group `/v1, Kind=Pod`. */
function kindText(apiVersion: string, kind: Json | undefined): string {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  // The core group's slash stands alone.
  return `${group}/${version}, Kind=${asText(kind)}`;
}

function untyped(
  { group, version, kind }: ServedResource,
  value: JsonObject,
  lines: readonly string[],
): StatusError {
  const metadata = isObject(value["metadata"]) ? value["metadata"] : {};
  const { namespace, name } = metadata;
  const object = `${asText(namespace)}/${asText(name)}`;
  const what = `${object}; ${kindText(joinGroupVersion(group, version), kind)}`;
  const list = lines.length === 1 ? lines[0] : `errors:\n  ${lines.join("\n  ")}`;
  return new StatusError(500, "", `failed to create typed patch object (${what}): ${list}`);
}

/** Fields that would change and belong to others: conflicts, but for what is free to take. */
function takeOver(
  node: Node,
  live: Json,
  result: Json,
  others: readonly Manager[],
  free: FieldSet | undefined,
): void {
  const { changed, removed } = compare(node, live, result);
  for (const { set } of others) set.removeBelow(removed);
  const conflicts = others
    .map((other) => ({ other, both: other.set.intersect(changed) }))
    .filter(({ both }) => !both.isEmpty);
  if (conflicts.length === 0) return;
  const refused = conflicts
    .map(({ other, both }) => ({
      other,
      paths: both
        .copy()
        .remove(free ?? both)
        .paths(),
    }))
    .filter(({ paths }) => paths.length > 0);
  if (refused.length > 0) throw conflict(refused);
  for (const { other, both } of conflicts) other.set.remove(both);
}

function named({ manager, operation, apiVersion, subresource }: Manager): string {
  const of = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  const using = operation === "Update" ? ` using ${apiVersion}` : "";
  return `${JSON.stringify(manager)}${of}${using}`;
}

interface Conflict {
  other: Manager;
  paths: string[];
}

function conflict(conflicts: readonly Conflict[]): StatusError {
  const count = conflicts.reduce((sum, { paths }) => sum + paths.length, 0);
  const parts = conflicts.map(({ other, paths }) =>
    paths.length === 1
      ? `conflict with ${named(other)}: ${paths[0]}`
      : `conflicts with ${named(other)}:\n${paths.map((path) => `- ${path}`).join("\n")}`,
  );
  const causes: Cause[] = conflicts.flatMap(({ other, paths }) =>
    paths.map((field) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${named(other)}`,
      field,
    })),
  );
  const noun = count === 1 ? "conflict" : "conflicts";
  const message = `Apply failed with ${count} ${noun}: ${parts.join("\n")}`;
  return new StatusError(409, "Conflict", message, { causes });
}
