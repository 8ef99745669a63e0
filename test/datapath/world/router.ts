import { IpAddress } from "#base";

/** Where a node is, for its pods. */
export const ROUTER = { ipv4: IpAddress.parse("10.10.0.1"), ipv6: IpAddress.parse("fd10::1") };
