import { ByteReader, type ByteWriter, DecodeError } from "#base";
import { DNS_CLASS_INTERNET, DnsType } from "./constants.ts";
import { putDnsName, readDnsName } from "./dns-name.ts";
import { bits, type Draft, needBytes } from "./draft.ts";

/** The header and the questions of a DNS message; what answers there are follow as payload. */
export interface Dns {
  readonly kind: "dns";
  readonly id: number;
  readonly isResponse: boolean;
  /** 0: an ordinary query. */
  readonly opcode: number;
  readonly isAuthoritative: boolean;
  /** Not all of the answer is here: ask again by TCP. */
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  /** The one bit left: to be zero. */
  readonly reserved: number;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** One of DnsResponseCode, or another. */
  readonly responseCode: number;
  readonly questionCount: number;
  readonly answerCount: number;
  readonly authorityCount: number;
  readonly additionalCount: number;
  readonly questions: readonly DnsQuestion[];
}

export interface DnsQuestion {
  /** As in zone files, with a dot at the end: see DnsName. */
  readonly name: string;
  /** One of DnsType, or another. */
  readonly type: number;
  readonly class: number;
}

/** A question of the builder: the Internet's address records, if nothing else is said. */
type QuestionDraft = Pick<DnsQuestion, "name"> & Partial<DnsQuestion>;

export type DnsDraft = Omit<Draft<Dns>, "questions"> & {
  readonly questions?: readonly QuestionDraft[];
};

/** Servers answer one question; some software sends a few. */
export const MAX_DNS_QUESTIONS = 32;

const HEADER_BYTES = 12;

const RESPONSE = 0x8000;
const AUTHORITATIVE = 0x0400;
const TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
const AUTHENTIC_DATA = 0x0020;
const CHECKING_DISABLED = 0x0010;

/** Reads a message as UDP carries it; one by TCP without the length before it. */
export function decodeDns(bytes: Uint8Array): Dns {
  return readDns(new ByteReader(bytes));
}

/** Leaves `reader`, which must begin with the message, behind the questions. */
export function readDns(reader: ByteReader): Dns {
  needBytes(reader, HEADER_BYTES, "DNS header");
  const start = reader.offset;
  const message = reader.peek(reader.remaining);
  const id = reader.u16be();
  const flags = reader.u16be();
  const questionCount = reader.u16be();
  if (questionCount > MAX_DNS_QUESTIONS) {
    throw new DecodeError(`${questionCount} questions in a DNS message`, start + 4);
  }
  return {
    kind: "dns",
    id,
    isResponse: (flags & RESPONSE) !== 0,
    opcode: (flags >> 11) & 0x0f,
    isAuthoritative: (flags & AUTHORITATIVE) !== 0,
    isTruncated: (flags & TRUNCATED) !== 0,
    recursionDesired: (flags & RECURSION_DESIRED) !== 0,
    recursionAvailable: (flags & RECURSION_AVAILABLE) !== 0,
    reserved: (flags >> 6) & 1,
    authenticData: (flags & AUTHENTIC_DATA) !== 0,
    checkingDisabled: (flags & CHECKING_DISABLED) !== 0,
    responseCode: flags & 0x0f,
    questionCount,
    answerCount: reader.u16be(),
    authorityCount: reader.u16be(),
    additionalCount: reader.u16be(),
    questions: readQuestions(reader, message, start, questionCount),
  };
}

function readQuestions(
  reader: ByteReader,
  message: Uint8Array,
  start: number,
  count: number,
): DnsQuestion[] {
  const questions: DnsQuestion[] = [];
  for (let index = 0; index < count; index++) {
    const { text, end } = readDnsName(message, reader.offset - start, start);
    reader.seek(start + end);
    needBytes(reader, 4, "DNS question");
    questions.push({ name: text, type: reader.u16be(), class: reader.u16be() });
  }
  return questions;
}

export function writeDns(writer: ByteWriter, draft: DnsDraft): void {
  const questions = draft.questions ?? [];
  const flags =
    (draft.isResponse ? RESPONSE : 0) |
    (bits(draft.opcode ?? 0, 4, "a DNS opcode") << 11) |
    (draft.isAuthoritative ? AUTHORITATIVE : 0) |
    (draft.isTruncated ? TRUNCATED : 0) |
    // What resolvers send: a query that desires no recursion says so.
    ((draft.recursionDesired ?? true) ? RECURSION_DESIRED : 0) |
    (draft.recursionAvailable ? RECURSION_AVAILABLE : 0) |
    (bits(draft.reserved ?? 0, 1, "the reserved bit") << 6) |
    (draft.authenticData ? AUTHENTIC_DATA : 0) |
    (draft.checkingDisabled ? CHECKING_DISABLED : 0) |
    bits(draft.responseCode ?? 0, 4, "a DNS response code");
  writer.u16be(draft.id ?? 0).u16be(flags);
  writer.u16be(draft.questionCount ?? questions.length).u16be(draft.answerCount ?? 0);
  writer.u16be(draft.authorityCount ?? 0).u16be(draft.additionalCount ?? 0);
  for (const { name, type = DnsType.A, class: dnsClass = DNS_CLASS_INTERNET } of questions) {
    putDnsName(writer, name);
    writer.u16be(type).u16be(dnsClass);
  }
}
