/**
 * What importing must know of the cluster: services and CIDR groups, which policies name and which
 * rules are resolved to.
 *
 * An import answers for the facts that it was given: whoever owns them imports again the policies
 * for which `namesServices` or `namesCidrGroups` is true when they change.
 */
export interface ServiceFact {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent or empty: the service has endpoints that somebody wrote down by hand. */
  readonly selector?: Readonly<Record<string, string>>;
  /** Addresses of its endpoints. */
  readonly addresses: readonly string[];
}

export interface CidrGroupFact {
  readonly labels: Readonly<Record<string, string>>;
  /** As written in `externalCIDRs`. */
  readonly cidrs: readonly string[];
}

export interface ClusterFacts {
  /** By `namespace/name`. */
  readonly services: ReadonlyMap<string, ServiceFact>;
  /** By name. */
  readonly cidrGroups: ReadonlyMap<string, CidrGroupFact>;
}

export const noFacts: ClusterFacts = { services: new Map(), cidrGroups: new Map() };
