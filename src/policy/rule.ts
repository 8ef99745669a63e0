/**
 * What every kind of policy becomes: plain rules, each saying one thing about one direction.
 *
 * Importing settles everything that depends on the kind of the policy (scoping, defaults, entity
 * names, service references); what is left means the same whoever wrote it.
 */
import type { Cidr } from "#base";
import type { Selector } from "#identity";

export type Direction = "ingress" | "egress";

export type PolicyKind = "NetworkPolicy" | "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy";

export interface PolicyRef {
  readonly kind: PolicyKind;
  /** Empty for policies of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
}

/** Where a rule stands: `{policy, path: "spec.ingress[0].toPorts[1]"}`. */
export interface RuleRef {
  readonly policy: PolicyRef;
  readonly path: string;
}

/** Whom a rule speaks of. */
export type PeerSelector =
  | { readonly kind: "labels"; readonly selector: Selector }
  /** toCIDR: addresses that are no pod, node or host. */
  | { readonly kind: "cidr"; readonly cidr: Cidr; readonly except: readonly Cidr[] }
  /** ipBlock: addresses, whoever has them. */
  | { readonly kind: "block"; readonly cidr: Cidr; readonly except: readonly Cidr[] }
  /** Addresses that DNS gave for a name; normalised as `normaliseFqdn` does. */
  | { readonly kind: "fqdn"; readonly pattern: string };

/** Protocol numbers as in IP headers. */
export const PROTOCOL = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  icmpv6: 58,
  vrrp: 112,
  sctp: 132,
} as const;

export type PortRange =
  /** Both ends inside; 0-65535 is every port. For ICMP, the type. */
  | { readonly first: number; readonly last: number }
  /**
   * A named port, in lower case. `own`: the subject's own (ingress). `cluster`: the one number that
   * all pods of the cluster give it, else nothing (egress of Cilium's policies). `peer`: what the
   * peer's own pod gives it (egress of Kubernetes' policies). With a `last` beyond the number, the
   * ports up to it.
   */
  | {
      readonly name: string;
      readonly resolve: "own" | "cluster" | "peer";
      readonly last?: number;
    };

export interface PortMatch {
  readonly protocol: number;
  readonly port: PortRange;
}

export interface HttpHeaderMatch {
  readonly name: string;
  /** Absent: the header must be there. */
  readonly value?: string;
  readonly mismatch?: "LOG" | "ADD" | "DELETE" | "REPLACE";
  readonly secret?: { readonly namespace: string; readonly name: string };
}

export interface HttpRule {
  readonly path?: string;
  readonly method?: string;
  readonly host?: string;
  /** `headers` and `headerMatches` of the policy, in one form. */
  readonly headers: readonly HttpHeaderMatch[];
}

/** A matchName or matchPattern, normalised. */
export interface DnsRule {
  readonly pattern: string;
}

export interface KafkaRule {
  /** Empty: any key. */
  readonly apiKeys: readonly number[];
  readonly apiVersion?: number;
  readonly clientId?: string;
  readonly topic?: string;
}

/** What a proxy is to decide; an empty list of rules allows nothing. */
export type L7Rules =
  | { readonly kind: "http"; readonly rules: readonly HttpRule[] }
  | { readonly kind: "dns"; readonly rules: readonly DnsRule[] }
  | { readonly kind: "kafka"; readonly rules: readonly KafkaRule[] }
  | {
      readonly kind: "generic";
      readonly parser: string;
      readonly rules: readonly Readonly<Record<string, string>>[];
    };

export interface TlsContext {
  readonly secret: { readonly namespace: string; readonly name: string };
  readonly trustedCa?: string;
  readonly certificate?: string;
  readonly privateKey?: string;
}

/** A redirect to a proxy, where a rule asks for one. */
export interface Redirect {
  readonly l7?: L7Rules;
  readonly serverNames?: readonly string[];
  readonly terminatingTls?: TlsContext;
  readonly originatingTls?: TlsContext;
  readonly listener?: { readonly name: string; readonly config: string; readonly priority: number };
  /** Made by us so that names are learnt; refuses nothing. */
  readonly isVisibility?: boolean;
}

export type Authentication = "disabled" | "required" | "test-always-fail";

/** One entry of ingress, ingressDeny, egress or egressDeny, with one of its toPorts. */
export interface PolicyRule {
  readonly ref: RuleRef;
  readonly direction: Direction;
  readonly effect: "allow" | "deny";
  /** An empty list matches nobody. */
  readonly peers: "any" | readonly PeerSelector[];
  /** `any`: every protocol. An empty list matches nothing. */
  readonly ports: "any" | readonly PortMatch[];
  readonly redirect?: Redirect;
  readonly authentication?: Authentication;
}

/** One `spec`, or one of `specs`. */
export interface PolicySpec {
  readonly ref: RuleRef;
  readonly subject: { readonly kind: "pod" | "node"; readonly selector: Selector };
  readonly rules: readonly PolicyRule[];
  /** Whether what no rule allows is denied in that direction, to whom the subject selects. */
  readonly defaultDeny: Readonly<Record<Direction, boolean>>;
  /** Reports what it would deny, and changes nothing (`ciliate.io/enforcement: audit`). */
  readonly isAudit: boolean;
  readonly log?: string;
}

/** Something to tell the author of a policy. `path` is a field's: `spec.ingress[0].fromCIDR[0]`. */
export interface Finding {
  readonly severity: "error" | "warning" | "note";
  /** Stable and short, such as `unknown-field`. */
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

/** A policy object after import. With an error among the findings there are no specs. */
export interface ImportedPolicy {
  readonly ref: PolicyRef;
  readonly specs: readonly PolicySpec[];
  readonly findings: readonly Finding[];
}
