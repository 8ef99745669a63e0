import { ByteReader, DecodeError, IpAddress } from "#base";

/**
 * What the kernel tells of the connections that it tracks, as netlink has it (`ctnetlink`): just
 * enough to find datagrams that still go to an endpoint which is gone.
 */
export interface Flow {
  readonly family: 4 | 6;
  readonly protocol: number;
  /** Where the client sends to. */
  readonly destination: IpAddress;
  readonly port: number;
  /** Who answers. */
  readonly answerer: IpAddress;
  readonly answererPort: number;
  /** By which the kernel knows it: the attribute as it came. */
  readonly key: Uint8Array;
}

const MESSAGE_HEADER_BYTES = 16;
const FAMILY_HEADER_BYTES = 4;
const ATTRIBUTE_HEADER_BYTES = 4;
const TYPE_MASK = 0x3fff;
const AF_INET = 2;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

const ConntrackAttribute = { original: 1, reply: 2 } as const;
const TupleAttribute = { ip: 1, protocol: 2 } as const;
const IpAttribute = {
  ipv4Source: 1,
  ipv4Destination: 2,
  ipv6Source: 3,
  ipv6Destination: 4,
} as const;
const ProtocolAttribute = { number: 1, sourcePort: 2, destinationPort: 3 } as const;

interface Tuple {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** One datagram of a listing: its flows, and whether it was the last. */
export function readFlows(datagram: Uint8Array): { flows: Flow[]; isLast: boolean } {
  const reader = new ByteReader(datagram);
  const flows: Flow[] = [];
  while (reader.remaining > 0) {
    const length = reader.u32le("netlink message");
    const type = reader.u16le();
    reader.skip(MESSAGE_HEADER_BYTES - 6);
    if (type === NLMSG_DONE || type === NLMSG_ERROR) return { flows, isLast: true };
    const body = reader.sub(length - MESSAGE_HEADER_BYTES, "netlink message");
    reader.skip(Math.min(reader.remaining, -length & 3));
    const flow = readFlow(body);
    if (flow !== undefined) flows.push(flow);
  }
  return { flows, isLast: false };
}

function readFlow(body: ByteReader): Flow | undefined {
  const family = body.peekU8("address family") === AF_INET ? 4 : 6;
  body.skip(FAMILY_HEADER_BYTES, "netfilter header");
  const attributes = readAttributes(body);
  const key = attributes.get(ConntrackAttribute.original);
  const original = key && readTuple(key);
  const answer = attributes.get(ConntrackAttribute.reply);
  const reply = answer && readTuple(answer);
  // Protocols without ports have none.
  if (key === undefined || original === undefined || reply === undefined) return undefined;
  return {
    family,
    protocol: original.protocol,
    destination: original.destination,
    port: original.destinationPort,
    answerer: reply.source,
    answererPort: reply.sourcePort,
    key,
  };
}

function readTuple(bytes: Uint8Array): Tuple | undefined {
  const parts = readAttributes(new ByteReader(bytes));
  const ip = readAttributes(new ByteReader(parts.get(TupleAttribute.ip) ?? new Uint8Array()));
  const layer = parts.get(TupleAttribute.protocol) ?? new Uint8Array();
  const protocol = readAttributes(new ByteReader(layer));
  const source = ip.get(IpAttribute.ipv4Source) ?? ip.get(IpAttribute.ipv6Source);
  const destination = ip.get(IpAttribute.ipv4Destination) ?? ip.get(IpAttribute.ipv6Destination);
  const sourcePort = protocol.get(ProtocolAttribute.sourcePort);
  const destinationPort = protocol.get(ProtocolAttribute.destinationPort);
  if (source === undefined || destination === undefined) return undefined;
  if (sourcePort === undefined || destinationPort === undefined) return undefined;
  return {
    source: IpAddress.fromBytes(source),
    destination: IpAddress.fromBytes(destination),
    protocol: protocol.get(ProtocolAttribute.number)?.[0] ?? 0,
    sourcePort: new ByteReader(sourcePort).u16be("port"),
    destinationPort: new ByteReader(destinationPort).u16be("port"),
  };
}

function readAttributes(reader: ByteReader): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  while (reader.remaining >= ATTRIBUTE_HEADER_BYTES) {
    const length = reader.u16le();
    const type = reader.u16le() & TYPE_MASK;
    if (length < ATTRIBUTE_HEADER_BYTES) {
      throw new DecodeError(`a netlink attribute of ${length} bytes`, reader.offset);
    }
    attributes.set(type, reader.bytes(length - ATTRIBUTE_HEADER_BYTES, "netlink attribute"));
    reader.skip(Math.min(reader.remaining, -length & 3));
  }
  return attributes;
}
