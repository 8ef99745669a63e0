/** Whom a selector may mean at all: the namespaces and the cluster that a policy speaks of. */
import { quote } from "#base";
import { KEY, type Requirement, Selector, SelectorError, SOURCE } from "#identity";
import type { LabelSelector } from "#kube/types";
import type { PolicyOptions } from "../options.ts";
import type { ImportContext, RuleContext } from "./context.ts";
import type { Report } from "./report.ts";

/** Undefined, with an error reported, for a selector that cannot be. */
export function readSelector(
  selector: LabelSelector,
  path: string,
  report: Report,
  options: { source?: string } = {},
): Selector | undefined {
  try {
    return Selector.fromKube(selector, options);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    report.error(error.code, error.path === "" ? path : `${path}.${error.path}`, error.detail);
    return undefined;
  }
}

/** Of `endpointSelector`: a namespaced policy is for its own namespace. */
export function scopeSubject(
  given: LabelSelector,
  path: string,
  context: ImportContext,
): Selector | undefined {
  const selector = readSelector(given, path, context.report);
  const { namespace } = context.policy;
  if (selector === undefined || namespace === "") return selector;
  const isForeign = ({ key, operator, values }: Requirement): boolean =>
    key === KEY.namespace && operator === "In" && values.some((value) => value !== namespace);
  const foreign = selector.requirements.find(isForeign);
  if (foreign !== undefined) {
    context.report.warning(
      "foreign-namespace",
      path,
      `selects namespace ${quote(foreign.values.join(", "))}, but the policy is for pods of its own, ${quote(namespace)}: leave the namespace out`,
    );
  }
  return withoutNamespaceLabel(selector, given).and([isIn(KEY.namespace, namespace)]);
}

/** A namespace among the matchLabels gives way; one in an expression stays, and contradicts. */
function withoutNamespaceLabel(selector: Selector, given: LabelSelector): Selector {
  const written = given.matchLabels ?? {};
  const names = [`${SOURCE.kubernetes}:${KEY.namespace}`];
  const dropped = names.filter((name) => Object.hasOwn(written, name)).map((name) => written[name]);
  if (dropped.length === 0) return selector;
  const kept = Object.entries(written).filter(([name]) => !names.includes(name));
  return Selector.fromKube({ ...given, matchLabels: Object.fromEntries(kept) });
}

/** Of `fromEndpoints` and `toEndpoints`. */
export function scopePeer(
  given: LabelSelector,
  path: string,
  context: RuleContext,
): Selector | undefined {
  const selector = readSelector(given, path, context.report);
  // Who names a reserved label knows that it is neither in a namespace nor of a cluster.
  if (selector === undefined || selector.mentions(SOURCE.reserved)) return selector;
  return selector.and([
    ...namespaceScope(selector, context),
    ...clusterScope(selector, context.options),
  ]);
}

function namespaceScope(selector: Selector, context: RuleContext): Requirement[] {
  if (mentions(selector, (key) => key === KEY.namespace)) return [];
  const { namespace } = context.policy;
  // Endpoints without labels yet have no namespace label either.
  if (namespace === "") return context.selectsInit ? [] : [hasNamespace];
  const namesNamespaces = mentions(selector, (key) => key.startsWith(KEY.namespaceLabels));
  return namesNamespaces ? [] : [isIn(KEY.namespace, namespace)];
}

/** This cluster only, unless the selector names clusters itself. */
export function clusterScope(selector: Selector, options: PolicyOptions): Requirement[] {
  if (!options.defaultLocalCluster) return [];
  if (mentions(selector, (key) => key === KEY.cluster)) return [];
  return [isIn(KEY.cluster, options.clusterName)];
}

/** Of `fromNodes` and `toNodes`. */
export function scopeNodes(
  given: LabelSelector,
  path: string,
  context: ImportContext,
): Selector | undefined {
  const selector = readSelector(given, path, context.report);
  return selector?.and([isReserved("remote-node"), ...clusterScope(selector, context.options)]);
}

/** Whether some requirement on pod labels, of whatever source, has such a key. */
function mentions(selector: Selector, isMeant: (key: string) => boolean): boolean {
  return selector.requirements.some(
    ({ source, key }) => (source === SOURCE.kubernetes || source === SOURCE.any) && isMeant(key),
  );
}

export const hasNamespace: Requirement = {
  source: SOURCE.kubernetes,
  key: KEY.namespace,
  operator: "Exists",
  values: [],
};

export function isIn(key: string, ...values: string[]): Requirement {
  return { source: SOURCE.kubernetes, key, operator: "In", values };
}

export function isReserved(name: string): Requirement {
  return { source: SOURCE.reserved, key: name, operator: "Exists", values: [] };
}
