/** A controller's pods: those it owns and selects; orphans it selects are adopted, others released. */
import type { Resource } from "../engine/api.ts";
import type { Operation } from "../engine/operations.ts";
import {
  type ApiObject,
  controllerOf,
  controllerReference,
  isTerminating,
} from "../model/object.ts";
import { type LabelSelector, selects } from "../model/selector.ts";

interface Claim<T extends ApiObject> {
  readonly owned: T[];
  /** Adoptions and releases. */
  readonly operations: Operation[];
}

/** `candidates` are of the owner's namespace. */
export function claim<T extends ApiObject>(
  owner: ApiObject & { spec: { selector: LabelSelector } },
  resource: Resource,
  candidates: readonly T[],
): Claim<T> {
  const owned: T[] = [];
  const operations: Operation[] = [];
  for (const object of candidates) {
    const manager = controllerOf(object);
    const isSelected = selects(owner.spec.selector, object);
    if (manager?.uid !== undefined && manager.uid === owner.metadata.uid) {
      if (isSelected) owned.push(object);
      else if (!isTerminating(owner)) operations.push(release(owner, resource, object));
    } else if (manager === undefined && isSelected && canAdopt(owner, object)) {
      owned.push(object);
      operations.push(adopt(owner, resource, object));
    }
  }
  return { owned, operations };
}

function canAdopt(owner: ApiObject, object: ApiObject): boolean {
  return !isTerminating(owner) && !isTerminating(object);
}

function adopt(owner: ApiObject, resource: Resource, object: ApiObject): Operation {
  const references = object.metadata.ownerReferences ?? [];
  return changeOwners(resource, object, [...references, controllerReference(owner)]);
}

function release(owner: ApiObject, resource: Resource, object: ApiObject): Operation {
  const references = object.metadata.ownerReferences ?? [];
  const others = references.filter(({ uid }) => uid !== owner.metadata.uid);
  return changeOwners(resource, object, others);
}

/** With the version read, so that two who adopt at once do not both succeed. */
function changeOwners(
  resource: Resource,
  object: ApiObject,
  ownerReferences: ApiObject["metadata"]["ownerReferences"],
): Operation {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const target = namespace === undefined ? { name } : { namespace, name };
  const patch = { metadata: { uid, resourceVersion, ownerReferences } };
  return { verb: "patch", resource, target, patch };
}
