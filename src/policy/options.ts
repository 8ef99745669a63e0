/** What the operator of a cluster decides about policy; the defaults are Cilium's. */
import type { IpFamily } from "#base";

/** `always`: default deny for all, rules or none. `never`: no rule is enforced. */
export type EnforcementMode = "default" | "always" | "never";

export interface PolicyOptions {
  readonly clusterName: string;
  readonly enforcement: EnforcementMode;
  /** Report what would be denied, and let it pass, everywhere. */
  readonly isAudit: boolean;
  readonly enableL7Proxy: boolean;
  readonly enableIcmpRules: boolean;
  /** Whether `fromNodes` and `toNodes` are accepted. */
  readonly enableNodeSelectorLabels: boolean;
  /** Where false, `enableDefaultDeny` is ignored and every policy denies by default, both ways. */
  readonly enableNonDefaultDenyPolicies: boolean;
  /** Whether VRRP and IGMP may be named without a port. */
  readonly enableExtendedIpProtocols: boolean;
  /** Peers without a cluster label are of this cluster only. */
  readonly defaultLocalCluster: boolean;
  readonly enableK8sNetworkPolicy: boolean;
  /** A pod's own node may always reach it. */
  readonly allowLocalhost: boolean;
  readonly families: readonly IpFamily[];
}

export const defaultPolicyOptions: PolicyOptions = {
  clusterName: "default",
  enforcement: "default",
  isAudit: false,
  enableL7Proxy: true,
  enableIcmpRules: true,
  enableNodeSelectorLabels: false,
  enableNonDefaultDenyPolicies: true,
  enableExtendedIpProtocols: false,
  defaultLocalCluster: true,
  enableK8sNetworkPolicy: true,
  allowLocalhost: true,
  families: [4],
};
