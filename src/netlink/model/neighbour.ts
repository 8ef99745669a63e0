import type { IpAddress, IpFamily, MacAddress } from "#base";

/** Bits of `Neighbour.state`. */
export const NeighbourState = {
  none: 0,
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noArp: 0x40,
  permanent: 0x80,
} as const;

/** Bits of `Neighbour.flags`. */
export const NeighbourFlag = {
  self: 0x02,
  master: 0x04,
  proxy: 0x08,
  externallyLearned: 0x10,
  router: 0x80,
} as const;

/** Who has an address on a device's link. What is listed can be added. */
export interface Neighbour {
  readonly link: number;
  readonly family: IpFamily;
  readonly address: IpAddress;
  readonly mac: MacAddress | undefined;
  /** Bits of NeighbourState. */
  readonly state: number;
  /** Bits of NeighbourFlag, without `proxy`. */
  readonly flags: number;
  /** Not a neighbour, but an address that this machine answers for. */
  readonly isProxy: boolean;
  /** The kernel keeps it resolved by itself; since Linux 5.16. */
  readonly isManaged: boolean;
  /** Who made it; one of RouteProtocol. */
  readonly protocol: number;
}

/** Without a state it is permanent, unless it is managed. */
export type NeighbourSpec = Partial<Neighbour> & Pick<Neighbour, "link" | "address">;

export interface NeighbourFilter {
  readonly family?: IpFamily;
  readonly link?: number;
  /** True lists proxy addresses only; else there are none among them. */
  readonly isProxy?: boolean;
}
