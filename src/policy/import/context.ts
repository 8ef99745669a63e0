/** What every part of an import has at hand. */
import type { PolicyOptions } from "../options.ts";
import type { PolicyRef } from "../rule.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Report } from "./report.ts";

export interface ImportContext {
  readonly policy: PolicyRef;
  readonly facts: ClusterFacts;
  readonly options: PolicyOptions;
  readonly report: Report;
}

/** What one of `spec` and `specs` adds. */
export interface RuleContext extends ImportContext {
  readonly isNodePolicy: boolean;
  /** The policy selects endpoints that have no labels yet. */
  readonly selectsInit: boolean;
}
