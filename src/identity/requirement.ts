import { SOURCE, splitSource } from "./labels.ts";

export type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist";

/** One condition on the labels of whoever is to be selected. */
export interface Requirement {
  /** `any`: whatever the source. */
  readonly source: string;
  readonly key: string;
  readonly operator: Operator;
  /** Of In and NotIn only. */
  readonly values: readonly string[];
}

/**
 * The source and key that a selector's key names: `k8s:app` has a source, `app` and `k8s.app` have
 * none and so mean any, `reserved.host` and `$host` are reserved.
 */
export function parseSelectorKey(key: string): { source: string; key: string } {
  const { source, rest } = splitSource(key);
  // Whatever stands after a `=` is no part of a key.
  const equals = rest.indexOf("=");
  return {
    source: source === undefined || source === "" ? SOURCE.any : source,
    key: equals < 0 ? rest : rest.slice(0, equals),
  };
}
