/** The fields of a rule that say whom it is about, under one name whatever their direction. */
import type {
  CidrRule,
  EgressDenyRule,
  EgressRule,
  FqdnSelector,
  GroupsSelector,
  IngressDenyRule,
  IngressRule,
  LabelSelector,
  PortRule,
  IcmpRule,
  ServiceSelector,
} from "#kube/types";
import type { Direction } from "../rule.ts";

/** A field that is there: its name as written, and what it holds. */
export interface Member<T> {
  readonly field: string;
  readonly items: readonly T[];
}

/** An entry of ingress, ingressDeny, egress or egressDeny. */
export interface RuleEntry {
  readonly path: string;
  readonly direction: Direction;
  readonly effect: "allow" | "deny";
  readonly endpoints?: Member<LabelSelector>;
  readonly cidrs?: Member<string>;
  readonly cidrSet?: Member<CidrRule>;
  readonly entities?: Member<string>;
  readonly nodes?: Member<LabelSelector>;
  readonly groups?: Member<GroupsSelector>;
  readonly services?: Member<ServiceSelector>;
  readonly fqdns?: Member<FqdnSelector>;
  readonly requires?: Member<string>;
  readonly toPorts: readonly PortRule[];
  readonly icmps: readonly IcmpRule[];
  readonly authentication?: { readonly mode: string };
}

export function ingressEntry(
  rule: IngressRule | IngressDenyRule,
  path: string,
  effect: "allow" | "deny",
): RuleEntry {
  return {
    ...commonOf(rule, path, effect),
    direction: "ingress",
    ...member("endpoints", "fromEndpoints", rule.fromEndpoints),
    ...member("cidrs", "fromCIDR", rule.fromCIDR),
    ...member("cidrSet", "fromCIDRSet", rule.fromCIDRSet),
    ...member("entities", "fromEntities", rule.fromEntities),
    ...member("nodes", "fromNodes", rule.fromNodes),
    ...member("groups", "fromGroups", rule.fromGroups),
    ...member("requires", "fromRequires", rule.fromRequires),
  };
}

export function egressEntry(
  rule: EgressRule | EgressDenyRule,
  path: string,
  effect: "allow" | "deny",
): RuleEntry {
  return {
    ...commonOf(rule, path, effect),
    direction: "egress",
    ...member("endpoints", "toEndpoints", rule.toEndpoints),
    ...member("cidrs", "toCIDR", rule.toCIDR),
    ...member("cidrSet", "toCIDRSet", rule.toCIDRSet),
    ...member("entities", "toEntities", rule.toEntities),
    ...member("nodes", "toNodes", rule.toNodes),
    ...member("groups", "toGroups", rule.toGroups),
    ...member("services", "toServices", rule.toServices),
    ...member("fqdns", "toFQDNs", "toFQDNs" in rule ? rule.toFQDNs : undefined),
    ...member("requires", "toRequires", rule.toRequires),
  };
}

type AnyRule = IngressRule | IngressDenyRule | EgressRule | EgressDenyRule;

function commonOf(
  rule: AnyRule,
  path: string,
  effect: "allow" | "deny",
): Pick<RuleEntry, "path" | "effect" | "toPorts" | "icmps" | "authentication"> {
  const authentication = "authentication" in rule ? rule.authentication : undefined;
  return {
    path,
    effect,
    toPorts: rule.toPorts ?? [],
    icmps: rule.icmps ?? [],
    ...(authentication === undefined ? {} : { authentication }),
  };
}

function member<Name extends string, T>(
  name: Name,
  field: string,
  items: readonly T[] | undefined,
): { readonly [Key in Name]?: Member<T> } {
  if (items === undefined) return {};
  // The only key is `name`, which TypeScript does not see through a computed one.
  return { [name]: { field, items } } as { readonly [Key in Name]: Member<T> };
}
