import type { Logger } from "#base/log";
import { Informer, type KubeClient, type KubeMeta, type Resource } from "#kube";

/** What of Kubernetes' objects the network reads, as the API server has them. */

export interface ServicePortSpec {
  readonly name?: string;
  readonly protocol?: string;
  readonly port: number;
  readonly nodePort?: number;
}

export interface ServiceObject {
  readonly metadata: KubeMeta;
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly externalIPs?: readonly string[];
    readonly externalName?: string;
    readonly externalTrafficPolicy?: string;
    readonly internalTrafficPolicy?: string;
    readonly sessionAffinity?: string;
    readonly sessionAffinityConfig?: {
      readonly clientIP?: { readonly timeoutSeconds?: number };
    };
    readonly ports?: readonly ServicePortSpec[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
  };
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly hostname?: string;
  readonly nodeName?: string;
}

export interface EndpointSliceObject {
  readonly metadata: KubeMeta;
  readonly addressType?: string;
  readonly endpoints?: readonly SliceEndpoint[] | null;
  readonly ports?:
    | readonly {
        readonly name?: string;
        readonly port?: number;
        readonly protocol?: string;
      }[]
    | null;
}

export interface NamedObject {
  readonly metadata: KubeMeta;
}

/** The service that a slice belongs to, as `namespace/name`. */
function serviceOfSlice({ metadata }: EndpointSliceObject): string | undefined {
  const name = metadata.labels?.["kubernetes.io/service-name"];
  return name === undefined ? undefined : `${metadata.namespace ?? ""}/${name}`;
}

/** Slices by the service that they belong to. */
export function slicesByService(
  slices: Iterable<EndpointSliceObject>,
): Map<string, EndpointSliceObject[]> {
  const byService = new Map<string, EndpointSliceObject[]>();
  for (const slice of slices) {
    const key = serviceOfSlice(slice);
    if (key === undefined) continue;
    const known = byService.get(key);
    if (known === undefined) byService.set(key, [slice]);
    else known.push(slice);
  }
  return byService;
}

/** A service's own addresses; none where it is headless or a name for something else. */
export function clusterIpsOf({ spec }: ServiceObject): string[] {
  if (spec === undefined || spec.type === "ExternalName") return [];
  const addresses = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return addresses.filter((address) => address !== "" && address !== "None");
}

export function isHeadless({ spec }: ServiceObject): boolean {
  return spec?.type !== "ExternalName" && spec?.clusterIP === "None";
}

/** The objects of a resource, taken to be what the API server makes sure that they are. */
export function watchObjects<T extends NamedObject>(
  resource: Resource,
  options: {
    readonly client: KubeClient;
    readonly logger: Logger;
    readonly onChange: () => void;
  },
): Informer<T> {
  const { client, logger, onChange } = options;
  const handlers = { onAdd: onChange, onUpdate: onChange, onDelete: onChange };
  const parse = (object: NamedObject): T => object as T;
  return new Informer({ client, resource, logger, handlers, parse });
}
