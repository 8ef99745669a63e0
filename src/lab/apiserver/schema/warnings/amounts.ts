/** Amounts of bytes that are no whole bytes. */
import { parseQuantity } from "#kube/types";
import type { View } from "../validate/view.ts";

const NANOS = 1_000_000_000n;

/** Of one resource among `amounts`. */
export function fractionWarnings(amounts: View, resource: string): string[] {
  const amount = amounts.key(resource);
  const read = amount.isThere ? parseQuantity(amount.text) : undefined;
  if (typeof read !== "object" || read.nanos % NANOS === 0n) return [];
  const value = JSON.stringify(amount.text);
  return [`${amount.path}: fractional byte value ${value} is invalid, must be an integer`];
}

export function claimWarnings(spec: View): string[] {
  const resources = spec.at("resources");
  return ["requests", "limits"].flatMap((key) => fractionWarnings(resources.at(key), "storage"));
}
