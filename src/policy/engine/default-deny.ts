/** Whether a direction of a subject denies what no rule allows, and who wanted that. */
import type { PolicyOptions } from "../options.ts";
import type { Direction, PolicySpec } from "../rule.ts";
import type { Subject } from "../subject.ts";

export type DefaultDeny =
  /** Nothing denies by default: everything is allowed but what a rule denies. */
  | { readonly kind: "none" }
  /** `by` is empty where not a policy but the mode or the subject wants it. */
  | { readonly kind: "enforced" | "audited"; readonly by: readonly PolicySpec[] };

export function defaultDeny(
  direction: Direction,
  subject: Subject,
  specs: readonly PolicySpec[],
  options: PolicyOptions,
): DefaultDeny {
  if (options.enforcement === "never") return { kind: "none" };
  const wanting = specs.filter((spec) => spec.defaultDeny[direction]);
  const enforced = wanting.filter((spec) => !spec.isAudit);
  // What has no labels yet cannot be selected, and must not be open until it can.
  const isAlways = options.enforcement === "always" || subject.labels.has("reserved", "init");
  if (isAlways || enforced.length > 0) return { kind: "enforced", by: enforced };
  return wanting.length > 0 ? { kind: "audited", by: wanting } : { kind: "none" };
}
