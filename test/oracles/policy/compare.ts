/** The brute force against the product, over one generated case. */
import { stringify } from "yaml";
import { type BruteOptions, judgeByBruteForce, type Probe, type Ruling } from "./judge.ts";
import { minimise } from "./minimise.ts";
import { modelOf, ruleOf } from "./product.ts";
import type { RawObject } from "./raw.ts";

export interface Difference {
  readonly objects: readonly RawObject[];
  readonly probe: Probe;
  readonly expected: Ruling;
  readonly actual: Ruling | string;
}

function isEqual(one: Ruling, other: Ruling): boolean {
  return (
    one.egress === other.egress &&
    one.ingress === other.ingress &&
    one.verdict === other.verdict &&
    one.l7 === other.l7
  );
}

/** The first probe on which they differ. */
export function differenceOf(
  objects: readonly RawObject[],
  probes: readonly Probe[],
  options: BruteOptions,
): Difference | undefined {
  const model = modelOf(objects, options);
  for (const probe of probes) {
    const expected = judgeByBruteForce(objects, probe, options);
    const actual = ruleOf(model, probe);
    if (!isEqual(expected, actual)) return { objects, probe, expected, actual };
  }
  return undefined;
}

/** Without these an object is another difference: one that the product refuses to read. */
function isNeeded([, ...path]: readonly string[]): boolean {
  const field = path.join(".");
  const ofExpressions = ["key", "operator", "values"].includes(path.at(-1) ?? "");
  return (
    ofExpressions || ["apiVersion", "kind", "metadata", "metadata.name", "spec"].includes(field)
  );
}

/** The same with as few objects and fields as still show it. */
export function smallest(found: Difference, options: BruteOptions): Difference {
  const fails = (objects: readonly RawObject[]): boolean => {
    const again = differenceOf(objects, [found.probe], options);
    // The same two answers, or it may have become another difference on the way.
    return (
      again !== undefined &&
      JSON.stringify([again.expected, again.actual]) ===
        JSON.stringify([found.expected, found.actual])
    );
  };
  const objects = minimise(found.objects, fails, isNeeded);
  return differenceOf(objects, [found.probe], options) ?? found;
}

export function describe({ objects, probe, expected, actual }: Difference): string {
  return [
    ...objects.map((object) => `---\n${stringify(object).trimEnd()}`),
    `probe    ${JSON.stringify(probe)}`,
    `expected ${JSON.stringify(expected)}`,
    `actual   ${JSON.stringify(actual)}`,
  ].join("\n");
}
