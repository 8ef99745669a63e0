import type { Cidr, IpAddress, IpFamily } from "#base";

/** Well-known routing tables; others are numbers of 32 bits. */
export const RouteTable = { default: 253, main: 254, local: 255 } as const;

/** Who made a route. Open: a number of 0 to 255. */
export const RouteProtocol = {
  unspecified: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  routerAdvertisement: 9,
  dhcp: 16,
} as const;

export type RouteType =
  | "unspecified"
  | "unicast"
  | "local"
  | "broadcast"
  | "anycast"
  | "multicast"
  | "blackhole"
  | "unreachable"
  | "prohibit"
  | "throw"
  | "unknown";

export interface NextHop {
  readonly link: number | undefined;
  readonly gateway: IpAddress | undefined;
  /** 1 to 256. */
  readonly weight: number;
  /** The gateway is taken to be on the link whatever the addresses say. */
  readonly isOnLink: boolean;
}

/**
 * What is listed can be added, without the options that are not told here: encapsulation, next hop
 * objects, expiry.
 */
export interface Route {
  /** That of the destination, but for IPv6 routes of mapped IPv4 addresses. */
  readonly family: IpFamily;
  /** 0.0.0.0/0 and ::/0 are default routes. */
  readonly destination: Cidr;
  readonly source: Cidr | undefined;
  readonly table: number;
  /** One of RouteProtocol. */
  readonly protocol: number;
  /** One of Scope. */
  readonly scope: number;
  readonly type: RouteType;
  readonly tos: number;
  /** Of either family: IPv4 can go through an IPv6 router. */
  readonly gateway: IpAddress | undefined;
  /** The index of the device that packets leave by. */
  readonly link: number | undefined;
  readonly preferredSource: IpAddress | undefined;
  /** The lower is taken first. */
  readonly metric: number | undefined;
  readonly mtu: number | undefined;
  readonly advertisedMss: number | undefined;
  readonly isOnLink: boolean;
  /** In the place of `link` and `gateway`, where there are several; else empty. */
  readonly nextHops: readonly NextHop[];
}

/**
 * A route to add, or enough of one to delete it. Without them: table main, protocol static, type
 * unicast, and for IPv4 the scope that follows from type and gateway.
 */
export type RouteSpec = Partial<Route> & Pick<Route, "destination">;

export interface RouteFilter {
  readonly family?: IpFamily;
  readonly table?: number;
  readonly protocol?: number;
  readonly link?: number;
}
