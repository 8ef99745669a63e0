import { type ByteReader, type ByteWriter, IpAddress, unreachable } from "#base";
import { putIpv4, takeIpv4 } from "./address.ts";
import { Icmpv4Type } from "./constants.ts";
import { bits, type Draft, needBytes, NO_BYTES } from "./draft.ts";

interface Header {
  readonly kind: "icmpv4";
  /** One of Icmpv4Type, or another. The builder takes it from `message`. */
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
}

/** What an error says about a packet, which it brings back. */
interface ErrorHeader extends Header {
  /**
   * The packet that the error is about, from its IP header on, and often only its beginning
   * (`decodeEmbedded` reads it), with the extensions of RFC 4884 where there are any.
   */
  readonly embedded: Uint8Array;
  /** The other bits of the second word: to be zero, but for a length by RFC 4884. */
  readonly reserved: number;
}

/** The data of an echo follows as payload. */
interface Icmpv4Echo extends Header {
  readonly message: "echo-request" | "echo-reply";
  readonly identifier: number;
  readonly sequence: number;
}

interface Icmpv4Unreachable extends ErrorHeader {
  readonly message: "unreachable";
  /** What the next link takes, in bytes of IP packet; 0 unless the code is fragmentationNeeded. */
  readonly mtu: number;
}

interface Icmpv4TimeExceeded extends ErrorHeader {
  readonly message: "time-exceeded";
}

interface Icmpv4ParameterProblem extends ErrorHeader {
  readonly message: "parameter-problem";
  /** The offset of the wrong byte in the embedded packet. */
  readonly pointer: number;
}

interface Icmpv4Redirect extends Omit<ErrorHeader, "reserved"> {
  readonly message: "redirect";
  /** Whom to send to from now on. */
  readonly gateway: IpAddress;
}

interface Icmpv4Other extends Header {
  readonly message: "other";
  /** Everything after the checksum. */
  readonly body: Uint8Array;
}

export type Icmpv4 =
  | Icmpv4Echo
  | Icmpv4Unreachable
  | Icmpv4TimeExceeded
  | Icmpv4ParameterProblem
  | Icmpv4Redirect
  | Icmpv4Other;

const SHORT_HEADER_BYTES = 4;
const HEADER_BYTES = 8;
const NO_GATEWAY = IpAddress.v4(0);

const TYPE_OF: Readonly<Record<Icmpv4["message"], number>> = {
  "echo-request": Icmpv4Type.echoRequest,
  "echo-reply": Icmpv4Type.echoReply,
  unreachable: Icmpv4Type.unreachable,
  "time-exceeded": Icmpv4Type.timeExceeded,
  "parameter-problem": Icmpv4Type.parameterProblem,
  redirect: Icmpv4Type.redirect,
  other: 0,
};

export function readIcmpv4(reader: ByteReader): Icmpv4 {
  needBytes(reader, SHORT_HEADER_BYTES, "ICMP header");
  const type = reader.u8();
  const header = { kind: "icmpv4", type, code: reader.u8(), checksum: reader.u16be() } as const;
  switch (type) {
    case Icmpv4Type.echoRequest:
    case Icmpv4Type.echoReply: {
      needRest(reader);
      const message = type === Icmpv4Type.echoReply ? "echo-reply" : "echo-request";
      return { ...header, message, identifier: reader.u16be(), sequence: reader.u16be() };
    }
    case Icmpv4Type.unreachable: {
      needRest(reader);
      const reserved = reader.u16be();
      const mtu = reader.u16be();
      return { ...header, message: "unreachable", mtu, reserved, embedded: reader.rest() };
    }
    case Icmpv4Type.timeExceeded: {
      needRest(reader);
      const reserved = reader.u32be();
      return { ...header, message: "time-exceeded", reserved, embedded: reader.rest() };
    }
    case Icmpv4Type.parameterProblem: {
      needRest(reader);
      const word = reader.u32be();
      const embedded = reader.rest();
      const [pointer, reserved] = [word >>> 24, word & 0xffffff];
      return { ...header, message: "parameter-problem", pointer, reserved, embedded };
    }
    case Icmpv4Type.redirect: {
      needRest(reader);
      const gateway = takeIpv4(reader);
      return { ...header, message: "redirect", gateway, embedded: reader.rest() };
    }
    default:
      return { ...header, message: "other", body: reader.rest() };
  }
}

function needRest(reader: ByteReader): void {
  needBytes(reader, HEADER_BYTES - SHORT_HEADER_BYTES, "the second half of an ICMP header");
}

/** Leaves the checksum to `encodeLayers`, where it is not given. */
export function writeIcmpv4(writer: ByteWriter, draft: Draft<Icmpv4>): void {
  writer.u8(draft.type ?? TYPE_OF[draft.message]).u8(draft.code ?? 0);
  writer.u16be(draft.checksum ?? 0);
  switch (draft.message) {
    case "echo-request":
    case "echo-reply":
      writer.u16be(draft.identifier ?? 0).u16be(draft.sequence ?? 0);
      break;
    case "unreachable":
      writer.u16be(draft.reserved ?? 0).u16be(draft.mtu ?? 0);
      writer.bytes(draft.embedded ?? NO_BYTES);
      break;
    case "time-exceeded":
      writer.u32be(draft.reserved ?? 0).bytes(draft.embedded ?? NO_BYTES);
      break;
    case "parameter-problem": {
      const reserved = bits(draft.reserved ?? 0, 24, "the reserved bits");
      writer.u8(draft.pointer ?? 0).u8(reserved >> 16);
      writer.u16be(reserved & 0xffff).bytes(draft.embedded ?? NO_BYTES);
      break;
    }
    case "redirect":
      putIpv4(writer, draft.gateway ?? NO_GATEWAY);
      writer.bytes(draft.embedded ?? NO_BYTES);
      break;
    case "other":
      writer.bytes(draft.body ?? NO_BYTES);
      break;
    default:
      unreachable(draft);
  }
}
