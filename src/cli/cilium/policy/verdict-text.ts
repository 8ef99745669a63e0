/** A verdict as a person is told it: a sentence, and the rules behind it. */
import { escapeControls } from "#base";
import { type Because, describeRequest, type FlowQuestion, type Verdict } from "#policy";
import { paint } from "./matrix-picture.ts";

export interface TextOptions {
  readonly hasColour: boolean;
  /** `file:line` of a rule, where it is known. */
  readonly placeOf: (because: Because) => string | undefined;
}

export function verdictText(
  question: FlowQuestion,
  verdict: Verdict,
  options: TextOptions,
): string {
  const lines = [verdictSentence(question, verdict, options.hasColour)];
  for (const direction of ["egress", "ingress"] as const) {
    const end = direction === "egress" ? verdict.from : verdict.to;
    const rules = verdict.because.filter((because) => because.direction === direction);
    lines.push(`  ${direction} of ${escapeControls(end)}: ${verdict[direction]}`);
    lines.push(...rules.map((because) => `    ${becauseText(because, options)}`));
  }
  return `${lines.join("\n")}\n`;
}

export function verdictSentence(
  question: FlowQuestion,
  verdict: Verdict,
  hasColour: boolean,
): string {
  const isAllowed = verdict.verdict === "allowed";
  const mark = paint(isAllowed ? "✓" : "✗", isAllowed ? "32" : "31", hasColour);
  const what = question.request === undefined ? "" : ` with ${describeRequest(question.request)}`;
  const port = `${verdict.protocol} port ${verdict.port}`;
  const may = isAllowed ? "may reach" : "may not reach";
  const l7 =
    isAllowed && verdict.l7 === true && question.request === undefined
      ? ", if its requests are allowed too"
      : "";
  const tail = isAllowed ? l7 : `: ${deniedBy(verdict)}`;
  const sentence = `${verdict.from} ${may} ${verdict.to} on ${port}${what}${tail}.`;
  return `${mark} ${escapeControls(sentence)}`;
}

function deniedBy({ egress, ingress, from, to }: Verdict): string {
  const sides = [
    egress === "denied" ? `the egress of ${from}` : "",
    ingress === "denied" ? `the ingress of ${to}` : "",
  ].filter((side) => side !== "");
  return sides.length === 2 ? `${sides.join(" and ")} are denied` : `${sides.join("")} is denied`;
}

export function becauseText(because: Because, { placeOf }: TextOptions): string {
  const { kind, namespace, name, rule, effect } = because;
  const policy = name === "" ? "" : `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
  const place = placeOf(because);
  const where = [policy, rule].filter((part) => part !== "").join(", ");
  const words = where === "" ? effect : `${effect} by ${where}`;
  return escapeControls(place === undefined ? words : `${words} (${place})`);
}
