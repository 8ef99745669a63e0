import { assert } from "#base";
import type { LabelSelector } from "#kube/types";
import { defineFuzz, type FuzzTarget } from "#test";
import { Labels } from "./labels.ts";
import { Selector } from "./selector.ts";
import { SelectorError } from "./selector-error.ts";

/** A line is a condition: `key=value`, or a key, an operator and values with blanks between. */
const TEXTS = [
  "app=web",
  "k8s:app=web\nreserved:host Exists",
  "any:tier In a b c\nx NotIn y",
  "$host DoesNotExist\ncidr:10.0.0.0/8 Exists",
  "example.com/a_b.c=d\n=\n:",
];

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const selector = read(new TextDecoder().decode(input));
    let made: Selector;
    try {
      made = Selector.fromKube(selector);
    } catch (error) {
      if (error instanceof SelectorError) return;
      throw error;
    }
    assert(Selector.of(made.requirements).text === made.text, "the text is canonical");
    made.matches(Labels.parse("k8s:app=web", "cidr:10.1.0.0/16"));
  },
});
export default target;

function read(text: string): LabelSelector {
  const matchLabels: [string, string][] = [];
  const matchExpressions: { key: string; operator: string; values: string[] }[] = [];
  for (const line of text.split("\n")) {
    const [key = "", operator, ...values] = line.split(" ");
    if (operator !== undefined) matchExpressions.push({ key, operator, values });
    else {
      const at = line.indexOf("=");
      matchLabels.push([line.slice(0, Math.max(at, 0)), line.slice(at + 1)]);
    }
  }
  return { matchLabels: Object.fromEntries(matchLabels), matchExpressions };
}
