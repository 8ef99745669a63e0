import { escapeControls } from "#base";
import type { Field } from "./schema.ts";

/** A place in an object, from the leaf up; made text only where there is something to say. */
export interface Path {
  readonly parent: Path | undefined;
  readonly step: string | number;
  /** Of the object at this place: for telling where a misplaced field belongs. */
  readonly fields: ReadonlyMap<string, Field> | undefined;
}

export const ROOT: Path = { parent: undefined, step: "", fields: undefined };

const PLAIN_KEY = /^[A-Za-z_][-A-Za-z0-9_]*$/;
/** Longer keys are cut: they come from outside. */
const MAX_KEY_CHARACTERS = 317;

/** `spec.ingress[0].matchLabels["app.kubernetes.io/name"]` */
export function pathText(path: Path): string {
  const steps: string[] = [];
  for (let at = path; at.parent !== undefined; at = at.parent) steps.push(stepText(at.step));
  const text = steps.toReversed().join("");
  return text.startsWith(".") ? text.slice(1) : text;
}

function stepText(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  const key = step.length > MAX_KEY_CHARACTERS ? `${step.slice(0, MAX_KEY_CHARACTERS)}…` : step;
  return PLAIN_KEY.test(key) ? `.${key}` : `[${escapeControls(JSON.stringify(key))}]`;
}
