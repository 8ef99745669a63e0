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
import {
  isSameManager,
  type Manager,
  ownable,
  readManagers,
  withManagers,
} from "./managed-fields.ts";
import { compare, fieldsOf, mergeTyped, prune } from "./typed.ts";

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
  const managers = readManagers(current);
  const last = managers.find((each) => isSameManager(each, id));
  const others = managers.filter((each) => each !== last);
  const own: Manager = { ...id, time: now, set };
  if (current === undefined) return withManagers(config, [own]);
  const live = withManagers(current, []);
  const merged = mergeTyped(node, live, config);
  const kept = new FieldSet().add(set);
  for (const other of others) kept.add(other.set);
  const pruned = last === undefined ? merged : prune(node, merged, last.set, kept);
  takeOver(node, live, pruned, others, request.isForced === true);
  const isUnchanged =
    last !== undefined && JSON.stringify(last.set.toJson()) === JSON.stringify(set.toJson());
  const result = pruned as KubeObject;
  const isSame = isUnchanged && compareIsEmpty(node, live, result);
  // An apply that changes nothing leaves no trace, not even a newer time.
  return withManagers(result, [...others, isSame ? last : own]);
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
    const list = value["metadata"]["managedFields"];
    if (!Array.isArray(list) || list.length > 0) {
      throw badRequest("metadata.managedFields must be nil");
    }
  }
  const node = schemas.nodeOf(resource);
  const reader = resource.custom === undefined ? new ValueDecoder() : new Pruner();
  const read =
    reader instanceof Pruner ? reader.prune(node, value, "") : reader.decode(node, value, ROOT);
  if (reader.unknown.length > 0) throw undeclared(resource, value, reader.unknown);
  const config = read as JsonObject;
  return {
    ...config,
    metadata: isObject(config["metadata"]) ? config["metadata"] : {},
  } as KubeObject;
}

function checkKind({ group, version, kind }: ServedResource, value: JsonObject): void {
  const apiVersion = joinGroupVersion(group, version);
  if (value["apiVersion"] === apiVersion && value["kind"] === kind) return;
  const said = `${asText(value["apiVersion"])}, Kind=${asText(value["kind"])}`;
  throw badRequest(`the configuration is of ${said}, and ${apiVersion}, Kind=${kind} is expected`);
}

function undeclared(
  { group, version, kind }: ServedResource,
  value: JsonObject,
  unknown: readonly string[],
): StatusError {
  const metadata = isObject(value["metadata"]) ? value["metadata"] : {};
  const { namespace, name } = metadata;
  const what = `${asText(namespace)}/${asText(name)}; ${joinGroupVersion(group, version)}, Kind=${kind}`;
  const lines = unknown.map((path) => `.${path}: field not declared in schema`);
  const list = lines.length === 1 ? lines[0] : `errors:\n  ${lines.join("\n  ")}`;
  return badRequest(`failed to create typed patch object (${what}): ${list}`);
}

/** Fields that would change and belong to others: taken from them by force, or conflicts. */
function takeOver(
  node: Node,
  live: Json,
  result: Json,
  others: readonly Manager[],
  isForced: boolean,
): void {
  const { changed, removed } = compare(node, live, result);
  const touched = new FieldSet().add(changed).add(removed);
  const conflicts = others
    .map((other) => ({ other, both: other.set.intersect(touched) }))
    .filter(({ both }) => !both.isEmpty);
  if (conflicts.length === 0) return;
  if (!isForced)
    throw conflict(conflicts.map(({ other, both }) => ({ other, paths: both.paths() })));
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
