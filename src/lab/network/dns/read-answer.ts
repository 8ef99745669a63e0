import { ByteReader, DecodeError } from "#base";
import { decodeDns, DNS_CLASS_INTERNET, DnsType } from "#packet";
import { type DnsRecord, isDnsName } from "./message.ts";

/** What another server answered, as far as it leads to addresses. */
interface ForeignAnswer {
  readonly id: number;
  readonly code: number;
  readonly isTruncated: boolean;
  /** A, AAAA and CNAME records. */
  readonly records: readonly DnsRecord[];
}

/** More records than any answer of use has. */
const MAX_RECORDS = 512;
const MAX_POINTERS = 127;
const MAX_NAME_CHARACTERS = 253;
const HEADER_BYTES = 12;
const POINTER = 0xc0;
const MAX_LABEL_BYTES = 63;

export function readAnswer(bytes: Uint8Array): ForeignAnswer {
  const header = decodeDns(bytes);
  if (!header.isResponse) throw new DecodeError("a DNS query, not an answer", 2);
  if (header.answerCount > MAX_RECORDS) {
    throw new DecodeError(`${header.answerCount} records in a DNS answer`, 6);
  }
  const reader = new ByteReader(bytes);
  reader.skip(HEADER_BYTES);
  for (let count = 0; count < header.questionCount; count++) {
    readName(bytes, reader);
    reader.skip(4, "DNS question");
  }
  const records: DnsRecord[] = [];
  for (let count = 0; count < header.answerCount; count++) {
    const record = readRecord(bytes, reader);
    if (record !== undefined) records.push(record);
  }
  const { id, responseCode: code, isTruncated } = header;
  return { id, code, isTruncated, records };
}

function readRecord(message: Uint8Array, reader: ByteReader): DnsRecord | undefined {
  const name = readName(message, reader);
  const type = reader.u16be("DNS record");
  const isInternet = reader.u16be() === DNS_CLASS_INTERNET;
  // Its first bit means nothing, and neither do so many years (RFC 2181, 8).
  const ttlSeconds = reader.u32be() & 0x7fff_ffff;
  const data = reader.sub(reader.u16be(), "DNS record's data");
  if (!isInternet || !isDnsName(name)) return undefined;
  if (type === DnsType.A && data.remaining === 4) {
    return { type: "A", name, ttlSeconds, address: data.rest() };
  }
  if (type === DnsType.AAAA && data.remaining === 16) {
    return { type: "AAAA", name, ttlSeconds, address: data.rest() };
  }
  if (type !== DnsType.CNAME) return undefined;
  const target = readName(message, data);
  return isDnsName(target) ? { type: "CNAME", name, ttlSeconds, target } : undefined;
}

/** In small letters, without the dot at the end. Leaves `reader` behind the name. */
function readName(message: Uint8Array, reader: ByteReader): string {
  const labels: string[] = [];
  let at = reader;
  let piece = reader.offset;
  let length = 0;
  for (let pointers = 0; ; ) {
    const size = at.u8("DNS name");
    if (size === 0) break;
    if (size >= POINTER) {
      const target = ((size & ~POINTER) << 8) | at.u8("DNS name");
      pointers += 1;
      // Only to before the piece that it stands in, so that none leads round.
      if (target >= piece || pointers > MAX_POINTERS) {
        throw new DecodeError(`DNS name points to ${target}`, at.offset - 2);
      }
      piece = target;
      at = new ByteReader(message.subarray(target), target);
      continue;
    }
    if (size > MAX_LABEL_BYTES) throw new DecodeError("DNS label of unknown form", at.offset - 1);
    length += size + 1;
    if (length > MAX_NAME_CHARACTERS + 1) throw new DecodeError("DNS name too long", at.offset);
    labels.push(Buffer.from(at.bytes(size, "DNS name")).toString("latin1").toLowerCase());
  }
  return labels.join(".");
}
