import { assert, IpAddress } from "#base";
import type { Arp } from "./arp.ts";
import type { DnsDraft } from "./dns.ts";
import type { Fields } from "./draft.ts";
import { encodeLayers } from "./encode.ts";
import type { Ethernet, Vlan } from "./ethernet.ts";
import { fragmentPacket, type FragmentOptions } from "./fragment.ts";
import type { Icmpv4 } from "./icmpv4.ts";
import type { Icmpv6 } from "./icmpv6.ts";
import type { Ipv4, Ipv4Draft } from "./ipv4.ts";
import type { DestinationOptions, Fragment, HopByHop, Routing } from "./ipv6-extensions.ts";
import type { Ipv6, Ipv6Draft } from "./ipv6.ts";
import type { LayerDraft } from "./layers.ts";
import type { Sctp } from "./sctp.ts";
import type { Tcp } from "./tcp.ts";
import type { Udp } from "./udp.ts";
import type { Vxlan } from "./vxlan.ts";

type PortNames = "sourcePort" | "destinationPort";
type Ipv4Fields = Fields<Ipv4, "source" | "destination"> & Pick<Ipv4Draft, "version">;
type Ipv6Fields = Fields<Ipv6, "source" | "destination"> & Pick<Ipv6Draft, "version">;

/** Begins a packet; see PacketBuilder. */
export function packet(): PacketBuilder {
  return new PacketBuilder([]);
}

/**
 * A packet from the outside in, a call a header:
 *
 *     packet()
 *       .ethernet({ source: "02:00:00:00:00:01", destination: "02:00:00:00:00:02" })
 *       .ipv4({ source: "10.0.0.1", destination: "10.0.0.2" })
 *       .tcp({ sourcePort: 1234, destinationPort: 80, flags: ["SYN"] })
 *       .build();
 *
 * What is not said is filled in so that the packet is right, and what is said is written as it
 * is: see `encodeLayers`. A builder is never changed, each call answers a new one, so that what
 * several packets have in common can be kept.
 */
export class PacketBuilder {
  readonly #layers: readonly LayerDraft[];

  constructor(layers: readonly LayerDraft[]) {
    this.#layers = layers;
  }

  ethernet(fields: Fields<Ethernet> = {}): PacketBuilder {
    return this.layer({ kind: "ethernet", ...fields });
  }

  /** An 802.1Q tag; of two in a row the first is a service tag (QinQ). */
  vlan(fields: Fields<Vlan, "id">): PacketBuilder {
    return this.layer({ kind: "vlan", ...fields });
  }

  /** A request, if nothing else is said. */
  arp(fields: Fields<Arp>): PacketBuilder {
    return this.layer({ kind: "arp", ...fields });
  }

  ipv4(fields: Ipv4Fields): PacketBuilder {
    return this.layer({ kind: "ipv4", ...fields });
  }

  /**
   * For mapped addresses on the wire, which no packet should carry, write `::ffff:10.0.0.1`:
   * an IpAddress of family 4 is taken for a slip.
   */
  ipv6(fields: Ipv6Fields): PacketBuilder {
    for (const address of [fields.source, fields.destination]) {
      const isSlip = address instanceof IpAddress && address.family === 4;
      assert(
        !isSlip,
        `${String(address)} in an IPv6 header: write ::ffff:${String(address)} if it is meant`,
      );
    }
    return this.layer({ kind: "ipv6", ...fields });
  }

  hopByHop(fields: Fields<HopByHop> = {}): PacketBuilder {
    return this.layer({ kind: "hop-by-hop", ...fields });
  }

  destinationOptions(fields: Fields<DestinationOptions> = {}): PacketBuilder {
    return this.layer({ kind: "destination-options", ...fields });
  }

  routing(fields: Fields<Routing>): PacketBuilder {
    return this.layer({ kind: "routing", ...fields });
  }

  /** IPv6's fragment header; `fragments` cuts a packet into pieces. */
  fragmentHeader(fields: Fields<Fragment> = {}): PacketBuilder {
    return this.layer({ kind: "fragment", ...fields });
  }

  /** An ACK, if nothing else is said. */
  tcp(fields: Fields<Tcp, PortNames>): PacketBuilder {
    return this.layer({ kind: "tcp", ...fields });
  }

  udp(fields: Fields<Udp, PortNames>): PacketBuilder {
    return this.layer({ kind: "udp", ...fields });
  }

  sctp(fields: Fields<Sctp, PortNames>): PacketBuilder {
    return this.layer({ kind: "sctp", ...fields });
  }

  icmp(fields: Fields<Icmpv4>): PacketBuilder {
    return this.layer({ kind: "icmpv4", ...fields });
  }

  icmpv6(fields: Fields<Icmpv6>): PacketBuilder {
    return this.layer({ kind: "icmpv6", ...fields });
  }

  /** Go on with the inner `ethernet`. */
  vxlan(fields: Fields<Vxlan, "vni">): PacketBuilder {
    return this.layer({ kind: "vxlan", ...fields });
  }

  /** A recursive query, if nothing else is said; answers, already encoded, are payload. */
  dns(fields: Omit<DnsDraft, "kind">): PacketBuilder {
    return this.layer({ kind: "dns", ...fields });
  }

  /** Text is written as UTF-8. */
  payload(data: Uint8Array | string): PacketBuilder {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return this.layer({ kind: "payload", bytes });
  }

  /** Bytes after the packet, which no length and no checksum covers. */
  trailer(bytes: Uint8Array): PacketBuilder {
    return this.layer({ kind: "trailer", bytes });
  }

  /** Any layer, as one of a decoded packet. */
  layer(layer: LayerDraft): PacketBuilder {
    return new PacketBuilder([...this.#layers, layer]);
  }

  build(): Uint8Array {
    return encodeLayers(this.#layers);
  }

  /** The packet in pieces: see `fragmentPacket`. */
  fragments(options: FragmentOptions): Uint8Array[] {
    const from = this.#layers[0]?.kind === "ethernet" ? "ethernet" : "ip";
    return fragmentPacket(this.build(), { from, ...options });
  }
}
