import { assert, type ByteReader, type ByteWriter, IpAddress, MacAddress } from "#base";

const MAC_BYTES = 6;

export function takeMac(reader: ByteReader): MacAddress {
  return MacAddress.fromBytes(reader.bytes(MAC_BYTES));
}

export function takeIpv4(reader: ByteReader): IpAddress {
  return IpAddress.v4(reader.u32be());
}

/** A mapped address on the wire becomes an IpAddress of family 4; see IPv6's `source`. */
export function takeIpv6(reader: ByteReader): IpAddress {
  return IpAddress.fromWords(reader.u32be(), reader.u32be(), reader.u32be(), reader.u32be());
}

export function putMac(writer: ByteWriter, address: MacAddress | string): void {
  writer.bytes((typeof address === "string" ? MacAddress.parse(address) : address).bytes);
}

export function putIpv4(writer: ByteWriter, address: IpAddress | string): void {
  const ip = toIp(address);
  assert(ip.family === 4, `${ip.key} does not fit where IPv4 addresses stand`);
  writer.u32be(ip.word3 >>> 0);
}

export function putIpv6(writer: ByteWriter, address: IpAddress | string): void {
  // "10.0.0.1" here is a slip; who wants a mapped address on the wire writes ::ffff:10.0.0.1.
  const isSlip = typeof address === "string" && !address.includes(":");
  assert(!isSlip, `${String(address)} does not stand where IPv6 addresses do`);
  const { word0, word1, word2, word3 } = toIp(address);
  writer.u32be(word0 >>> 0).u32be(word1 >>> 0);
  writer.u32be(word2 >>> 0).u32be(word3 >>> 0);
}

function toIp(address: IpAddress | string): IpAddress {
  return typeof address === "string" ? IpAddress.parse(address) : address;
}
