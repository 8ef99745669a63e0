import type { IpAddress, IpFamily } from "#base";

/** Where an address, a route or what it leads to is valid. Open: a number of 0 to 255. */
export const Scope = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

/** Bits of `Address.flags`. */
export const AddressFlag = {
  secondary: 0x01,
  noDad: 0x02,
  optimistic: 0x04,
  dadFailed: 0x08,
  home: 0x10,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  managesTemporary: 0x100,
  /** The kernel makes no route for the address's prefix. */
  noPrefixRoute: 0x200,
} as const;

/** An address of a device. What is listed can be added. */
export interface Address {
  /** The index of the device. */
  readonly link: number;
  readonly family: IpFamily;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** The other end of a point-to-point device; the prefix is then that of the peer. */
  readonly peer: IpAddress | undefined;
  readonly broadcast: IpAddress | undefined;
  /** One of Scope. */
  readonly scope: number;
  /** Bits of AddressFlag. */
  readonly flags: number;
  /** IPv4 only: the device's name, or one that begins with it. */
  readonly label: string | undefined;
  /** The metric of its prefix route. */
  readonly metric: number | undefined;
  /** Who made it (IFAP_*); since Linux 5.18. */
  readonly protocol: number | undefined;
  /** Undefined: for ever. */
  readonly validSeconds: number | undefined;
  readonly preferredSeconds: number | undefined;
}

/**
 * An address to add. Without a scope it is the host's for loopback addresses, the link's for
 * link-local ones, else the universe's.
 */
export type AddressSpec = Partial<Address> & Pick<Address, "link" | "address" | "prefixLength">;

export interface AddressFilter {
  readonly link?: number;
  readonly family?: IpFamily;
}
