import { ByteReader, ByteWriter, DecodeError } from "#base";
import { DNS_CLASS_INTERNET, DnsResponseCode, DnsType, decodeDns } from "#packet";

/** A question as a server sees it. */
export interface DnsQuery {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** In small letters, without the dot at the end: names are the same in any case. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** As it came: an answer repeats it, in the letters that it was asked in. */
  readonly question: Uint8Array;
  /** How large an answer by UDP may be; undefined where the client did not say (EDNS). */
  readonly udpBytes: number | undefined;
}

export type DnsData =
  | { readonly type: "A" | "AAAA"; readonly address: Uint8Array }
  | { readonly type: "CNAME" | "PTR" | "NS"; readonly target: string }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: "TXT"; readonly text: string }
  | {
      readonly type: "SOA";
      readonly server: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly negativeSeconds: number;
    };

/** Names are absolute, in small letters, without the dot at the end. */
export type DnsRecord = DnsData & { readonly name: string; readonly ttlSeconds: number };

export interface DnsAnswer {
  readonly code: number;
  readonly isAuthoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

/** What UDP carries to a client that says nothing of itself (RFC 1035, 4.2.1). */
const PLAIN_UDP_BYTES = 512;
/** What we send at most by UDP, whatever the client says: it goes through in one piece. */
const MAX_UDP_BYTES = 1232;
export const MAX_DNS_BYTES = 0xffff;
const HEADER_BYTES = 12;
const POINTER = 0xc000;
const MAX_POINTER = 0x3fff;
const MAX_LABEL_BYTES = 63;
const MAX_NAME_BYTES = 255;
const MAX_TXT_BYTES = 255;
const RECORD_HEAD_BYTES = 10;

/** A message with one question. Anything else is a DecodeError. */
export function parseQuery(bytes: Uint8Array): DnsQuery {
  const header = decodeDns(bytes);
  const [first] = header.questions;
  if (header.isResponse) throw new DecodeError("a DNS answer, not a query", 2);
  if (first === undefined || header.questionCount !== 1) {
    throw new DecodeError(`${header.questionCount} questions in a DNS query`, 4);
  }
  // The first name of a message has nothing before it to point to.
  const end = endOfName(bytes, HEADER_BYTES) + 4;
  return {
    id: header.id,
    opcode: header.opcode,
    recursionDesired: header.recursionDesired,
    name: first.name.slice(0, -1).toLowerCase(),
    type: first.type,
    class: first.class,
    question: bytes.subarray(HEADER_BYTES, end),
    udpBytes: header.answerCount + header.authorityCount === 0 ? udpBytesOf(bytes, end) : undefined,
  };
}

/** Behind a name, wherever it leads. `readDns` has checked that it is whole. */
function endOfName(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let size = bytes[at] ?? 0; size !== 0; size = bytes[at] ?? 0) {
    if (size > MAX_LABEL_BYTES) return at + 2;
    at += 1 + size;
  }
  return at + 1;
}

/** The OPT record, where it comes first behind the question, as it does from everybody. */
function udpBytesOf(bytes: Uint8Array, at: number): number | undefined {
  const isThere = bytes.length >= at + 1 + RECORD_HEAD_BYTES && bytes[at] === 0;
  if (!isThere) return undefined;
  const reader = new ByteReader(bytes.subarray(at + 1), at + 1);
  if (reader.u16be() !== DnsType.OPT) return undefined;
  return Math.max(reader.u16be(), PLAIN_UDP_BYTES);
}

/** How large an answer to this query by UDP may be. */
export function udpLimit({ udpBytes = PLAIN_UDP_BYTES }: DnsQuery): number {
  return Math.min(udpBytes, MAX_UDP_BYTES);
}

/** The answer's bytes; where they would be over `maxBytes`, those that say so: ask by TCP. */
export function encodeAnswer(query: DnsQuery, answer: DnsAnswer, maxBytes: number): Uint8Array {
  const whole = write(query, answer, false);
  if (whole.length <= maxBytes) return whole;
  // What is only offered goes first.
  const less = write(query, { ...answer, additional: [] }, false);
  if (less.length <= maxBytes) return less;
  return write(query, { ...answer, answers: [], authority: [], additional: [] }, true);
}

