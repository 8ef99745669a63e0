/** Labels of nodes that have other names now. */
import type { View } from "../validate/view.ts";
import { labelValue } from "../validate/words.ts";

const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ["beta.kubernetes.io/arch", 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ["beta.kubernetes.io/os", 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  [
    "failure-domain.beta.kubernetes.io/region",
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  ],
  [
    "failure-domain.beta.kubernetes.io/zone",
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ],
  [
    "beta.kubernetes.io/instance-type",
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  ],
  ["app.kubernetes.io/created-by", "deprecated since v1.9"],
  [
    "scheduler.alpha.kubernetes.io/preferAvoidPods",
    "deprecated since v1.22; use Taints and Tolerations instead",
  ],
  ["node-role.kubernetes.io/master", 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** Of a map whose keys are labels. */
export function labelMapWarnings(labels: View): string[] {
  return labels.entries().flatMap(([key]) => {
    const why = DEPRECATED.get(key);
    return why === undefined ? [] : [`${labels.path}[${key}]: ${why}`];
  });
}

/** Of a text that is a label's key. */
export function labelWarnings({ text, path }: View): string[] {
  const why = DEPRECATED.get(text);
  return why === undefined ? [] : [`${path}: ${text} is ${why}`];
}

/** The same, where the key is not said again. */
export function bareLabelWarnings({ text, path }: View): string[] {
  const why = DEPRECATED.get(text);
  return why === undefined ? [] : [`${path}: ${why}`];
}

/** A term of a node selector. Where it is a mere preference, its values need not be labels'. */
export function nodeTermWarnings(term: View, isPreference = false): string[] {
  return term
    .at("matchExpressions")
    .items()
    .flatMap((expression) => [
      ...labelWarnings(expression.at("key")),
      ...(isPreference ? expression.at("values").items().flatMap(valueWarnings) : []),
    ]);
}

const valueWarnings = ({ text, path }: View): string[] =>
  labelValue(text).map((why) => `${path}: ${text} is invalid, ${why}`);
