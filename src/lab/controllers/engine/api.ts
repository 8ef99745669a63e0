/** What the controllers need of an API server, so that tests can stand in for one. */
import { KubeError, type ObjectRef, type Resource } from "#kube";

import type { ApiObject } from "../model/object.ts";

export type { ObjectRef, Resource } from "#kube";

export interface DeleteSettings {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** What a watch tells; never the same version of an object twice in a row. */
export interface Follower {
  changed(object: ApiObject): void;
  deleted(object: ApiObject): void;
}

export interface Api {
  get(resource: Resource, name: ObjectRef): Promise<ApiObject>;
  list(resource: Resource, namespace?: string): Promise<ApiObject[]>;
  create(resource: Resource, object: ApiObject): Promise<ApiObject>;
  update(resource: Resource, object: ApiObject): Promise<ApiObject>;
  updateStatus(resource: Resource, object: ApiObject): Promise<ApiObject>;
  /** A merge patch. */
  patch(
    resource: Resource,
    name: ObjectRef,
    patch: unknown,
    subresource?: string,
  ): Promise<ApiObject>;
  /** To a part of an object: `binding`, `token`, `finalize`. */
  send(
    method: "POST" | "PUT",
    resource: Resource,
    name: ObjectRef,
    subresource: string,
    body: unknown,
  ): Promise<unknown>;
  delete(resource: Resource, name: ObjectRef, settings: DeleteSettings): Promise<unknown>;
  deleteAll(resource: Resource, namespace: string): Promise<void>;
  /** A GET of any path. */
  read(path: string): Promise<unknown>;
  /** Lists, then watches, until the signal; resolves once the list has been told. */
  follow(resource: Resource, follower: Follower, signal: AbortSignal): Promise<void>;
}

/** The HTTP status an API server refused with; undefined for errors that are none of its. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("status" in error)) return undefined;
  return typeof error.status === "number" ? error.status : undefined;
}

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Another wrote in between, or the object is there already. */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The namespace is about to go: nothing can be made in it any more, and nothing needs to be. */
export function isNamespaceEnding(error: unknown): boolean {
  return (
    error instanceof KubeError &&
    error.details.causes?.some(({ reason }) => reason === "NamespaceTerminating") === true
  );
}
