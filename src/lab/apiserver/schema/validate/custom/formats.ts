import { Cidr, IpAddress } from "#base";
import { isBase64 } from "../../scalars.ts";
import type { JsonObject } from "../../types.ts";
import { dnsLabel, dnsSubdomain } from "../words.ts";

/** Longer texts are of none of these formats, and cost time. */
const LOOKED_AT_MAX = 65_536;

const HEX_PAIR = "[0-9a-fA-F]{2}";
const MACS = [
  ...[":", "-"].flatMap((by) => [6, 8, 20].map((count) => repeated(HEX_PAIR, by, count))),
  ...[3, 4, 10].map((count) => repeated("[0-9a-fA-F]{4}", "\\.", count)),
];

function repeated(what: string, by: string, count: number): RegExp {
  return new RegExp(`^${what}(?:${by}${what}){${count - 1}}$`);
}

const UUID =
  /^[0-9a-f]{8}-?[0-9a-f]{4}-?([0-9a-f])[0-9a-f]{3}-?([0-9a-f])[0-9a-f]{3}-?[0-9a-f]{12}$/i;
const PRINTABLE = /^[^ \p{Cc}]*$/u;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/;
const SIMPLE_DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const WORDED_DURATION =
  /\d\s*(?:ns|nano|us|µs|micro|ms|milli|s|sec|m|min|h|hr|hour|d|day|w|wk|week)/i;
const LETTER_OR_DIGIT = "[a-zA-Z0-9\\p{S}\\p{L}]";
const ONE_LABEL = new RegExp(`^${LETTER_OR_DIGIT}-?${LETTER_OR_DIGIT}{0,62}$`, "u");
const LABEL = new RegExp(
  `^${LETTER_OR_DIGIT}(?:[-a-zA-Z0-9\\p{S}\\p{L}]{0,61}${LETTER_OR_DIGIT})?$`,
  "u",
);
const LAST_LABEL = /^[a-zA-Z\p{L}]{2,63}$/u;
const HOST_NAME_MAX = 255;

/** By their names without hyphens. */
const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["bsonobjectid", (text) => /^[0-9a-fA-F]{24}$/.test(text)],
  ["uri", isUri],
  ["email", (text) => /^[^@<>]*<?[^\s@<>]+@[^\s@<>]+>?$/.test(text)],
  ["hostname", isHostName],
  ["ipv4", isIpv4],
  ["ipv6", (text) => text.includes(":") && parses(() => IpAddress.parse(text))],
  ["cidr", isCidr],
  ["mac", (text) => MACS.some((each) => each.test(text))],
  ["uuid", (text) => UUID.test(text)],
  ["uuid3", (text) => UUID.exec(text)?.[1] === "3"],
  ["uuid4", (text) => isVariantUuid(text, "4")],
  ["uuid5", (text) => isVariantUuid(text, "5")],
  ["ssn", (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text)],
  ["hexcolor", (text) => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text)],
  ["byte", isBase64],
  ["password", () => true],
  ["date", isDate],
  ["duration", (text) => text === "0" || SIMPLE_DURATION.test(text) || WORDED_DURATION.test(text)],
  ["datetime", isDateTime],
  ["k8sshortname", (text) => dnsLabel(text).length === 0],
  ["k8slongname", (text) => dnsSubdomain(text).length === 0],
]);

const normal = (format: string): string => format.replaceAll("-", "");

/** The format of the schema, if there is one that this server looks at. */
export function knownFormat(schema: JsonObject, types: readonly string[]): string | undefined {
  const { format } = schema;
  if (typeof format !== "string" || format === "") return undefined;
  const type = types.length === 1 ? types[0] : "string";
  if (type === "string") return FORMATS.has(normal(format)) ? format : undefined;
  if (type === "integer") return format === "int32" || format === "int64" ? format : undefined;
  if (type === "number") return format === "float" || format === "double" ? format : undefined;
  return undefined;
}

export function hasFormat(format: string, text: string): boolean {
  if (text.length > LOOKED_AT_MAX) return false;
  return FORMATS.get(normal(format))?.(text) ?? true;
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/** Zeros in front of numbers are let be, as old parsers did. */
function withoutLeadingZeros(text: string): string {
  return text.replaceAll(/(^|\.)0+(?=\d)/g, "$1");
}

function isIpv4(text: string): boolean {
  return !text.includes(":") && parses(() => IpAddress.parse(withoutLeadingZeros(text)));
}

function isCidr(text: string): boolean {
  return text.includes("/") && parses(() => Cidr.parse(withoutLeadingZeros(text)));
}

/** With a scheme and a host, or a path from the root: what a request can have. */
function isUri(text: string): boolean {
  if (/%(?![0-9a-fA-F]{2})/.test(text) || !PRINTABLE.test(text)) return false;
  return /^(?:[a-zA-Z][-+.a-zA-Z0-9]*:)?\//.test(text);
}

function isHostName(text: string): boolean {
  if (text.length > HOST_NAME_MAX) return false;
  const labels = text.split(".");
  if (labels.length === 1) return ONE_LABEL.test(text);
  const last = labels.pop() ?? "";
  return labels.every((label) => LABEL.test(label)) && LAST_LABEL.test(last);
}

function isVariantUuid(text: string, version: string): boolean {
  const [, found, variant = ""] = UUID.exec(text) ?? [];
  return found === version && /[89ab]/i.test(variant);
}

function isDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`);
}

function isDateTime(text: string): boolean {
  const [date = "", time = ""] = text.toLowerCase().split("t");
  const [, hours = "", minutes = "", seconds = ""] = TIME.exec(time) ?? [];
  return isDate(date) && hours !== "" && hours <= "23" && minutes <= "59" && seconds <= "59";
}
