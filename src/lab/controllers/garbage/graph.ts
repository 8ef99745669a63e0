/** Who owns whom, over all resources that the server has: metadata only. */
import type { Resource } from "#kube";

import type { ApiObject, Metadata, OwnerReference } from "../model/object.ts";

export interface Item {
  readonly resource: Resource;
  readonly object: ApiObject;
}

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

export class OwnerGraph {
  readonly #items = new Map<string, Item>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): Item | undefined {
    return this.#items.get(uid);
  }

  dependentsOf(uid: string): Item[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((each) => this.#items.get(each) ?? []);
  }

  put(resource: Resource, object: ApiObject): void {
    const uid = object.metadata.uid ?? "";
    this.#unlink(uid);
    this.#items.set(uid, { resource, object });
    for (const owner of object.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, dependents.add(uid));
    }
  }

  remove(uid: string): void {
    this.#unlink(uid);
    this.#items.delete(uid);
  }

  /** A resource is no longer served. */
  removeAll(isGone: (resource: Resource) => boolean): string[] {
    const gone = [...this.#items].filter(([, { resource }]) => isGone(resource));
    for (const [uid] of gone) this.remove(uid);
    return gone.map(([uid]) => uid);
  }

  #unlink(uid: string): void {
    for (const owner of this.#items.get(uid)?.object.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}

/** What the graph keeps of an object. */
export function metadataOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, ownerReferences, finalizers } =
    object.metadata;
  const metadata: Metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
  return { apiVersion: object.apiVersion, kind: object.kind, metadata };
}

export function hasFinalizer({ metadata }: ApiObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
}

/** An owner that was told to go and waits for what it owns. */
export function isWaitingForDependents(object: ApiObject): boolean {
  return object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, FOREGROUND);
}

export function blocks(dependent: ApiObject, ownerUid: string | undefined): boolean {
  return (dependent.metadata.ownerReferences ?? []).some(
    (owner: OwnerReference) => owner.uid === ownerUid && owner.blockOwnerDeletion === true,
  );
}
