/** Kubernetes' quantities (`100m`, `1Gi`, `2e3`) in thousandths, as whole numbers: no rounding adds up. */

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^([+-]?\d*\.?\d+|[+-]?\d+\.)(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/;
const MILLI = 1_000;

/** Undefined for what is no quantity. Fractions of a thousandth are rounded up, as Kubernetes does. */
export function milliOf(text: string | number): number | undefined {
  const match = QUANTITY.exec(String(text).trim());
  if (match === null) return undefined;
  const [, digits = "", exponent = "", suffix = ""] = match;
  const factor = exponent === "" ? (FACTORS[suffix] ?? 1) : 1;
  return Math.ceil(Number(`${digits}${exponent}`) * factor * MILLI - 1e-6);
}
