import { isObject } from "../schema/node.ts";
import { joinGroupVersion } from "../schema/registry.ts";
import type {
  Json,
  JsonObject,
  KubeObject,
  ServedResource,
  TrackManagedFields,
} from "../schema/types.ts";
import { FieldSet } from "./field-set.ts";
import { compare } from "./typed.ts";

/** Older ones are put together: an object that many programs write must not grow for it. */
const MAX_UPDATERS = 10;
const ANCIENT = "ancient-changes";

/** What the API server sets, and nobody owns. */
const NOBODYS = FieldSet.fromJson({
  "f:apiVersion": {},
  "f:kind": {},
  "f:metadata": {
    ".": {},
    "f:name": {},
    "f:namespace": {},
    "f:creationTimestamp": {},
    "f:selfLink": {},
    "f:uid": {},
    "f:generation": {},
    "f:managedFields": {},
    "f:resourceVersion": {},
  },
});
const STATUS = FieldSet.fromJson({ "f:status": {} });

/** An item of metadata.managedFields. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  time: string;
  set: FieldSet;
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

export function readManagers(object: KubeObject | undefined): Manager[] {
  const list = object?.metadata["managedFields"];
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).flatMap((entry) => {
    const operation = entry["operation"];
    if (operation !== "Apply" && operation !== "Update") return [];
    return {
      manager: text(entry["manager"]),
      operation,
      apiVersion: text(entry["apiVersion"]),
      subresource: text(entry["subresource"]),
      time: text(entry["time"]),
      set: FieldSet.fromJson(entry["fieldsV1"]),
    };
  });
}

/** The object with these managers, and without the list where there are none. */
export function withManagers(object: KubeObject, managers: readonly Manager[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const list = capped(managers.filter(({ set }) => !set.isEmpty));
  if (list.length === 0) return { ...object, metadata };
  const inOrder = list.toSorted(
    (a, b) =>
      compareTexts(a.operation, b.operation) ||
      compareTexts(a.time, b.time) ||
      compareTexts(a.manager, b.manager) ||
      compareTexts(a.apiVersion, b.apiVersion) ||
      compareTexts(a.subresource, b.subresource),
  );
  return { ...object, metadata: { ...metadata, managedFields: inOrder.map(toEntry) } };
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function toEntry({ manager, operation, apiVersion, subresource, time, set }: Manager): JsonObject {
  return {
    ...(manager === "" ? {} : { manager }),
    operation,
    ...(apiVersion === "" ? {} : { apiVersion }),
    ...(time === "" ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: set.toJson(),
    ...(subresource === "" ? {} : { subresource }),
  };
}

function capped(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(({ operation }) => operation === "Update");
  const extra = updaters.length - MAX_UPDATERS;
  if (extra <= 0) return managers;
  const oldest = updaters.toSorted((a, b) => compareTexts(a.time, b.time)).slice(0, extra + 1);
  const last = oldest.at(-1);
  if (last === undefined) return managers;
  const set = new FieldSet();
  for (const each of oldest) set.add(each.set);
  const ancient: Manager = { ...last, manager: ANCIENT, subresource: "", set };
  return [...managers.filter((each) => !oldest.includes(each)), ancient];
}

/** Takes out what nobody owns, and what a write of this kind does not write. */
export function ownable(
  set: FieldSet,
  resource: ServedResource,
  subresource: string | undefined,
): FieldSet {
  set.remove(NOBODYS);
  const hasStatus = resource.subresources.some(({ name }) => name === "status");
  if (hasStatus && subresource === undefined) set.removeBelow(STATUS);
  return set;
}

export function isSameManager(each: Manager, other: Omit<Manager, "time" | "set">): boolean {
  return (
    each.manager === other.manager &&
    each.operation === other.operation &&
    each.subresource === other.subresource &&
    each.apiVersion === other.apiVersion
  );
}

/**
 * What a write changed belongs to who wrote it, and to nobody else any more. A client may write the
 * list itself; `[{}]` makes it empty.
 */
export const trackManagedFields: TrackManagedFields = (schemas, update) => {
  const { resource, subresource, old, object, fieldManager, now } = update;
  const node = schemas.nodeOf(resource);
  const given = object.metadata["managedFields"];
  const isReset = Array.isArray(given) && given.length === 1 && sizeOf(given[0]) === 0;
  const stated = subresource === undefined ? readManagers(object) : [];
  const before = isReset || stated.length > 0 ? stated : readManagers(old);
  // An object that nobody is tracked of stays so, until somebody applies.
  if (isReset || (old !== undefined && before.length === 0)) return withManagers(object, []);
  const { changed, removed } = compare(node, old, object);
  ownable(changed, resource, subresource);
  ownable(removed, resource, subresource);
  if (changed.isEmpty && removed.isEmpty) return withManagers(object, before);
  const id = {
    manager: fieldManager,
    operation: "Update" as const,
    apiVersion: joinGroupVersion(resource.group, resource.version),
    subresource: subresource ?? "",
  };
  const own = before.find((each) => isSameManager(each, id)) ?? {
    ...id,
    time: "",
    set: new FieldSet(),
  };
  const others = before.filter((each) => each !== own);
  for (const other of others) other.set.remove(changed).removeBelow(removed);
  own.set.add(changed).removeBelow(removed);
  own.time = now;
  return withManagers(object, [...others, own]);
};

function sizeOf(value: Json | undefined): number {
  return isObject(value) ? Object.keys(value).length : 0;
}
