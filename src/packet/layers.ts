import type { Arp } from "./arp.ts";
import type { Dns, DnsDraft } from "./dns.ts";
import type { Draft } from "./draft.ts";
import type { Ethernet, Vlan } from "./ethernet.ts";
import type { Icmpv4 } from "./icmpv4.ts";
import type { Icmpv6 } from "./icmpv6.ts";
import type { Ipv4, Ipv4Draft } from "./ipv4.ts";
import type { Ipv6Extension } from "./ipv6-extensions.ts";
import type { Ipv6, Ipv6Draft } from "./ipv6.ts";
import type { Sctp } from "./sctp.ts";
import type { Tcp } from "./tcp.ts";
import type { Udp } from "./udp.ts";
import type { Vxlan } from "./vxlan.ts";

/** What is left of a TCP, UDP or SCTP header that was cut off; see `isPrefix`. */
export interface Ports {
  readonly kind: "ports";
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Bytes that this module reads no further: data, a protocol that it does not know, a fragment. */
export interface Payload {
  readonly kind: "payload";
  readonly bytes: Uint8Array;
}

/**
 * Bytes after the end that a length in a header before gives: what fills up a short Ethernet
 * frame, mostly. Innermost first, where there are several.
 */
export interface Trailer {
  readonly kind: "trailer";
  readonly bytes: Uint8Array;
}

export type Layer =
  | Ethernet
  | Vlan
  | Arp
  | Ipv4
  | Ipv6
  | Ipv6Extension
  | Tcp
  | Udp
  | Sctp
  | Icmpv4
  | Icmpv6
  | Ports
  | Vxlan
  | Dns
  | Payload
  | Trailer;

export type LayerKind = Layer["kind"];

export type LayerOf<Kind extends LayerKind> = Extract<Layer, { readonly kind: Kind }>;

/** What `encodeLayers` takes: any Layer, and any with fields left out for it to fill in. */
export type LayerDraft =
  | Draft<Exclude<Layer, Ipv4 | Ipv6 | Dns>>
  | Ipv4Draft
  | Ipv6Draft
  | DnsDraft;
