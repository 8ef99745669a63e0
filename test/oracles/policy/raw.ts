/**
 * Kubernetes objects as they are written, with no more types than the brute force needs. It reads
 * them by itself, so that an error in the product's own reading cannot hide on both sides.
 */
export interface RawSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

interface RawMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RawPort {
  readonly port?: string | number;
  readonly endPort?: number;
  readonly protocol?: string;
}

export interface RawPeer {
  readonly podSelector?: RawSelector;
  readonly namespaceSelector?: RawSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface RawNetworkRule {
  readonly from?: readonly RawPeer[];
  readonly to?: readonly RawPeer[];
  readonly ports?: readonly RawPort[];
}

export interface RawNetworkSpec {
  readonly podSelector?: RawSelector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly RawNetworkRule[];
  readonly egress?: readonly RawNetworkRule[];
}

export interface RawCidrRule {
  readonly cidr?: string;
  readonly cidrGroupRef?: string;
  readonly cidrGroupSelector?: RawSelector;
  readonly except?: readonly string[];
}

export interface RawService {
  readonly k8sService?: { readonly serviceName: string; readonly namespace?: string };
  readonly k8sServiceSelector?: { readonly selector: RawSelector; readonly namespace?: string };
}

interface RawL7 {
  readonly http?: readonly object[];
  readonly dns?: readonly object[];
  readonly kafka?: readonly object[];
  readonly l7proto?: string;
  readonly l7?: readonly object[];
}

export interface RawPortRule {
  readonly ports?: readonly RawPort[];
  readonly rules?: RawL7;
  readonly serverNames?: readonly string[];
  readonly listener?: object;
}

/** Both directions and both effects: the fields that a rule has tell which it is. */
export interface RawRule {
  readonly fromEndpoints?: readonly RawSelector[];
  readonly fromEntities?: readonly string[];
  readonly fromCIDR?: readonly string[];
  readonly fromCIDRSet?: readonly RawCidrRule[];
  readonly fromNodes?: readonly RawSelector[];
  readonly fromGroups?: readonly object[];
  readonly toEndpoints?: readonly RawSelector[];
  readonly toEntities?: readonly string[];
  readonly toCIDR?: readonly string[];
  readonly toCIDRSet?: readonly RawCidrRule[];
  readonly toNodes?: readonly RawSelector[];
  readonly toGroups?: readonly object[];
  readonly toServices?: readonly RawService[];
  readonly toFQDNs?: readonly { readonly matchName?: string; readonly matchPattern?: string }[];
  readonly toPorts?: readonly RawPortRule[];
  readonly icmps?: readonly {
    readonly fields?: readonly { readonly family?: string; readonly type: number | string }[];
  }[];
}

export interface RawCiliumSpec {
  readonly endpointSelector?: RawSelector;
  readonly nodeSelector?: RawSelector;
  readonly ingress?: readonly RawRule[];
  readonly ingressDeny?: readonly RawRule[];
  readonly egress?: readonly RawRule[];
  readonly egressDeny?: readonly RawRule[];
  readonly enableDefaultDeny?: { readonly ingress?: boolean; readonly egress?: boolean };
}

export interface RawContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface RawPod {
  readonly apiVersion: "v1";
  readonly kind: "Pod";
  readonly metadata: RawMeta;
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly nodeName?: string;
    readonly containers?: readonly { readonly ports?: readonly RawContainerPort[] }[];
  };
  readonly status?: { readonly podIP?: string };
}

/** Any object; which fields it has is for its kind to say. */
export interface RawObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: RawMeta;
  readonly spec?: object;
  readonly specs?: readonly object[];
  readonly status?: object;
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
  }[];
}

export function isPod(object: RawObject): object is RawPod {
  return object.kind === "Pod";
}

export function namespaceOf(object: { readonly metadata: RawMeta }): string {
  return object.metadata.namespace ?? "default";
}

export function podName(pod: RawPod): string {
  return `${namespaceOf(pod)}/${pod.metadata.name}`;
}
