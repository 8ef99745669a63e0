import type { SchemaNode } from "./node.ts";

/**
 * What the server uses of schemas and patches. A request that writes goes this way:
 *
 *   decode ─> (the server fills metadata, admission) ─> validateCreate or validateUpdate ─> store
 *   applyPatch ─> decode ─> … the same; then trackManagedFields on what is to be stored
 *
 * All functions here throw `StatusError` (status-error.ts) for what a client did wrong, with the
 * API server's code, reason, message and causes, and leave their arguments as they were.
 */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

export type ObjectMeta = JsonObject & {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  finalizers?: string[];
};

/** An object of the API, as JSON has it. */
export type KubeObject = JsonObject & {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
};

/** What may be done with a resource, in discovery's words. */
export type Verb =
  | "create"
  | "delete"
  | "deletecollection"
  | "get"
  | "list"
  | "patch"
  | "update"
  | "watch";

export interface Subresource {
  /** As in the path: "status", "scale", "log". */
  readonly name: string;
  /** What it answers with; its group and version may be others: autoscaling/v1 Scale. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly Verb[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

/** What only a kind that a CustomResourceDefinition brought has. */
export interface CustomResource {
  /** Of the definition: `ciliumnetworkpolicies.cilium.io`. */
  readonly definition: string;
  /** The version in which objects are kept; its own version or another of the same definition. */
  readonly storageVersion: string;
  readonly printerColumns: readonly PrinterColumn[];
  /** The `openAPIV3Schema` of this version. */
  readonly schema: JsonObject;
  /** Those of all versions, also of such as are not served. */
  readonly schemas: ReadonlyMap<string, JsonObject>;
  /** All objects were written with the schema that they are read with. */
  readonly isUnchanged: boolean;
  /** The definition is being deleted: nothing new is made. */
  readonly isTerminating: boolean;
  readonly hasStatus: boolean;
  /** What field selectors may name beside name and namespace: `spec.colour`. */
  readonly selectableFields: readonly string[];
  /** Paths as in the definition: `.spec.replicas`. */
  readonly scale?: {
    readonly specReplicasPath: string;
    readonly statusReplicasPath: string;
    readonly labelSelectorPath?: string;
  };
  readonly deprecationWarning?: string;
}

/** A resource in one group and version, as discovery tells of it. */
export interface ServedResource {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  /** As in the path. */
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  /** Only "create" for what is an action: tokenreviews, selfsubjectaccessreviews, bindings. */
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  readonly custom?: CustomResource;
}

/** Groups and resources served now: the built-in ones and those of definitions. */
export interface Registry {
  /** In the order of discovery: core first, then groups as a real server orders them. */
  resources(): readonly ServedResource[];
  /** By the words of a path; undefined where nothing is served there. */
  find(group: string, version: string, plural: string): ServedResource | undefined;
  findKind(group: string, version: string, kind: string): ServedResource | undefined;
  /** Groups in order, each with its versions, the preferred one first. */
  groups(): readonly { readonly name: string; readonly versions: readonly string[] }[];
  /**
   * Serves what the definition says, in place of what an earlier one of that name said. The object
   * is one that `decode` and `validateCreate` let pass.
   */
  define(definition: KubeObject): void;
  undefine(definitionName: string): void;
  /** Goes up with each `define` and `undefine`: what is computed from the registry is kept by it. */
  readonly generation: number;
}

/** What to do about unknown and repeated fields; the query parameter of this name. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface Decoded {
  /** A new object: pruned to what the schema knows, with the API server's defaults. */
  readonly object: KubeObject;
  /** For `Warning:` headers: unknown fields under "Warn", deprecated versions. */
  readonly warnings: readonly string[];
}

/** An item of `details.causes` of a Status. */
export interface Cause {
  /** FieldValueRequired, FieldValueInvalid, FieldValueNotSupported, … */
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface DecodeOptions {
  readonly fieldValidation: FieldValidation;
  /** The value is what a patch made of an object, and nothing that a client has written. */
  readonly isPatched?: boolean;
  /**
   * The keys that occurred twice in the text, as paths (`spec.replicas`), where the reader of the
   * text noticed; JSON.parse does not.
   */
  readonly duplicates?: readonly string[];
}

export interface SchemaSet {
  readonly registry: Registry;
  /** How the resource's objects look: for patches. */
  nodeOf(resource: ServedResource): SchemaNode;
  /**
   * What a client sent, or a patch made, as an object of the resource. Throws 400 BadRequest where
   * it is of another kind, a field is of the wrong type, or (Strict) unknown.
   */
  decode(resource: ServedResource, value: unknown, options: DecodeOptions): Decoded;
  /** The same for an object of a subresource whose kind is not the resource's: Scale, Binding, … */
  decodeKind(
    group: string,
    version: string,
    kind: string,
    value: unknown,
    options: DecodeOptions,
  ): Decoded;
  /** Throws 422 Invalid. The object is decoded, and the server has filled its metadata. */
  validateCreate(resource: ServedResource, object: KubeObject): void;
  /** Throws 422 Invalid, also for changes of what may not change. For `status` checks only that. */
  validateUpdate(
    resource: ServedResource,
    object: KubeObject,
    old: KubeObject,
    subresource?: string,
  ): void;
  /** Keys of the documents of /openapi/v3: `api/v1`, `apis/apps/v1`. */
  openApiV3Keys(): readonly string[];
  /** The document of a key, made of what is served under it now. */
  openApiV3(key: string): JsonObject | undefined;
  /** The whole as /openapi/v2 (JSON) has it. */
  openApiV2(): JsonObject;
}

/**
 * By media type: application/json-patch+json, merge-patch+json, strategic-merge-patch+json,
 * apply-patch+yaml.
 */
export type PatchType = "json" | "merge" | "strategic" | "apply";

export interface PatchRequest {
  readonly type: PatchType;
  readonly resource: ServedResource;
  /** Set where the path has one; "status" is a manager's field set of its own. */
  readonly subresource?: string;
  /** As the store has it; undefined only for "apply", where the object is to be created. */
  readonly current: KubeObject | undefined;
  /** The parsed body (JSON, for "apply" YAML as JSON). */
  readonly patch: unknown;
  /** For "apply" required by the API server. */
  readonly fieldManager?: string;
  readonly isForced?: boolean;
  /** RFC 3339 with seconds, for managedFields. */
  readonly now: string;
}

/**
 * Gives the object that the patch makes of the current one; it still has to be decoded (defaults,
 * pruning) and validated. Throws 400 for a patch that is none, 409 Conflict for owned fields of
 * "apply", 415 for "strategic" on custom kinds, 422 for JSON patches that do not fit.
 * For "apply" the object's managedFields are already right; for others call trackManagedFields.
 */
export type ApplyPatch = (schemas: SchemaSet, request: PatchRequest) => KubeObject;

export interface ManagedFieldsUpdate {
  readonly resource: ServedResource;
  readonly subresource?: string;
  /** undefined at a create. */
  readonly old: KubeObject | undefined;
  /** Decoded, before it is stored. */
  readonly object: KubeObject;
  readonly fieldManager: string;
  readonly now: string;
}

/** The object with metadata.managedFields as a create, update or patch of this manager leaves it. */
export type TrackManagedFields = (schemas: SchemaSet, update: ManagedFieldsUpdate) => KubeObject;
