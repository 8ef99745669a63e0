/** Whom policies select, and who their peers are, as the engine wants them told. */
import type { Cidr } from "#base";
import type { Labels } from "#identity";

/** Port numbers by `name/PROTOCOL`, the name in lower case: `web/TCP`. */
export type NamedPorts = ReadonlyMap<string, number>;

/** One policy is computed for each distinct subject: endpoints with the same labels and ports. */
export interface Subject {
  readonly key: string;
  readonly kind: "pod" | "node";
  readonly labels: Labels;
  readonly namedPorts: NamedPorts;
  /** Report denials, and let the traffic pass. */
  readonly isAudit?: boolean;
}

/** A numeric identity with what selectors ask of it. */
export interface PeerIdentity {
  readonly id: number;
  readonly labels: Labels;
  /**
   * Of addresses that are neither pod nor node: the prefix they were told apart by
   * (0.0.0.0/0 for world-ipv4, ::/0 for world-ipv6).
   */
  readonly cidr?: Cidr;
  /**
   * Of the second identity that an address has where ipBlocks of NetworkPolicies matter, or where
   * pods of one identity disagree on the number of a named port: the prefix it stands for.
   */
  readonly block?: Cidr;
  /** Ports that every pod of this identity has by that name and number. */
  readonly namedPorts?: NamedPorts;
}
