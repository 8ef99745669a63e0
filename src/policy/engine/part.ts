/** A rule as it applies to one subject: what it says, at which keys, names of ports resolved. */
import type { PolicyRule, PolicySpec } from "../rule.ts";
import type { NamedPorts } from "../subject.ts";
import type { Statement } from "./deny-precedence.ts";
import { ANY_PORT, packRange, portNameKey } from "./port-key.ts";
import { auditStatement, ruleStatement } from "./statement.ts";

/** A port whose number each peer has its own of. */
interface PeerPort {
  /** `web/TCP` */
  readonly name: string;
  readonly protocol: number;
}

export interface RulePart {
  readonly rule: PolicyRule;
  readonly spec: PolicySpec;
  /** Undefined where it says nothing: an allow in audit mode that another policy enforces. */
  readonly statement: Statement | undefined;
  /** Packed, as `packPort` does. */
  readonly keys: readonly number[];
  readonly peerPorts: readonly PeerPort[];
}

/** What subjects tell about names of ports. */
export interface PortNames {
  readonly own: NamedPorts;
  /** The one number that all pods of the cluster mean; what was asked for is remembered. */
  cluster(name: string): number | undefined;
}

interface NamedPort extends PeerPort {
  readonly resolve: "own" | "cluster";
  readonly last: number;
}

interface CompiledRule {
  readonly fixed: readonly number[];
  readonly named: readonly NamedPort[];
  readonly peerPorts: readonly PeerPort[];
  readonly enforced: Statement;
  readonly audited: Statement | undefined;
  readonly auditedAlone: Statement | undefined;
}

/** Rules are immutable, so that what is made of one serves all subjects that it selects. */
const compiled = new WeakMap<PolicyRule, CompiledRule>();

export function rulePart(
  rule: PolicyRule,
  spec: PolicySpec,
  names: PortNames,
  isDefaultDenyAudited: boolean,
): RulePart {
  let made = compiled.get(rule);
  if (made === undefined) compiled.set(rule, (made = compile(rule)));
  const audit = isDefaultDenyAudited ? made.auditedAlone : made.audited;
  return {
    rule,
    spec,
    statement: spec.isAudit ? audit : made.enforced,
    keys: made.named.length === 0 ? made.fixed : resolveNames(made, names),
    peerPorts: made.peerPorts,
  };
}

function compile(rule: PolicyRule): CompiledRule {
  const fixed = new Set<number>();
  const named: NamedPort[] = [];
  const peerPorts: PeerPort[] = [];
  if (rule.ports === "any") fixed.add(ANY_PORT);
  for (const { protocol, port } of rule.ports === "any" ? [] : rule.ports) {
    if (!("name" in port)) {
      for (const key of packRange(protocol, port.first, port.last)) fixed.add(key);
      continue;
    }
    const name = portNameKey(port.name, protocol);
    if (name === undefined) continue;
    if (port.resolve === "peer") peerPorts.push({ name, protocol });
    else named.push({ name, protocol, resolve: port.resolve, last: port.last ?? 0 });
  }
  return {
    fixed: [...fixed],
    named,
    peerPorts,
    enforced: ruleStatement(rule),
    audited: auditStatement(rule, false),
    auditedAlone: auditStatement(rule, true),
  };
}

function resolveNames({ fixed, named }: CompiledRule, names: PortNames): readonly number[] {
  const keys = new Set(fixed);
  for (const { name, protocol, resolve, last } of named) {
    const first = resolve === "own" ? names.own.get(name) : names.cluster(name);
    if (first === undefined) continue;
    for (const key of packRange(protocol, first, Math.max(first, last))) keys.add(key);
  }
  return [...keys];
}
