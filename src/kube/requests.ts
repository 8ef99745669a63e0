/** What a client can be asked for: options and answers. */
import type { AnyObject, KubeObject } from "./object.ts";

export interface SelectorOptions {
  /** All namespaces without it. */
  namespace?: string | undefined;
  /** As kubectl's -l: `app=web,tier!=cache,env in (a, b)`. */
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface ListOptions extends SelectorOptions {
  /** A page of at most so many; everything in one answer without it. */
  limit?: number | undefined;
  /** The token of the page before. */
  continue?: string | undefined;
  /** "0" for whatever a server has in memory. */
  resourceVersion?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface ObjectList<T extends AnyObject = KubeObject> {
  /** Each with apiVersion and kind, which servers leave out in lists. */
  items: T[];
  resourceVersion: string;
  /** Present when there is more. */
  continue: string | undefined;
}

export interface WriteOptions {
  fieldManager?: string | undefined;
  /** Everything but the write itself. */
  isDryRun?: boolean | undefined;
  fieldValidation?: "Ignore" | "Warn" | "Strict" | undefined;
  signal?: AbortSignal | undefined;
}

export interface PatchOptions extends WriteOptions {
  type: "json" | "merge" | "strategic" | "apply";
  /** `status`, `scale`. */
  subresource?: string | undefined;
  /** For apply: takes fields over from other managers. */
  isForced?: boolean | undefined;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: "Foreground" | "Background" | "Orphan" | undefined;
  preconditions?: { uid?: string; resourceVersion?: string } | undefined;
  isDryRun?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface WatchOptions extends SelectorOptions {
  /** Events after this one. Without it, first an ADDED for each object that there is. */
  resourceVersion?: string | undefined;
  /** Asks for BOOKMARK events; off without it. */
  allowBookmarks?: boolean | undefined;
  /** The server ends the watch after so long. */
  timeoutSeconds?: number | undefined;
}

export type WatchEvent<T extends AnyObject = KubeObject> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  /** Everything up to this resourceVersion has been sent. */
  | { type: "BOOKMARK"; resourceVersion: string };

export interface RawOptions {
  /** An object is sent as JSON, a string or bytes as they are. */
  body?: unknown;
  /** `application/json` without it. */
  contentType?: string | undefined;
  /** For tables: `application/json;as=Table;v=v1;g=meta.k8s.io,application/json`. */
  accept?: string | undefined;
  signal?: AbortSignal | undefined;
}
