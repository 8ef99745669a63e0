import { type ByteReader, type ByteWriter, unreachable } from "#base";
import { Icmpv6Type } from "./constants.ts";
import { type Draft, needBytes, NO_BYTES } from "./draft.ts";
import type { Icmpv6Header } from "./icmpv6-header.ts";
import { type NeighbourDiscovery, readNeighbour, writeNeighbour } from "./neighbour.ts";

/** What an error says about a packet, which it brings back. */
interface ErrorHeader extends Icmpv6Header {
  /**
   * The packet that the error is about, from its IPv6 header on, and often only its beginning
   * (`decodeEmbedded` reads it), with the extensions of RFC 4884 where there are any.
   */
  readonly embedded: Uint8Array;
}

/** The data of an echo follows as payload. */
interface Icmpv6Echo extends Icmpv6Header {
  readonly message: "echo-request" | "echo-reply";
  readonly identifier: number;
  readonly sequence: number;
}

interface Icmpv6Unreachable extends ErrorHeader {
  readonly message: "unreachable" | "time-exceeded";
  /** The second word: to be zero, but for a length by RFC 4884. */
  readonly reserved: number;
}

interface Icmpv6PacketTooBig extends ErrorHeader {
  readonly message: "packet-too-big";
  /** What the next link takes, in bytes of IP packet. */
  readonly mtu: number;
}

interface Icmpv6ParameterProblem extends ErrorHeader {
  readonly message: "parameter-problem";
  /** The offset of the wrong byte in the embedded packet. */
  readonly pointer: number;
}

/** Multicast listener discovery comes as this, too. */
interface Icmpv6Other extends Icmpv6Header {
  readonly message: "other";
  /** Everything after the checksum. */
  readonly body: Uint8Array;
}

export type Icmpv6 =
  | Icmpv6Echo
  | Icmpv6Unreachable
  | Icmpv6PacketTooBig
  | Icmpv6ParameterProblem
  | NeighbourDiscovery
  | Icmpv6Other;

const SHORT_HEADER_BYTES = 4;
const HEADER_BYTES = 8;

const TYPE_OF: Readonly<Record<Icmpv6["message"], number>> = {
  "echo-request": Icmpv6Type.echoRequest,
  "echo-reply": Icmpv6Type.echoReply,
  unreachable: Icmpv6Type.unreachable,
  "time-exceeded": Icmpv6Type.timeExceeded,
  "packet-too-big": Icmpv6Type.packetTooBig,
  "parameter-problem": Icmpv6Type.parameterProblem,
  "router-solicitation": Icmpv6Type.routerSolicitation,
  "router-advertisement": Icmpv6Type.routerAdvertisement,
  "neighbour-solicitation": Icmpv6Type.neighbourSolicitation,
  "neighbour-advertisement": Icmpv6Type.neighbourAdvertisement,
  redirect: Icmpv6Type.redirect,
  other: 0,
};

/** With `isCut`, what the end cuts off of neighbour discovery is no error. */
export function readIcmpv6(reader: ByteReader, isCut: boolean): Icmpv6 {
  needBytes(reader, SHORT_HEADER_BYTES, "ICMPv6 header");
  const type = reader.u8();
  const header = { kind: "icmpv6", type, code: reader.u8(), checksum: reader.u16be() } as const;
  switch (type) {
    case Icmpv6Type.echoRequest:
    case Icmpv6Type.echoReply: {
      needRest(reader);
      const message = type === Icmpv6Type.echoReply ? "echo-reply" : "echo-request";
      return { ...header, message, identifier: reader.u16be(), sequence: reader.u16be() };
    }
    case Icmpv6Type.unreachable:
    case Icmpv6Type.timeExceeded: {
      needRest(reader);
      const message = type === Icmpv6Type.unreachable ? "unreachable" : "time-exceeded";
      return { ...header, message, reserved: reader.u32be(), embedded: reader.rest() };
    }
    case Icmpv6Type.packetTooBig:
      needRest(reader);
      return { ...header, message: "packet-too-big", mtu: reader.u32be(), embedded: reader.rest() };
    case Icmpv6Type.parameterProblem: {
      needRest(reader);
      const pointer = reader.u32be();
      return { ...header, message: "parameter-problem", pointer, embedded: reader.rest() };
    }
    default:
      return (
        readNeighbour(reader, header, isCut) ?? {
          ...header,
          message: "other",
          body: reader.rest(),
        }
      );
  }
}

function needRest(reader: ByteReader): void {
  needBytes(reader, HEADER_BYTES - SHORT_HEADER_BYTES, "the second half of an ICMPv6 header");
}

/** Leaves the checksum to `encodeLayers`, where it is not given. */
export function writeIcmpv6(writer: ByteWriter, draft: Draft<Icmpv6>): void {
  writer.u8(draft.type ?? TYPE_OF[draft.message]).u8(draft.code ?? 0);
  writer.u16be(draft.checksum ?? 0);
  switch (draft.message) {
    case "echo-request":
    case "echo-reply":
      writer.u16be(draft.identifier ?? 0).u16be(draft.sequence ?? 0);
      break;
    case "unreachable":
    case "time-exceeded":
      writer.u32be(draft.reserved ?? 0).bytes(draft.embedded ?? NO_BYTES);
      break;
    case "packet-too-big":
      writer.u32be(draft.mtu ?? 0).bytes(draft.embedded ?? NO_BYTES);
      break;
    case "parameter-problem":
      writer.u32be(draft.pointer ?? 0).bytes(draft.embedded ?? NO_BYTES);
      break;
    case "other":
      writer.bytes(draft.body ?? NO_BYTES);
      break;
    case "router-solicitation":
    case "router-advertisement":
    case "neighbour-solicitation":
    case "neighbour-advertisement":
    case "redirect":
      writeNeighbour(writer, draft);
      break;
    default:
      unreachable(draft);
  }
}
