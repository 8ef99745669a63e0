/** The format of times with microseconds, as leases and events have. */
export const MICRO_TIME = "micro-time";

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

export const isInteger = (value: number, format: string | undefined): boolean => {
  if (!Number.isInteger(value)) return false;
  return format === "int32" ? value >= INT32_MIN && value <= INT32_MAX : true;
};

const LINE_ENDS = "\r\n";
const BASE64 = /^[A-Za-z0-9+/]$/;
const BASE64_WHOLE = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Characters that are three bytes together. */
const GROUP = 4;

/** Undefined where it is right. */
export function base64Error(text: string): string | undefined {
  if (BASE64_WHOLE.test(text)) return undefined;
  const at = firstWrongByte(text);
  return at === undefined ? undefined : `illegal base64 data at input byte ${at}`;
}

export const isBase64 = (text: string): boolean => base64Error(text) === undefined;

/** As Go's decoder counts: a group that is not whole is wrong where it begins. */
function firstWrongByte(text: string): number | undefined {
  let inGroup = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (LINE_ENDS.includes(character)) continue;
    if (BASE64.test(character)) inGroup = (inGroup + 1) % GROUP;
    else if (character === "=" && inGroup >= 2) return wrongPadding(text, at, inGroup);
    else return at;
  }
  return inGroup === 0 ? undefined : text.length - inGroup;
}

/** From the first sign that fills the last group. */
function wrongPadding(text: string, start: number, inGroup: number): number | undefined {
  let missing = GROUP - inGroup;
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (LINE_ENDS.includes(character)) continue;
    if (character !== "=" || missing === 0) return at;
    missing -= 1;
  }
  return missing === 0 ? undefined : text.length;
}

/** The parts of a time, each with what it looks like, as Go writes layouts. */
const DATE_PARTS: readonly (readonly [string, RegExp])[] = [
  ["2006", /^\d{4}/],
  ["-", /^-/],
  ["01", /^\d\d/],
  ["-", /^-/],
  ["02", /^\d\d/],
  ["T", /^T/],
  ["15", /^\d\d/],
  [":", /^:/],
  ["04", /^\d\d/],
  [":", /^:/],
];
const ZONE: readonly [string, RegExp] = ["Z07:00", /^(?:Z|[+-]\d\d:\d\d)/];
const SECONDS_PARTS = [...DATE_PARTS, ["05", /^\d\d(?:\.\d+)?/] as const, ZONE];
const MICRO_PARTS = [
  ...DATE_PARTS,
  ["05", /^\d\d/] as const,
  [".000000", /^\.\d{6}/] as const,
  ZONE,
];
const SIX_DIGITS = 6;

/** A time as the API server writes it, in UTC, or why the text is none. */
type ReadTime = { readonly time: string } | { readonly problem: string };

export function readTime(text: string, format: string | undefined): ReadTime {
  const isMicro = format === MICRO_TIME;
  const parts = isMicro ? MICRO_PARTS : SECONDS_PARTS;
  const layout = parts.map(([name]) => name).join("");
  const parsing = `parsing time ${JSON.stringify(text)}`;
  let rest = text;
  for (const [name, pattern] of parts) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) {
      const what = `cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(name)}`;
      return { problem: `${parsing} as ${JSON.stringify(layout)}: ${what}` };
    }
    rest = rest.slice(found.length);
  }
  if (rest !== "") return { problem: `${parsing}: extra text: ${JSON.stringify(rest)}` };
  const wrong = outOfRange(text);
  return wrong === undefined
    ? { time: canonical(text, isMicro) }
    : { problem: `${parsing}: ${wrong} out of range` };
}

function outOfRange(text: string): string | undefined {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  const [hour = 0, minute = 0, second = 0] = text.slice(11, 19).split(":").map(Number);
  if (month < 1 || month > 12) return "month";
  if (hour > 23) return "hour";
  if (minute > 59) return "minute";
  if (second > 59) return "second";
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day < 1 || day > last ? "day" : undefined;
}

function canonical(text: string, isMicro: boolean): string {
  const seconds = new Date(Date.parse(text)).toISOString().slice(0, 19);
  if (!isMicro) return `${seconds}Z`;
  // Date knows milliseconds only: the digits come from the text.
  const digits = /\.(\d+)/.exec(text)?.[1] ?? "";
  return `${seconds}.${digits.slice(0, SIX_DIGITS)}Z`;
}
