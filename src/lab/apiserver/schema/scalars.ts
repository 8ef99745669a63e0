/** The format of times with microseconds, as leases and events have. */
export const MICRO_TIME = "micro-time";

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const LINE_ENDS = /[\r\n]/g;

export const isInteger = (value: number, format: string | undefined): boolean => {
  if (!Number.isInteger(value)) return false;
  return format === "int32" ? value >= INT32_MIN && value <= INT32_MAX : true;
};

export function isBase64(text: string): boolean {
  return BASE64.test(text.replace(LINE_ENDS, ""));
}

/** As the API server writes it: in UTC, whole seconds, or six digits of them; undefined for none. */
export function canonicalTime(text: string, format: string | undefined): string | undefined {
  if (!TIME.test(text)) return undefined;
  const ms = Date.parse(text.toUpperCase());
  if (Number.isNaN(ms)) return undefined;
  const seconds = new Date(ms).toISOString().slice(0, 19);
  if (format !== MICRO_TIME) return `${seconds}Z`;
  // Date knows milliseconds only: the digits come from the text.
  const digits = /\.(\d+)/.exec(text)?.[1] ?? "";
  return `${seconds}.${digits.slice(0, 6).padEnd(6, "0")}Z`;
}
