import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "#test";
import { formatLabel, type Label, Labels, parseLabel } from "./labels.ts";
import type { Requirement } from "./requirement.ts";
import { Selector } from "./selector.ts";

const source = fc.constantFrom("k8s", "container", "reserved");
const word = fc.constantFrom("a", "b", "c", "d;", "e\\", "f=g");
const label: fc.Arbitrary<Label> = fc.record({
  source,
  key: fc.constantFrom("a", "b", "c", "x:y"),
  value: fc.oneof(word, fc.constant("")),
});
const requirement: fc.Arbitrary<Requirement> = fc.record({
  source: fc.oneof(source, fc.constant("any")),
  key: fc.constantFrom("a", "b", "c"),
  operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
  values: fc.array(fc.oneof(word, fc.string({ maxLength: 2 })), { maxLength: 12 }),
});

/** Straight from what the operators mean. */
function isMet({ source: from, key, operator, values }: Requirement, labels: Label[]): boolean {
  const found = labels
    .filter((one) => one.key === key && (from === "any" || one.source === from))
    .toSorted((left, right) => (left.source < right.source ? -1 : 1))[0];
  if (operator === "Exists") return found !== undefined;
  if (operator === "DoesNotExist") return found === undefined;
  const isIn = found !== undefined && values.includes(found.value);
  return operator === "In" ? isIn : !isIn;
}

const distinct = fc.uniqueArray(label, {
  selector: (one) => `${one.source}:${one.key}`,
  maxLength: 8,
});

property(
  "a selector matches where each of its requirements is met",
  fc.tuple(fc.array(requirement, { maxLength: 4 }), distinct),
  ([requirements, labels]) => {
    const expected = requirements.every((one) => isMet(one, labels));
    assert.equal(Selector.of(requirements).matches(Labels.of(labels)), expected);
  },
);

property(
  "order and repetition leave a selector's text as it is",
  fc.array(requirement, { maxLength: 5 }),
  (requirements) => {
    const selector = Selector.of(requirements);
    const again = [...requirements, ...requirements]
      .toReversed()
      .map((one) => ({ ...one, values: [...one.values].toReversed() }));
    assert.equal(Selector.of(again).text, selector.text);
    assert.equal(Selector.of(selector.requirements).text, selector.text);
  },
);

property(
  "selectors of one text have the same requirements",
  fc.tuple(fc.array(requirement, { maxLength: 2 }), fc.array(requirement, { maxLength: 2 })),
  ([left, right]) => {
    const one = Selector.of(left);
    const other = Selector.of(right);
    const isSame = JSON.stringify(one.requirements) === JSON.stringify(other.requirements);
    assert.equal(one.text === other.text, isSame);
  },
);

property("a label reads back from its text", label, (one) => {
  assert.deepEqual(parseLabel(formatLabel(one)), { ...one });
});

property("equal texts are equal labels", fc.tuple(distinct, distinct), ([left, right]) => {
  const one = Labels.of(left);
  const other = Labels.of(right);
  assert.equal(one.text, Labels.of([...left].toReversed()).text);
  assert.equal(one.text === other.text, JSON.stringify(one) === JSON.stringify(other));
});
