/** Where objects of a resource are in the store, and in which version they are read from it. */
import { readStoredCustom, toStoredCustom } from "../../schema/decode-custom.ts";
import type { CustomResource, KubeObject, ServedResource } from "../../schema/types.ts";
import { listPrefix, objectKey } from "../../store/keys.ts";
import type { StoredObject } from "../../store/types.ts";
import { fromNewAutoscaler, toNewAutoscaler } from "./autoscalers.ts";
import { fromCoreEvent, toCoreEvent } from "./events.ts";

const NEW_EVENTS = "events.k8s.io";
const AUTOSCALING = "autoscaling";

/** Both kinds of Events are one in the store, as in a real cluster. */
function storedGroup({ group }: ServedResource): string {
  return group === NEW_EVENTS ? "" : group;
}

export function keyOf(resource: ServedResource, namespace: string, name: string): string {
  return objectKey({
    group: storedGroup(resource),
    plural: resource.plural,
    namespace: resource.isNamespaced ? namespace : undefined,
    name,
  });
}

/** Of all objects of the resource, or of those of one namespace. */
export function prefixOf(resource: ServedResource, namespace: string): string {
  const inNamespace = resource.isNamespaced && namespace !== "" ? namespace : undefined;
  return listPrefix(storedGroup(resource), resource.plural, inNamespace);
}

export function apiVersionOf({
  group,
  version,
}: Pick<ServedResource, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

function storedApiVersion(resource: ServedResource): string {
  if (resource.group === NEW_EVENTS) return "v1";
  if (resource.group === AUTOSCALING) return "autoscaling/v2";
  const version = resource.custom?.storageVersion ?? resource.version;
  return apiVersionOf({ group: resource.group, version });
}

/** Whether what the store has is what clients of this version get. */
function isServedAsStored(resource: ServedResource): boolean {
  if (resource.custom?.isUnchanged === false) return false;
  return storedApiVersion(resource) === apiVersionOf(resource);
}

/** Objects of custom kinds as they were read, as long as their definition stays as it is. */
const READ = new WeakMap<CustomResource, WeakMap<KubeObject, KubeObject>>();

function servedCustom(
  resource: ServedResource & { custom: CustomResource },
  object: KubeObject,
): KubeObject {
  const known = READ.get(resource.custom) ?? new WeakMap<KubeObject, KubeObject>();
  READ.set(resource.custom, known);
  let read = known.get(object);
  if (read === undefined) {
    read = readStoredCustom(resource, object);
    known.set(object, read);
  }
  return read;
}

function isCustom(
  resource: ServedResource,
): resource is ServedResource & { custom: CustomResource } {
  return resource.custom !== undefined;
}

/** The object as clients of the resource's version see it. Shared: not to be changed. */
export function served(resource: ServedResource, stored: StoredObject): KubeObject {
  const object = stored.object as unknown as KubeObject;
  if (isServedAsStored(resource)) return object;
  if (isCustom(resource)) return servedCustom(resource, object);
  if (resource.group === NEW_EVENTS) return fromCoreEvent(object);
  if (resource.group === AUTOSCALING) return fromNewAutoscaler(object);
  return { ...object, apiVersion: apiVersionOf(resource) };
}

export function toStored(resource: ServedResource, object: KubeObject): KubeObject {
  if (isCustom(resource)) return toStoredCustom(resource, object);
  if (isServedAsStored(resource)) return object;
  if (resource.group === NEW_EVENTS) return toCoreEvent(object);
  if (resource.group === AUTOSCALING) return toNewAutoscaler(object);
  return { ...object, apiVersion: storedApiVersion(resource) };
}

/** The JSON of the object as clients see it; the store's own bytes where they are the same. */
export function servedJson(resource: ServedResource, stored: StoredObject): Buffer {
  if (isServedAsStored(resource)) return stored.json;
  return Buffer.from(JSON.stringify(served(resource, stored)));
}
