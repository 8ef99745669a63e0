/** Kubernetes' quantities (`100m`, `1Gi`, `2e3`), exact to the last digit that they can have. */

/** How the API server's message names what a quantity is. */
const QUANTITY_SYNTAX = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";
const QUANTITY_FORMAT_MESSAGE = `quantities must match the regular expression '${QUANTITY_SYNTAX}'`;
const QUANTITY_SUFFIX_MESSAGE = "unable to parse quantity's suffix";

/** What is read as one, which is less than the message has: one point at most. */
const SYNTAX = /^(?=.)[+-]?\d*(?:\.\d*)?[eEinumkKMGTP]*[-+]?\d*$/;
const PARTS = /^([+-]?)(\d*)(?:\.(\d*))?([A-Za-z]*)([-+]?\d*)$/;
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BY_EXPONENT = new Map(Object.entries(DECIMAL).map(([suffix, power]) => [power, suffix]));
/** More digits are beyond every quantity that there is, and cost time. */
const MAX_DIGITS = 100;
const MAX_EXPONENT = 100;

type Form = "binary" | "decimal" | "exponent";

export interface Quantity {
  /** The number in units of 10^-9, the finest that quantities have. */
  readonly nanos: bigint;
  /** How it was written, and is written again. */
  readonly form: Form;
}

const NANOS = 1_000_000_000n;
const NANOS_A_MILLI = 1_000_000n;

/** The scale: 2^bits and 10^(power), one of them nothing. */
function readSuffix(
  suffix: string,
  digits: string,
): { form: Form; bits: number; power: number } | undefined {
  const bits = Object.hasOwn(BINARY, suffix) ? BINARY[suffix] : undefined;
  if (bits !== undefined && digits === "") return { form: "binary", bits, power: 0 };
  if ((suffix === "e" || suffix === "E") && /\d/.test(digits)) {
    const power = Number(digits);
    return Math.abs(power) > MAX_EXPONENT ? undefined : { form: "exponent", bits: 0, power };
  }
  const power = Object.hasOwn(DECIMAL, suffix) ? DECIMAL[suffix] : undefined;
  return power === undefined || digits !== "" ? undefined : { form: "decimal", bits: 0, power };
}

/** The quantity, or the API server's message about it. */
export function parseQuantity(text: string): Quantity | string {
  if (text.length > MAX_DIGITS || !SYNTAX.test(text)) return QUANTITY_FORMAT_MESSAGE;
  const match = PARTS.exec(text);
  if (match === null) return QUANTITY_SUFFIX_MESSAGE;
  // A lone point is 0, and so is a lone suffix.
  const [, sign, whole = "", fraction = "", suffix = "", digits = ""] = match;
  const scale = readSuffix(suffix, digits);
  if (scale === undefined) return QUANTITY_SUFFIX_MESSAGE;
  const number = BigInt(whole + fraction) << BigInt(scale.bits);
  const power = scale.power - fraction.length + 9;
  const nanos =
    power >= 0 ? number * 10n ** BigInt(power) : divideUp(number, 10n ** BigInt(-power));
  return { nanos: sign === "-" ? -nanos : nanos, form: scale.form };
}

/** For divisors above 0. Kubernetes rounds up whatever is finer than what it counts in. */
function divideUp(number: bigint, by: bigint): bigint {
  return number > 0n ? (number + by - 1n) / by : number / by;
}

/** `1.5` is `1500m`, `1024Mi` is `1Gi`: the largest suffix with which no digit is lost. */
export function formatQuantity({ nanos, form }: Quantity): string {
  if (nanos === 0n) return "0";
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  if (form === "binary") {
    // Below 1024 a binary quantity is written as a decimal one.
    if (size % NANOS === 0n && size / NANOS >= 1024n) return sign + binary(size / NANOS);
    return sign + decimal(size, "decimal");
  }
  return sign + decimal(size, form);
}

function binary(size: bigint): string {
  let [number, suffix] = [size, ""];
  for (const [name, bits] of Object.entries(BINARY)) {
    const unit = 1n << BigInt(bits);
    if (size % unit === 0n) [number, suffix] = [size / unit, name];
  }
  return `${number}${suffix}`;
}

function decimal(nanos: bigint, form: Form): string {
  let [number, power] = [nanos, -9];
  while (number % 1000n === 0n && (form === "exponent" || power < 18)) {
    number /= 1000n;
    power += 3;
  }
  if (form === "exponent") return power === 0 ? `${number}` : `${number}e${power}`;
  return `${number}${BY_EXPONENT.get(power) ?? ""}`;
}

/** Less than 0, 0 or more, for texts that are quantities. */
export function compareQuantities(left: string, right: string): number {
  const [a, b] = [parseQuantity(left), parseQuantity(right)];
  if (typeof a === "string" || typeof b === "string") return 0;
  return a.nanos < b.nanos ? -1 : Number(a.nanos > b.nanos);
}

/** In thousandths, rounded up: whole numbers, so that no rounding adds up. Undefined for no quantity. */
export function milliOf(text: string | number): number | undefined {
  const quantity = parseQuantity(String(text));
  if (typeof quantity === "string") return undefined;
  return Number(divideUp(quantity.nanos, NANOS_A_MILLI));
}

/** How many of the unit it comes to, rounded up; a unit of 0 is one. */
export function countQuantity(quantity: Quantity, unit: Quantity): bigint {
  return divideUp(quantity.nanos, unit.nanos === 0n ? NANOS : unit.nanos);
}
