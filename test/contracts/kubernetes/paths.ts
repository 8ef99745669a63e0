/**
 * Places in an answer: `spec.ports[0].port`, `items[*].metadata.name`, `metadata.labels[a.b/c]`,
 * `conditions[type=Ready].status` (the first such), `items[#]` (how many).
 */

const STEP = /\.?([^.[\]]+)|\[([^\]]+)\]/gy;

/** `*` for each, `#` for how many, `name=value` for the first that has it. */
type Step = string | number;

function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const at = STEP.lastIndex;
    const match = STEP.exec(path);
    if (match === null) throw new Error(`"${path}" is no path: what is meant at ${at}?`);
    const [, name, bracketed = ""] = match;
    steps.push(name ?? (/^\d+$/.test(bracketed) ? Number(bracketed) : bracketed));
  }
  return steps;
}

/** Undefined where there is nothing; a list for `[*]`. */
export function valueAt(value: unknown, path: string): unknown {
  return follow(value, stepsOf(path));
}

function follow(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (step === "*") return Object.values(value).map((each) => follow(each, rest));
  if (step === "#") return Object.keys(value).length;
  const wanted = typeof step === "string" ? /^([^=]+)=(.*)$/.exec(step) : null;
  if (wanted !== null && Array.isArray(value)) {
    const [, field = "", text] = wanted;
    return follow(
      value.find((each) => String(valueAt(each, field)) === text),
      rest,
    );
  }
  return follow((value as Record<string | number, unknown>)[step], rest);
}
