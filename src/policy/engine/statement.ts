/** What a rule says once it is enforced, or audited, as one statement for all of its keys. */
import type { ListenerKind } from "../map-state.ts";
import type { PolicyRule, Redirect } from "../rule.ts";
import type { Statement } from "./deny-precedence.ts";

/** Cilium's; a rule that names a listener may ask for 1 to 100. */
const LISTENER_PRIORITY: Readonly<Record<ListenerKind, number>> = {
  http: 101,
  kafka: 106,
  generic: 111,
  tls: 116,
  dns: 121,
  listener: 126,
};

let lastId = 0;

function nextId(): number {
  lastId += 1;
  return lastId;
}

export function ruleStatement(rule: PolicyRule): Statement {
  const id = nextId();
  const { ref } = rule;
  if (rule.effect === "deny") return { id, effect: "deny", ref };
  const auth = rule.authentication === undefined ? {} : { authentication: rule.authentication };
  const kind = rule.redirect === undefined ? undefined : listenerKind(rule.redirect);
  if (kind === undefined) return { id, effect: "allow", ref, ...auth };
  return {
    id,
    effect: "redirect",
    ref,
    listener: kind,
    listenerPriority: rule.redirect?.listener?.priority ?? LISTENER_PRIORITY[kind],
    ...(rule.redirect?.isVisibility === true ? { isVisibility: true } : {}),
    ...auth,
  };
}

/**
 * A rule of a policy in audit mode: what it denies is told, and what it allows counts only where
 * nothing but such policies denies by default (`isDefaultDenyAudited`).
 */
export function auditStatement(
  rule: PolicyRule,
  isDefaultDenyAudited: boolean,
): Statement | undefined {
  if (rule.effect === "deny")
    return { id: nextId(), effect: "none", isAuditDeny: true, ref: rule.ref };
  return isDefaultDenyAudited ? { id: nextId(), effect: "allow", ref: rule.ref } : undefined;
}

export function syntheticStatement(
  synthetic: NonNullable<Statement["synthetic"]>,
  isAuditAllow: boolean,
): Statement {
  return { id: nextId(), effect: "allow", synthetic, isAuditAllow };
}

const visible = new WeakMap<Statement, Statement>();

/** What allows DNS, made a redirect that reads it and refuses nothing. */
export function visibleDns(statement: Statement): Statement {
  let made = visible.get(statement);
  if (made === undefined) {
    made = {
      ...statement,
      id: nextId(),
      effect: "redirect",
      listener: "dns",
      listenerPriority: LISTENER_PRIORITY.dns,
      isVisibility: true,
    };
    visible.set(statement, made);
  }
  return made;
}

function listenerKind(redirect: Redirect): ListenerKind | undefined {
  if (redirect.listener !== undefined) return "listener";
  if (redirect.l7 !== undefined) return redirect.l7.kind;
  const isTls =
    redirect.serverNames !== undefined ||
    redirect.terminatingTls !== undefined ||
    redirect.originatingTls !== undefined;
  if (isTls) return "tls";
  return redirect.isVisibility === true ? "dns" : undefined;
}
