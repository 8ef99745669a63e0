import { quote } from "#base";
import type { LabelSelector } from "#kube/types";
import { keyFault, valueFault } from "./label-syntax.ts";
import { type Operator, parseSelectorKey, type Requirement } from "./requirement.ts";
import { SelectorError } from "./selector-error.ts";

/** The most labels, and the most values in all, that one selector may name. */
export const MAX_SELECTOR_LABELS = 10_000;

const OPERATORS: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist"];

/** The requirements of a Kubernetes selector, or the SelectorError that Kubernetes would tell. */
export function readKubeSelector(selector: LabelSelector, source?: string): Requirement[] {
  const requirements: Requirement[] = [];
  const labels = Object.entries(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  let size = labels.length;
  for (const { values } of expressions) size += 1 + (values?.length ?? 0);
  if (size > MAX_SELECTOR_LABELS) {
    const what = `names ${size} labels and values; ${MAX_SELECTOR_LABELS} are the most`;
    throw new SelectorError("selector-size", "", `the selector ${what}`);
  }
  for (const [text, value] of labels) {
    const path = `matchLabels[${quote(text)}]`;
    const name = readKey(text, path, source);
    checkValue(value, path);
    requirements.push({ ...name, operator: "In", values: [value] });
  }
  for (const [index, expression] of expressions.entries()) {
    requirements.push(readExpression(expression, `matchExpressions[${index}]`, source));
  }
  return requirements;
}

function readExpression(
  expression: { key: string; operator: string; values?: readonly string[] | undefined },
  path: string,
  source: string | undefined,
): Requirement {
  const { operator } = expression;
  const values = expression.values ?? [];
  const name = readKey(expression.key, `${path}.key`, source);
  if (!isOperator(operator)) {
    const what = `${quote(operator)} is no operator; there are ${OPERATORS.join(", ")}`;
    throw new SelectorError("selector-operator", `${path}.operator`, what);
  }
  const needsValues = operator === "In" || operator === "NotIn";
  if (needsValues && values.length === 0) {
    throw new SelectorError("selector-values", `${path}.values`, `${operator} needs a value`);
  }
  if (!needsValues && values.length > 0) {
    throw new SelectorError("selector-values", `${path}.values`, `${operator} takes no values`);
  }
  for (const [index, value] of values.entries()) checkValue(value, `${path}.values[${index}]`);
  return { ...name, operator, values };
}

function readKey(
  text: string,
  path: string,
  source: string | undefined,
): { source: string; key: string } {
  const name = source === undefined ? parseSelectorKey(text) : { source, key: text };
  const fault = keyFault(name.key);
  if (fault === undefined) return name;
  throw new SelectorError("selector-key", path, `${quote(text)} is no label key: it ${fault}`);
}

function checkValue(value: string, path: string): void {
  const fault = valueFault(value);
  if (fault === undefined) return;
  throw new SelectorError("selector-value", path, `${quote(value)} is no label value: it ${fault}`);
}

function isOperator(text: string): text is Operator {
  return OPERATORS.includes(text);
}
