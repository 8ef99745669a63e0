/** What all ICMPv6 messages begin with. */
export interface Icmpv6Header {
  readonly kind: "icmpv6";
  /** One of Icmpv6Type, or another. The builder takes it from `message`. */
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
}
