/**
 * Network policy: every kind of policy made rules, rules and identities made the map state that the
 * kernel gets, and questions answered by that same state.
 *
 * Not here: the kernel, Kubernetes, files. Everything is pure, and one thread's.
 *
 * Invariants:
 * - A policy with an error has no specs, and affects no other policy.
 * - An entry says what rules say of its key and no more. What wins among several is decided in
 *   `engine/deny-precedence.ts` alone, for rules that share a key as for entries that share a packet.
 * - After any sequence of changes, states are those that one computation of everything would give,
 *   and a copy that followed the deltas holds exactly `entries()`.
 * - Every key that occurs has one of its direction's shapes, which no identity changes.
 * - The same rules have the same cookie, in every process.
 */
export type {
  Entry,
  EntryKey,
  EntryValue,
  ListenerKind,
  Origin,
  Shape,
} from "./map-state.ts";
export { defaultPolicyOptions, type EnforcementMode, type PolicyOptions } from "./options.ts";
export {
  type Authentication,
  type Direction,
  type DnsRule,
  type Finding,
  type HttpHeaderMatch,
  type HttpRule,
  type ImportedPolicy,
  type KafkaRule,
  type L7Rules,
  type PeerSelector,
  type PolicyKind,
  type PolicyRef,
  type PolicyRule,
  type PolicySpec,
  type PortMatch,
  type PortRange,
  type Redirect,
  type RuleRef,
  type TlsContext,
} from "./rule.ts";
export type { NamedPorts, PeerIdentity, Subject } from "./subject.ts";
export type { CookieTable } from "./engine/cookies.ts";
export {
  type PolicyDelta,
  type PolicyDeltaMessage,
  type SubjectChange,
  type SubjectChangeMessage,
  type TemplateEdit,
} from "./engine/delta.ts";
export { type ClusterFacts } from "./import/facts.ts";
export { judge, type Judgement, type Question } from "./engine/judge.ts";
export type { RulePart } from "./engine/part.ts";
export { PolicyEngine } from "./engine/policy-engine.ts";
export { type PortKey, unpackPort } from "./engine/port-key.ts";
export { precedenceNumber, type RuleValue } from "./engine/deny-precedence.ts";
export { DIRECTIONS, type SubjectState } from "./engine/subject-state.ts";
export { type Conflict, equalValues, Template } from "./engine/template.ts";
export { ClusterModel, type DirectionVerdict, type ObjectRef } from "./cluster/cluster-model.ts";
export type { PodFact } from "./cluster/cluster-facts.ts";
export type { Inventory } from "./cluster/inventory.ts";
export type { Because, BecauseEffect, FlowQuestion, Outcome, Verdict } from "./cluster/verdict.ts";
export { explain, type Explanation, type RuleReport } from "./explain/explain.ts";
export type { Change } from "./explain/suggest.ts";
export { describeRequest, type L7Request } from "./l7/request.ts";
export { lint, type LintCode, type LintFinding } from "./lint/lint.ts";
