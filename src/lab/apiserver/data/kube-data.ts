import { brotliDecompressSync } from "node:zlib";
import type { JsonObject, Verb } from "../schema/types.ts";
import { KUBERNETES_DATA } from "./kubernetes.ts";

/** A resource or subresource (`pods/log`) as a discovery document of one group has it. */
export interface PublishedResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  /** Where they are others than the document's. */
  group?: string;
  version?: string;
  kind: string;
  verbs: Verb[];
  shortNames?: string[];
  categories?: string[];
}

/** What `tools/kube-data.ts` cut out of Kubernetes' published documents. */
export interface KubeData {
  /** Module and version of the documents. */
  readonly source: string;
  /** As in v1.36.3. */
  readonly version: string;
  /** Names of the groups, but for the core group, in the order of discovery. */
  readonly groups: readonly string[];
  /** By `v1`, `apps/v1`. */
  readonly resources: Readonly<Record<string, readonly PublishedResource[]>>;
  /** Of OpenAPI v3, by names as `io.k8s.api.core.v1.Pod`. */
  readonly schemas: Readonly<Record<string, JsonObject>>;
  /** By schema: properties of scalar types that are left out where they are "", 0 or false. */
  readonly omitZero: Readonly<Record<string, readonly string[]>>;
}

let data: KubeData | undefined;

/** Unpacks the data at its first use; nobody may change it. */
export function kubeData(): KubeData {
  data ??= JSON.parse(
    brotliDecompressSync(Buffer.from(KUBERNETES_DATA, "base64")).toString(),
  ) as KubeData;
  return data;
}
