/** Questions to the cluster's DNS, through a port-forward to one of its pods. */
import { ByteReader, ByteWriter, IpAddress } from "#base";
import type { Endpoint } from "#kube";
import { decodeDns, DnsResponseCode, DnsType } from "#packet";
import { ChannelSocket } from "./channels.ts";

const PORT = 53;
const PORT_FORWARD = "v4.channel.k8s.io";
const DATA = 0;
const HEADER_BYTES = 12;
const LENGTH_BYTES = 2;
const PORT_BYTES = 2;
const SECTIONS = ["answer", "authority", "additional"] as const;

/** `pod` is the path of a pod of the DNS. */
export async function askDns(
  endpoint: Endpoint,
  pod: string,
  name: string,
  type: string,
): Promise<string[]> {
  using socket = await ChannelSocket.open(endpoint, `${pod}/portforward?ports=${PORT}`, [
    PORT_FORWARD,
  ]);
  const query = encode(name, type);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(query.length);
  socket.send(DATA, Buffer.concat([length, query]));
  // Each channel begins with the number of its port.
  const whole = (bytes: Buffer): boolean =>
    bytes.length >= PORT_BYTES + LENGTH_BYTES &&
    bytes.length >= PORT_BYTES + LENGTH_BYTES + bytes.readUInt16BE(PORT_BYTES);
  const bytes = await socket.until(DATA, whole);
  if (!whole(bytes)) throw new Error(`no answer for ${name}: ${socket.text(DATA + 1)}`);
  return show(bytes.subarray(PORT_BYTES + LENGTH_BYTES));
}

function encode(name: string, type: string): Uint8Array {
  const number = DnsType[type as keyof typeof DnsType];
  const writer = new ByteWriter({ what: "DNS query", maxBytes: 512 });
  writer.u16be(1).u16be(0x0100).u16be(1).u16be(0).u16be(0).u16be(0);
  for (const label of name.replace(/\.$/, "").split(".")) {
    writer.u8(label.length).bytes(Buffer.from(label, "latin1"));
  }
  writer.u8(0).u16be(number).u16be(1);
  return writer.finish();
}

/** Without times to live, which are a matter of configuration, and the zone's serial number. */
function show(bytes: Uint8Array): string[] {
  const header = decodeDns(bytes);
  const [code = String(header.responseCode)] =
    Object.entries(DnsResponseCode).find(([, each]) => each === header.responseCode) ?? [];
  const reader = new ByteReader(bytes);
  reader.skip(HEADER_BYTES);
  for (let count = 0; count < header.questionCount; count += 1) {
    readName(bytes, reader);
    reader.skip(4);
  }
  const flags = header.isAuthoritative ? " authoritative" : "";
  const counts = [header.answerCount, header.authorityCount, header.additionalCount];
  const lines = SECTIONS.flatMap((section, at) => {
    const records = Array.from({ length: counts[at] ?? 0 }, () => readRecord(bytes, reader));
    return records.map((record) => `  ${section}: ${record}`);
  });
  return [`${code}${flags}`, ...lines];
}

function readName(message: Uint8Array, reader: ByteReader): string {
  const labels: string[] = [];
  let from = reader;
  for (;;) {
    const size = from.u8();
    if (size === 0) return labels.join(".");
    if (size >= 0xc0) {
      const at = ((size & 0x3f) << 8) | from.u8();
      from = new ByteReader(message);
      from.skip(at);
    } else labels.push(Buffer.from(from.bytes(size)).toString("latin1"));
  }
}

function readRecord(message: Uint8Array, reader: ByteReader): string {
  const name = readName(message, reader);
  const number = reader.u16be();
  reader.skip(6);
  const length = reader.u16be();
  const start = reader.offset;
  const [type = String(number)] = Object.entries(DnsType).find(([, each]) => each === number) ?? [];
  const data = readData(type, message, reader, length);
  reader.seek(start + length);
  return `${name} ${type} ${data}`;
}

function readData(type: string, message: Uint8Array, reader: ByteReader, length: number): string {
  switch (type) {
    case "A":
    case "AAAA":
      return IpAddress.fromBytes(reader.bytes(length)).key;
    case "CNAME":
    case "NS":
    case "PTR":
      return readName(message, reader);
    case "SRV": {
      const numbers = [reader.u16be(), reader.u16be(), reader.u16be()];
      return `${numbers.join(" ")} ${readName(message, reader)}`;
    }
    case "SOA":
      return `${readName(message, reader)} ${readName(message, reader)}`;
    case "TXT":
      return JSON.stringify(Buffer.from(reader.bytes(reader.u8())).toString("latin1"));
    default:
      return Buffer.from(reader.bytes(length)).toString("hex");
  }
}
