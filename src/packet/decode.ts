import { assert, ByteReader, DecodeError } from "#base";
import { readArp } from "./arp.ts";
import { EtherType, IpProtocol, Port } from "./constants.ts";
import { readDns } from "./dns.ts";
import { NO_BYTES } from "./draft.ts";
import { isVlanTag, readEthernet, readVlan } from "./ethernet.ts";
import { readIcmpv4 } from "./icmpv4.ts";
import { readIcmpv6 } from "./icmpv6.ts";
import { isExtension, readExtension } from "./ipv6-extensions.ts";
import { readIpv4 } from "./ipv4.ts";
import { readIpv6 } from "./ipv6.ts";
import type { Layer } from "./layers.ts";
import { Packet } from "./packet.ts";
import { readSctp, SCTP_HEADER_BYTES } from "./sctp.ts";
import { isTcpCut, readTcp } from "./tcp.ts";
import { readUdp, UDP_HEADER_BYTES } from "./udp.ts";
import { isVxlan, readVxlan } from "./vxlan.ts";

export interface DecodeOptions {
  /** The header that the bytes begin with: Ethernet's, if not said. */
  from?: "ethernet" | "ip";
  /**
   * The bytes are only the beginning of a packet, as in captures and ICMP errors: lengths may
   * reach over their end, and of a TCP, UDP or SCTP header that is cut off the ports are read.
   */
  isPrefix?: boolean;
  /** The UDP destination ports at which VXLAN is read: 4789 and 8472, if not said. */
  vxlanPorts?: readonly number[];
}

export interface DecodedLayers {
  /** As far as it could be read. */
  readonly packet: Packet;
  /** Why it could not be read further. */
  readonly error: DecodeError | undefined;
  /** What comes after the last layer that was read; empty without an error. */
  readonly rest: Uint8Array;
}

/** Tags before the real EtherType: two are QinQ, and more are somebody's mistake or attack. */
export const MAX_VLAN_TAGS = 4;
/** IPv6 extension headers in a row: RFC 8504 lets hosts refuse more than eight. */
export const MAX_EXTENSION_HEADERS = 8;
/** Packets in packets. */
export const MAX_TUNNELS = 4;

const PORT_BYTES = 4;
const ICMP_HEADER_BYTES = 8;
const DEFAULT_VXLAN_PORTS: readonly number[] = [Port.vxlan, Port.vxlanLinux];

/** Reads all of a packet, or throws a DecodeError with the offset of what is wrong. */
export function decodePacket(bytes: Uint8Array, options: DecodeOptions = {}): Packet {
  const decoder = new Decoder(bytes, options);
  decoder.run();
  return decoder.packet();
}

/** Reads as far as it goes: every layer before the first thing that is wrong. */
export function decodeLayers(bytes: Uint8Array, options: DecodeOptions = {}): DecodedLayers {
  const decoder = new Decoder(bytes, options);
  try {
    decoder.run();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { packet: decoder.packet(), error, rest: decoder.rest() };
  }
  return { packet: decoder.packet(), error: undefined, rest: NO_BYTES };
}

