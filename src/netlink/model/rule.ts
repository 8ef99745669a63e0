import type { Cidr, IpFamily } from "#base";
import type { PortRange } from "./link.ts";

export type RuleAction =
  | "unspecified"
  | "table"
  | "goto"
  | "nop"
  | "blackhole"
  | "unreachable"
  | "prohibit"
  | "unknown";

/**
 * A line of the policy database: which packets look in which table. What is listed can be added,
 * without the options that are not told here: users, tunnels, flow labels.
 */
export interface Rule {
  readonly family: IpFamily;
  /** Rules are asked in its order, the lowest first. */
  readonly priority: number;
  readonly action: RuleAction;
  /** For the action `table`. */
  readonly table: number | undefined;
  /** For the action `goto`: a priority. */
  readonly target: number | undefined;
  readonly source: Cidr | undefined;
  readonly destination: Cidr | undefined;
  readonly mark: number | undefined;
  /** All bits, where a mark is given without it. */
  readonly markMask: number | undefined;
  /** Names of devices, which need not be there. */
  readonly inputLink: string | undefined;
  readonly outputLink: string | undefined;
  /** The table is that of the device's VRF. */
  readonly isL3mdev: boolean;
  /** IPPROTO_*. */
  readonly ipProtocol: number | undefined;
  readonly sourcePorts: PortRange | undefined;
  readonly destinationPorts: PortRange | undefined;
  readonly tos: number;
  /** It is for the packets that do not match. */
  readonly isInverted: boolean;
  /** Routes found by it with prefixes of at most this length do not count. */
  readonly suppressPrefixLength: number | undefined;
  /** Who made it; one of RouteProtocol. */
  readonly protocol: number;
}

/** Without an action it is `table`. To delete, what is not given matches anything. */
export type RuleSpec = Partial<Rule> & Pick<Rule, "family" | "priority">;

export interface RuleFilter {
  readonly family?: IpFamily;
}
