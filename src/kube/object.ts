/** The metadata that the API server keeps of every object. */
export interface KubeMeta {
  name?: string | undefined;
  generateName?: string | undefined;
  namespace?: string | undefined;
  uid?: string | undefined;
  /** Opaque: equal or not, nothing else. */
  resourceVersion?: string | undefined;
  generation?: number | undefined;
  creationTimestamp?: string | undefined;
  deletionTimestamp?: string | undefined;
  deletionGracePeriodSeconds?: number | undefined;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  ownerReferences?: OwnerReference[] | undefined;
  finalizers?: string[] | undefined;
  managedFields?: unknown[] | undefined;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid?: string | undefined;
  controller?: boolean | undefined;
  blockOwnerDeletion?: boolean | undefined;
}

/** What every type of object has to have: `interface Lease extends AnyObject { spec: … }`. */
export interface AnyObject {
  apiVersion?: string | undefined;
  kind?: string | undefined;
  metadata: KubeMeta;
}

/** An object as plain JSON, of no type that we know more of. */
export interface KubeObject extends AnyObject {
  [field: string]: unknown;
}

/** Which object of a resource; without a namespace for those that have none. */
export interface ObjectRef {
  namespace?: string | undefined;
  name: string;
}

/** The key of an object in informers and their tables: `namespace/name`, or `name`. */
export function objectKey(object: { readonly metadata: KubeMeta }): string {
  const { namespace, name = "" } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** Which object it is, for a request. */
export function refOf(object: { readonly metadata: KubeMeta }): ObjectRef {
  return { namespace: object.metadata.namespace, name: object.metadata.name ?? "" };
}