/** Reads the packet that an ICMP error brings back, as far as it goes. */
export function decodeEmbedded({ embedded }: { readonly embedded: Uint8Array }): DecodedLayers {
  return decodeLayers(embedded, { from: "ip", isPrefix: true });
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #from: "ethernet" | "ip";
  readonly #vxlanPorts: readonly number[];
  readonly #layers: Layer[] = [];
  readonly #offsets: number[] = [];
  /** Whether lengths may reach over the end: in a prefix, and in a first fragment. */
  #isCut: boolean;
  #tunnels = 0;
  /** Where the last layer ended. */
  #end = 0;

  constructor(bytes: Uint8Array, options: DecodeOptions) {
    this.#bytes = bytes;
    this.#from = options.from ?? "ethernet";
    this.#isCut = options.isPrefix ?? false;
    this.#vxlanPorts = options.vxlanPorts ?? DEFAULT_VXLAN_PORTS;
  }

  run(): void {
    const reader = new ByteReader(this.#bytes);
    if (this.#from === "ethernet") this.#ethernet(reader);
    else this.#ip(reader);
    assert(this.#end === this.#bytes.length, "every byte of a packet is in a layer");
  }

  packet(): Packet {
    return new Packet(this.#bytes, this.#layers, this.#offsets);
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#end);
  }

  /** Notes a layer that was just read. `start` is where: callers ask `reader` before they read. */
  #add<L extends Layer>(start: number, layer: L, reader: ByteReader): L {
    this.#layers.push(layer);
    this.#offsets.push(start);
    this.#end = reader.offset;
    return layer;
  }

  #ethernet(reader: ByteReader): void {
    let { etherType } = this.#add(reader.offset, readEthernet(reader), reader);
    for (let tags = 0; isVlanTag(etherType); tags++) {
      if (tags === MAX_VLAN_TAGS) {
        throw new DecodeError(`more than ${MAX_VLAN_TAGS} VLAN tags`, reader.offset);
      }
      etherType = this.#add(reader.offset, readVlan(reader), reader).etherType;
    }
    if (etherType === EtherType.ipv4) this.#ipv4(reader);
    else if (etherType === EtherType.ipv6) this.#ipv6(reader);
    else if (etherType === EtherType.arp) this.#arp(reader);
    else this.#payload(reader);
  }

  #arp(reader: ByteReader): void {
    this.#add(reader.offset, readArp(reader), reader);
    this.#trailer(reader);
  }

  #ip(reader: ByteReader): void {
    const version = reader.peekU8("IP header") >> 4;
    if (version === 6) this.#ipv6(reader);
    else this.#ipv4(reader);
  }

  #ipv4(reader: ByteReader): void {
    const header = this.#add(reader.offset, readIpv4(reader), reader);
    const body = this.#limit(reader, header.totalLength - header.headerLength, "IPv4 payload");
    if (header.moreFragments) this.#isCut = true;
    if (header.fragmentOffset > 0) this.#payload(body);
    else this.#protocol(header.protocol, body);
    this.#trailer(reader);
  }

  #ipv6(reader: ByteReader): void {
    const header = this.#add(reader.offset, readIpv6(reader), reader);
    const body = this.#limit(reader, header.payloadLength, "IPv6 payload");
    let { nextHeader } = header;
    let isFirst = true;
    for (let count = 0; isFirst && isExtension(nextHeader); count++) {
      if (count === MAX_EXTENSION_HEADERS) {
        const problem = `more than ${MAX_EXTENSION_HEADERS} IPv6 extension headers`;
        throw new DecodeError(problem, body.offset);
      }
      const extension = this.#add(body.offset, readExtension(body, nextHeader), body);
      nextHeader = extension.nextHeader;
      if (extension.kind !== "fragment") continue;
      if (extension.moreFragments) this.#isCut = true;
      isFirst = extension.fragmentOffset === 0;
    }
    if (isFirst) this.#protocol(nextHeader, body);
    else this.#payload(body);
    this.#trailer(reader);
  }

  #protocol(protocol: number, reader: ByteReader): void {
    switch (protocol) {
      case IpProtocol.tcp:
        this.#tcp(reader);
        break;
      case IpProtocol.udp:
        this.#udp(reader);
        break;
      case IpProtocol.sctp:
        this.#sctp(reader);
        break;
      case IpProtocol.icmp:
        this.#icmp(reader, () => readIcmpv4(reader));
        break;
      case IpProtocol.icmpv6:
        this.#icmp(reader, () => readIcmpv6(reader, this.#isCut));
        break;
      case IpProtocol.ipv4:
        this.#enterTunnel(reader);
        this.#ipv4(reader);
        break;
      case IpProtocol.ipv6:
        this.#enterTunnel(reader);
        this.#ipv6(reader);
        break;
      default:
        this.#payload(reader);
    }
  }

  #tcp(reader: ByteReader): void {
    if (this.#isCut && isTcpCut(reader)) this.#ports(reader);
    else {
      this.#add(reader.offset, readTcp(reader), reader);
      this.#payload(reader);
    }
  }

  #udp(reader: ByteReader): void {
    if (this.#isCut && reader.remaining < UDP_HEADER_BYTES) {
      this.#ports(reader);
      return;
    }
    const header = this.#add(reader.offset, readUdp(reader), reader);
    const body = this.#limit(reader, header.length - UDP_HEADER_BYTES, "UDP payload");
    const { sourcePort, destinationPort } = header;
    if (this.#vxlanPorts.includes(destinationPort) && isVxlan(body)) this.#vxlan(body);
    else if (sourcePort === Port.dns || destinationPort === Port.dns) this.#dns(body);
    else this.#payload(body);
    this.#trailer(reader);
  }

  #vxlan(reader: ByteReader): void {
    this.#add(reader.offset, readVxlan(reader), reader);
    this.#enterTunnel(reader);
    this.#ethernet(reader);
  }

  /** A port is a convention only: what is no DNS message is good UDP all the same. */
  #dns(reader: ByteReader): void {
    const start = reader.offset;
    try {
      this.#add(start, readDns(reader), reader);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      reader.seek(start);
    }
    this.#payload(reader);
  }

  #sctp(reader: ByteReader): void {
    if (this.#isCut && reader.remaining < SCTP_HEADER_BYTES) this.#ports(reader);
    else {
      this.#add(reader.offset, readSctp(reader, this.#isCut), reader);
      this.#payload(reader);
    }
  }

  #icmp(reader: ByteReader, read: () => Layer): void {
    const isHeaderCut = this.#isCut && reader.remaining < ICMP_HEADER_BYTES;
    if (!isHeaderCut) this.#add(reader.offset, read(), reader);
    this.#payload(reader);
  }

  #ports(reader: ByteReader): void {
    if (reader.remaining >= PORT_BYTES) {
      const start = reader.offset;
      const sourcePort = reader.u16be();
      const destinationPort = reader.u16be();
      this.#add(start, { kind: "ports", sourcePort, destinationPort }, reader);
    }
    this.#payload(reader);
  }

  #payload(reader: ByteReader): void {
    if (reader.remaining === 0) return;
    this.#add(reader.offset, { kind: "payload", bytes: reader.rest() }, reader);
  }

  #trailer(reader: ByteReader): void {
    if (reader.remaining === 0) return;
    this.#add(reader.offset, { kind: "trailer", bytes: reader.rest() }, reader);
  }

  #enterTunnel(reader: ByteReader): void {
    this.#tunnels += 1;
    if (this.#tunnels > MAX_TUNNELS) {
      throw new DecodeError(`more than ${MAX_TUNNELS} packets in packets`, reader.offset);
    }
  }

  /** What of `reader` the `length` of a header covers: itself, if that is all. */
  #limit(reader: ByteReader, length: number, what: string): ByteReader {
    const isAll = length === reader.remaining || (this.#isCut && length > reader.remaining);
    return isAll ? reader : reader.sub(length, what);
  }
}
