/** Which labels and nodes a selector of nodes means: the scheduler's question, and the kubelet's. */

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Term {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}

interface NamedAndLabelled {
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** NotIn and DoesNotExist are true of a label that is not there; an operator nobody knows is false. */
export function matchesRequirement(
  { operator, values = [] }: Omit<Requirement, "key">,
  value: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return compareWhole(value, values[0], (left, right) => left > right);
    case "Lt":
      return compareWhole(value, values[0], (left, right) => left < right);
    default:
      return false;
  }
}

/** All of a term must hold; an empty term matches no node. */
export function matchesNodeTerm(
  { matchExpressions = [], matchFields = [] }: Term,
  { name, labels }: NamedAndLabelled,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => matchesRequirement(each, labels?.[each.key])) &&
    matchFields.every((each) => each.key === "metadata.name" && matchesRequirement(each, name))
  );
}

function compareWhole(
  value: string | undefined,
  bound: string | undefined,
  holds: (left: bigint, right: bigint) => boolean,
): boolean {
  const whole = /^[+-]?\d{1,19}$/;
  if (value === undefined || bound === undefined) return false;
  return whole.test(value) && whole.test(bound) && holds(BigInt(value), BigInt(bound));
}
