import { AppError } from "#base";

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
const QUANTITY = /^([+-]?\d*\.?\d*(?:[eE][+-]?\d+)?)([numkMGTPE]i?|Ki)?$/;

/** A quantity of Kubernetes as a number: 250m, 64Mi, 1e3. */
export function parseQuantity(text: string): number {
  const [, digits = "", suffix = ""] = QUANTITY.exec(text) ?? [];
  const factor = FACTORS[suffix];
  const number = Number(digits);
  if (digits === "" || factor === undefined || Number.isNaN(number)) {
    throw new AppError(
      "quantity",
      `${JSON.stringify(text)} is not a quantity such as 250m or 64Mi`,
    );
  }
  return number * factor;
}
