/** Makes the state of a subject of the specs that select it. */
import type { PolicyOptions } from "../options.ts";
import type { Direction, PolicySpec } from "../rule.ts";
import type { Subject } from "../subject.ts";
import type { CookieTable } from "./cookies.ts";
import { type DefaultDeny, defaultDeny } from "./default-deny.ts";
import { DirectionState, type EngineTables } from "./direction-state.ts";
import { type PortNames, type RulePart, rulePart } from "./part.ts";
import { syntheticStatement } from "./statement.ts";
import { type DirectionDefaults, SubjectState } from "./subject-state.ts";

/** Once each, so that all subjects share the entries made of them. */
const LOCALHOST = syntheticStatement("allow-localhost-ingress", false);
const ALLOW_ANY = {
  ingress: syntheticStatement("allow-any-ingress", false),
  egress: syntheticStatement("allow-any-egress", false),
} as const;
const ALLOW_ANY_AUDITED = {
  ingress: syntheticStatement("allow-any-ingress", true),
  egress: syntheticStatement("allow-any-egress", true),
} as const;

interface BuildContext {
  readonly options: PolicyOptions;
  readonly tables: EngineTables;
  readonly cookies: CookieTable;
  readonly names: PortNames;
}

/** `specs` are those that select the subject; where nothing is enforced they say nothing. */
export function buildState(
  subject: Subject,
  specs: readonly PolicySpec[],
  context: BuildContext,
): SubjectState {
  const { options, tables, cookies } = context;
  const build = (direction: Direction): readonly [DirectionState, DirectionDefaults] => {
    const deny = defaultDeny(direction, subject, specs, options);
    const parts =
      options.enforcement === "never" ? [] : collectParts(direction, specs, deny, context);
    const hasLocalhost =
      direction === "ingress" && subject.kind === "pod" && options.allowLocalhost;
    const state = new DirectionState(
      {
        direction,
        parts,
        localhost: hasLocalhost ? LOCALHOST : undefined,
        anyPeer: anyPeerStatement(direction, deny),
        showsDns: direction === "egress" && parts.some(namesDns),
      },
      tables,
    );
    const by = deny.kind === "none" ? [] : deny.by.map(({ ref }) => ref);
    return [state, { isDefaultDeny: deny.kind !== "none", defaultDenyBy: by }];
  };
  const [ingress, ingressDefaults] = build("ingress");
  const [egress, egressDefaults] = build("egress");
  return new SubjectState({
    subject,
    isAudit: options.isAudit || subject.isAudit === true,
    specs,
    ingress,
    egress,
    defaults: { ingress: ingressDefaults, egress: egressDefaults },
    identities: tables.identities,
    cookies,
  });
}

function collectParts(
  direction: Direction,
  specs: readonly PolicySpec[],
  deny: DefaultDeny,
  { names }: BuildContext,
): RulePart[] {
  const parts: RulePart[] = [];
  for (const spec of specs) {
    for (const rule of spec.rules) {
      if (rule.direction !== direction) continue;
      parts.push(rulePart(rule, spec, names, deny.kind === "audited"));
    }
  }
  return parts;
}

function anyPeerStatement(direction: Direction, deny: DefaultDeny): typeof LOCALHOST | undefined {
  if (deny.kind === "enforced") return undefined;
  return deny.kind === "none" ? ALLOW_ANY[direction] : ALLOW_ANY_AUDITED[direction];
}

/** Whether a rule knows peers by name, so that the subject's DNS has to be read. */
function namesDns({ rule }: RulePart): boolean {
  return rule.peers !== "any" && rule.peers.some(({ kind }) => kind === "fqdn");
}
