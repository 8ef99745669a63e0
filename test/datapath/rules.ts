import {
  type Policy,
  PolicyAuthentication,
  PolicyEffect,
  type PolicyEntry,
  PolicyEntryFlag,
  PolicyFlag,
  type PolicyKey,
  TrafficDirection,
} from "#abi";

/** An entry of a policy, as briefly as can be: what is not said is open, and the rule allows. */
export interface Rule {
  readonly direction: "egress" | "ingress";
  /** Of the peer, or of its block. */
  readonly identity?: number;
  readonly protocol?: number;
  /** Of ICMP, the type. */
  readonly port?: number;
  /** Bits of the port that count: all, if there is a port. */
  readonly portPrefix?: number;
  readonly effect?: "allow" | "deny" | "redirect" | "none";
  /** If not said, denials are above redirects, and those above what allows. */
  readonly precedence?: number;
  readonly cookie?: number;
  readonly proxyPort?: number;
  readonly authentication?: "disabled" | "required" | "fails";
  readonly audit?: "deny" | "allow";
}

export interface PolicyOptions {
  /** Denials are told of and pass. */
  readonly isAudit?: boolean;
  readonly hasEgressBlocks?: boolean;
  readonly hasIngressBlocks?: boolean;
}

interface MadePolicy {
  readonly policy: Policy;
  readonly entries: readonly { readonly key: PolicyKey; readonly entry: PolicyEntry }[];
}

const MAX_SHAPES = 64;
const ANY_PROTOCOL = 0x20;
const ANY_IDENTITY = 0x40;
const PORT_BITS = 16;

const EFFECTS = {
  none: PolicyEffect.effectNone,
  allow: PolicyEffect.effectAllow,
  redirect: PolicyEffect.effectRedirect,
  deny: PolicyEffect.effectDeny,
} as const;

const AUTHENTICATIONS = {
  disabled: PolicyAuthentication.authenticationDisabled,
  required: PolicyAuthentication.authenticationRequired,
  fails: PolicyAuthentication.authenticationFails,
} as const;

/** What a policy of these rules is in the maps, its shapes the most specific first. */
export function makePolicy(
  number: number,
  rules: readonly Rule[],
  { isAudit = false, hasEgressBlocks = false, hasIngressBlocks = false }: PolicyOptions = {},
): MadePolicy {
  const entries = rules.map((rule) => ({ key: keyOf(number, rule), entry: entryOf(rule) }));
  const shapesIn = (direction: Rule["direction"]): number[] => {
    const shapes = new Set(
      entries.filter((_, at) => rules[at]?.direction === direction).map(({ key }) => shapeOf(key)),
    );
    // Bits of openness first, and then the longer prefix.
    return [...shapes].toSorted(
      (left, right) => (left & 0x60) - (right & 0x60) || (right & 0x1f) - (left & 0x1f),
    );
  };
  const [egress, ingress] = [shapesIn("egress"), shapesIn("ingress")];
  const policy = {
    flags:
      PolicyFlag.policyInUse |
      (isAudit ? PolicyFlag.policyAudit : 0) |
      (hasEgressBlocks ? PolicyFlag.policyEgressBlocks : 0) |
      (hasIngressBlocks ? PolicyFlag.policyIngressBlocks : 0),
    shapeCount: Uint8Array.of(egress.length, ingress.length),
    egressShapes: padded(egress),
    ingressShapes: padded(ingress),
  };
  return { policy, entries };
}

function padded(shapes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(MAX_SHAPES);
  bytes.set(shapes);
  return bytes;
}

function shapeOf({ identity, protocol, portPrefix }: PolicyKey): number {
  return portPrefix | (protocol === 0 ? ANY_PROTOCOL : 0) | (identity === 0 ? ANY_IDENTITY : 0);
}

function keyOf(policy: number, rule: Rule): PolicyKey {
  const { direction, identity = 0, protocol = 0, port } = rule;
  const portPrefix = rule.portPrefix ?? (port === undefined ? 0 : PORT_BITS);
  return {
    policy,
    identity,
    port: (port ?? 0) & ~(0xffff >> portPrefix) & 0xffff,
    protocol,
    direction: TrafficDirection[direction],
    portPrefix,
  };
}

function entryOf(rule: Rule): PolicyEntry {
  const { effect = "allow", cookie = 0, proxyPort = 0, authentication, audit } = rule;
  const flag = audit === "deny" ? PolicyEntryFlag.entryAuditDeny : PolicyEntryFlag.entryAuditAllow;
  return {
    cookie,
    precedence: rule.precedence ?? EFFECTS[effect],
    proxyPort,
    effect: EFFECTS[effect],
    authentication:
      authentication === undefined
        ? PolicyAuthentication.authenticationUnsaid
        : AUTHENTICATIONS[authentication],
    flags: audit === undefined ? 0 : flag,
  };
}
