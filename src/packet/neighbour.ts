import { type ByteReader, type ByteWriter, IpAddress, unreachable } from "#base";
import { putIpv6, takeIpv6 } from "./address.ts";
import { Icmpv6Type } from "./constants.ts";
import { bits, type Draft, needBytes } from "./draft.ts";
import type { Icmpv6Header } from "./icmpv6-header.ts";
import {
  type NeighbourOption,
  readNeighbourOptions,
  writeNeighbourOptions,
} from "./neighbour-options.ts";

interface NeighbourHeader extends Icmpv6Header {
  readonly options: readonly NeighbourOption[];
  /**
   * Bits that are to be zero, as the message has them. Of a router advertisement they are the six
   * behind its two flags, some of which have come into use (RFC 4191 has the preference there).
   */
  readonly reserved: number;
}

interface RouterSolicitation extends NeighbourHeader {
  readonly message: "router-solicitation";
}

interface RouterAdvertisement extends NeighbourHeader {
  readonly message: "router-advertisement";
  /** What hosts are to put into their packets; 0: no word on it. */
  readonly hopLimit: number;
  /** Whether addresses come by DHCPv6. */
  readonly managed: boolean;
  /** Whether other settings come by DHCPv6. */
  readonly otherConfiguration: boolean;
  /** 0: not a default router. */
  readonly lifetimeSeconds: number;
  readonly reachableMs: number;
  readonly retransmitMs: number;
}

interface NeighbourSolicitation extends NeighbourHeader {
  readonly message: "neighbour-solicitation";
  readonly target: IpAddress;
}

interface NeighbourAdvertisement extends NeighbourHeader {
  readonly message: "neighbour-advertisement";
  readonly target: IpAddress;
  readonly isRouter: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
}

interface Icmpv6Redirect extends NeighbourHeader {
  readonly message: "redirect";
  /** Whom to send to from now on. */
  readonly target: IpAddress;
  /** For packets to here. */
  readonly destination: IpAddress;
}

export type NeighbourDiscovery =
  | RouterSolicitation
  | RouterAdvertisement
  | NeighbourSolicitation
  | NeighbourAdvertisement
  | Icmpv6Redirect;

/** What each message has after the checksum and before its options, in bytes. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [Icmpv6Type.routerSolicitation, 4],
  [Icmpv6Type.routerAdvertisement, 12],
  [Icmpv6Type.neighbourSolicitation, 20],
  [Icmpv6Type.neighbourAdvertisement, 20],
  [Icmpv6Type.redirect, 36],
]);

const MANAGED = 0x80;
const OTHER_CONFIGURATION = 0x40;
const ADVERTISEMENT_RESERVED = 0x3f;
const IS_ROUTER = 0x8000_0000;
const SOLICITED = 0x4000_0000;
const OVERRIDE = 0x2000_0000;
const NEIGHBOUR_RESERVED = 0x1fff_ffff;

const UNSPECIFIED = IpAddress.fromWords(0, 0, 0, 0);

/**
 * What follows the header of a neighbour discovery message; undefined for any other. With
 * `isCut`, undefined too where the end cuts off more than options.
 */
export function readNeighbour(
  reader: ByteReader,
  header: Icmpv6Header,
  isCut: boolean,
): NeighbourDiscovery | undefined {
  const fixedBytes = FIXED_BYTES.get(header.type);
  if (fixedBytes === undefined || (isCut && reader.remaining < fixedBytes)) return undefined;
  needBytes(reader, fixedBytes, "neighbour discovery");
  if (header.type === Icmpv6Type.routerAdvertisement) return readRouter(reader, header, isCut);
  const word = reader.u32be();
  switch (header.type) {
    case Icmpv6Type.routerSolicitation: {
      const options = readNeighbourOptions(reader, isCut);
      return { ...header, message: "router-solicitation", reserved: word, options };
    }
    case Icmpv6Type.neighbourSolicitation: {
      const target = takeIpv6(reader);
      const options = readNeighbourOptions(reader, isCut);
      return { ...header, message: "neighbour-solicitation", target, reserved: word, options };
    }
    case Icmpv6Type.neighbourAdvertisement:
      return {
        ...header,
        message: "neighbour-advertisement",
        target: takeIpv6(reader),
        isRouter: (word & IS_ROUTER) !== 0,
        solicited: (word & SOLICITED) !== 0,
        override: (word & OVERRIDE) !== 0,
        reserved: word & NEIGHBOUR_RESERVED,
        options: readNeighbourOptions(reader, isCut),
      };
    default: {
      const target = takeIpv6(reader);
      const destination = takeIpv6(reader);
      const options = readNeighbourOptions(reader, isCut);
      return { ...header, message: "redirect", target, destination, reserved: word, options };
    }
  }
}

function readRouter(reader: ByteReader, header: Icmpv6Header, isCut: boolean): RouterAdvertisement {
  const hopLimit = reader.u8();
  const flags = reader.u8();
  return {
    ...header,
    message: "router-advertisement",
    hopLimit,
    managed: (flags & MANAGED) !== 0,
    otherConfiguration: (flags & OTHER_CONFIGURATION) !== 0,
    reserved: flags & ADVERTISEMENT_RESERVED,
    lifetimeSeconds: reader.u16be(),
    reachableMs: reader.u32be(),
    retransmitMs: reader.u32be(),
    options: readNeighbourOptions(reader, isCut),
  };
}

/** What follows the checksum. */
export function writeNeighbour(writer: ByteWriter, draft: Draft<NeighbourDiscovery>): void {
  const { reserved = 0, options = [] } = draft;
  switch (draft.message) {
    case "router-solicitation":
      writer.u32be(reserved);
      break;
    case "router-advertisement": {
      const flags =
        (draft.managed ? MANAGED : 0) | (draft.otherConfiguration ? OTHER_CONFIGURATION : 0);
      writer.u8(draft.hopLimit ?? 0).u8(flags | bits(reserved, 6, "the reserved bits"));
      writer.u16be(draft.lifetimeSeconds ?? 0);
      writer.u32be(draft.reachableMs ?? 0).u32be(draft.retransmitMs ?? 0);
      break;
    }
    case "neighbour-solicitation":
      putIpv6(writer.u32be(reserved), draft.target ?? UNSPECIFIED);
      break;
    case "neighbour-advertisement": {
      const flags =
        (draft.isRouter ? IS_ROUTER : 0) |
        (draft.solicited ? SOLICITED : 0) |
        (draft.override ? OVERRIDE : 0);
      writer.u32be((flags | bits(reserved, 29, "the reserved bits")) >>> 0);
      putIpv6(writer, draft.target ?? UNSPECIFIED);
      break;
    }
    case "redirect":
      putIpv6(writer.u32be(reserved), draft.target ?? UNSPECIFIED);
      putIpv6(writer, draft.destination ?? UNSPECIFIED);
      break;
    default:
      unreachable(draft);
  }
  writeNeighbourOptions(writer, options);
}
