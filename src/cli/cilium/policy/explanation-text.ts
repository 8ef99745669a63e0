/** An explanation for people: a sentence, then rule by rule, each with its place in the files. */
import { escapeControls } from "#base";
import type { Because, Explanation, FlowQuestion } from "#policy";
import { type TextOptions, verdictSentence } from "./verdict-text.ts";

export function explanationText(
  question: FlowQuestion,
  { verdict, rules, lines }: Explanation,
  options: TextOptions,
): string {
  const places = new Map<string, string>();
  for (const { ref, direction, effect, sentence } of rules) {
    const { kind, namespace, name } = ref.policy;
    const because: Because = { direction, kind, namespace, name, rule: ref.path, effect };
    const place = options.placeOf(because);
    if (place !== undefined) places.set(sentence, place);
  }
  const told = lines.map((line) => {
    const place = places.get(line.replace(/^ *[*-] /, ""));
    return escapeControls(place === undefined ? line : `${line} (${place})`);
  });
  return `${[verdictSentence(question, verdict, options.hasColour), ...told].join("\n")}\n`;
}