/** What a client gets whose message could not be read; undefined where not even that can be sent. */
export function encodeFormatError(bytes: Uint8Array): Uint8Array | undefined {
  const isResponse = ((bytes[2] ?? 0) & 0x80) !== 0;
  if (bytes.length < HEADER_BYTES || isResponse) return undefined;
  const answer = new Uint8Array(HEADER_BYTES);
  answer.set(bytes.subarray(0, 2));
  answer[2] = 0x80 | ((bytes[2] ?? 0) & 0x79);
  answer[3] = DnsResponseCode.FORMERR;
  return answer;
}

function write(query: DnsQuery, answer: DnsAnswer, isTruncated: boolean): Uint8Array {
  const writer = new ByteWriter({ what: "DNS answer", maxBytes: MAX_DNS_BYTES });
  const flags =
    0x8000 |
    (query.opcode << 11) |
    (answer.isAuthoritative ? 0x0400 : 0) |
    (isTruncated ? 0x0200 : 0) |
    (query.recursionDesired ? 0x0100 : 0) |
    0x0080 |
    answer.code;
  const hasOptions = query.udpBytes !== undefined;
  writer.u16be(query.id).u16be(flags).u16be(1);
  writer.u16be(answer.answers.length).u16be(answer.authority.length);
  writer.u16be(answer.additional.length + (hasOptions ? 1 : 0));
  writer.bytes(query.question);
  const names = new Map([[query.name, HEADER_BYTES]]);
  for (const record of [...answer.answers, ...answer.authority, ...answer.additional]) {
    putRecord(writer, names, record);
  }
  if (hasOptions) writer.u8(0).u16be(DnsType.OPT).u16be(MAX_UDP_BYTES).u32be(0).u16be(0);
  return writer.finish();
}

type Names = Map<string, number>;

function putRecord(writer: ByteWriter, names: Names, record: DnsRecord): void {
  putName(writer, names, record.name);
  writer.u16be(DnsType[record.type]).u16be(DNS_CLASS_INTERNET).u32be(record.ttlSeconds);
  const lengthAt = writer.length;
  writer.u16be(0);
  putData(writer, names, record);
  writer.patchU16be(lengthAt, writer.length - lengthAt - 2);
}

function putData(writer: ByteWriter, names: Names, data: DnsData): void {
  switch (data.type) {
    case "A":
    case "AAAA":
      writer.bytes(data.address);
      return;
    case "CNAME":
    case "PTR":
    case "NS":
      putName(writer, names, data.target);
      return;
    case "SRV":
      writer.u16be(data.priority).u16be(data.weight).u16be(data.port);
      // Never shortened (RFC 2782).
      putName(writer, new Map(), data.target);
      return;
    case "TXT": {
      const text = new TextEncoder().encode(data.text).subarray(0, MAX_TXT_BYTES);
      writer.u8(text.length).bytes(text);
      return;
    }
    case "SOA":
      putName(writer, names, data.server);
      putName(writer, names, data.mailbox);
      writer.u32be(data.serial).u32be(7200).u32be(1800).u32be(86_400).u32be(data.negativeSeconds);
  }
}

function putName(writer: ByteWriter, names: Names, name: string): void {
  let rest = name;
  while (rest !== "") {
    const known = names.get(rest);
    if (known !== undefined) {
      writer.u16be(POINTER | known);
      return;
    }
    if (writer.length <= MAX_POINTER) names.set(rest, writer.length);
    const dot = rest.indexOf(".");
    const label = new TextEncoder().encode(dot < 0 ? rest : rest.slice(0, dot));
    writer.u8(label.length).bytes(label);
    rest = dot < 0 ? "" : rest.slice(dot + 1);
  }
  writer.u8(0);
}

/** Whether a name from somebody's object can be sent at all. */
export function isDnsName(name: string): boolean {
  const labels = name.split(".");
  const fits = (label: string): boolean => /^[!-[\]-~]{1,63}$/.test(label);
  return name.length + 2 <= MAX_NAME_BYTES && labels.every(fits);
}

/** A question of ours, without an id. */
export function encodeQuery(name: string, type: number): Uint8Array {
  const writer = new ByteWriter({ what: "DNS query", maxBytes: PLAIN_UDP_BYTES });
  writer.u16be(0).u16be(0x0100).u16be(1).u16be(0).u16be(0).u16be(1);
  putName(writer, new Map(), name);
  writer.u16be(type).u16be(DNS_CLASS_INTERNET);
  writer.u8(0).u16be(DnsType.OPT).u16be(MAX_UDP_BYTES).u32be(0).u16be(0);
  return writer.finish();
}
