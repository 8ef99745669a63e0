import type { IpFamily } from "#base";
import { type Rule, RouteProtocol, type RuleSpec, RouteTable } from "#netlink";
import { refuse } from "./failure.ts";
import type { FakeNamespace } from "./state.ts";

const ALL_BITS = 0xffff_ffff;

/** Those that every namespace has from its first moment. */
export function defaultRules(): Rule[] {
  const make = (family: IpFamily, priority: number, table: number): Rule =>
    makeRule({ family, priority, table, protocol: RouteProtocol.kernel });
  return [
    make(4, 0, RouteTable.local),
    make(4, 32766, RouteTable.main),
    make(4, 32767, RouteTable.default),
    make(6, 0, RouteTable.local),
    make(6, 32766, RouteTable.main),
  ];
}

function makeRule(spec: RuleSpec): Rule {
  const { mark, markMask, isL3mdev = false, action = "table" } = spec;
  const hasTable = action === "table" && !isL3mdev;
  return {
    family: spec.family,
    priority: spec.priority,
    action,
    table: hasTable ? spec.table : undefined,
    target: spec.target,
    source: spec.source,
    destination: spec.destination,
    mark: mark ?? (markMask === undefined ? undefined : 0),
    markMask: markMask ?? (mark === undefined ? undefined : ALL_BITS),
    inputLink: spec.inputLink,
    outputLink: spec.outputLink,
    isL3mdev,
    ipProtocol: spec.ipProtocol,
    sourcePorts: spec.sourcePorts,
    destinationPorts: spec.destinationPorts,
    tos: spec.tos ?? 0,
    isInverted: spec.isInverted ?? false,
    suppressPrefixLength: spec.suppressPrefixLength,
    protocol: spec.protocol ?? RouteProtocol.static,
  };
}

export function addRule(here: FakeNamespace, spec: RuleSpec): void {
  const rule = makeRule(spec);
  const text = JSON.stringify(rule);
  if (here.rules.some((each) => JSON.stringify(each) === text)) refuse("EEXIST");
  here.rules.push(rule);
  // Among equals the newest is last.
  here.rules.sort((a, b) => a.family - b.family || a.priority - b.priority);
  here.tell("rule", { kind: "rule", action: "set", object: rule });
}

export function deleteRule(here: FakeNamespace, spec: RuleSpec): void {
  const found = here.rules.find((rule) => isMeant(rule, spec));
  if (found === undefined) refuse("ENOENT");
  here.rules = here.rules.filter((rule) => rule !== found);
  here.tell("rule", { kind: "rule", action: "deleted", object: found });
}

/** Whether what is given of a rule is so of this one. */
function isMeant(rule: Rule, spec: RuleSpec): boolean {
  const wanted = Object.entries(spec) as [keyof Rule, Rule[keyof Rule]][];
  return wanted.every(
    ([key, value]) => value === undefined || JSON.stringify(rule[key]) === JSON.stringify(value),
  );
}
