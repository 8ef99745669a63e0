/**
 * The brute force: what the documented semantics say of one flow, stated a second time and as
 * simply as can be. It reads every object anew for every question and shares no code with the
 * product's policy engine.
 */
import { ciliumPolicySayings } from "./cilium-policy.ts";
import { networkPolicySaying } from "./network-policy.ts";
import { partyOf, type Party } from "./party.ts";
import type { RawObject } from "./raw.ts";
import type { Direction, Flow, SaidRule, Saying } from "./saying.ts";

type Outcome = "allowed" | "denied";

export interface Probe {
  /** `namespace/pod`, an address, an entity or a DNS name. */
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
}

export interface Ruling {
  readonly egress: Outcome;
  readonly ingress: Outcome;
  readonly verdict: Outcome;
  /** Passes, to a proxy that a rule asks for. */
  readonly l7: boolean;
}

export interface BruteOptions {
  readonly enforcement?: "default" | "always" | "never";
}

export function judgeByBruteForce(
  objects: readonly RawObject[],
  probe: Probe,
  options: BruteOptions = {},
): Ruling {
  const from = partyOf(objects, probe.from);
  const to = partyOf(objects, probe.to);
  const isSelf = from.pod !== undefined && from.pod === to.pod;
  const free = { outcome: "allowed", isL7: false } as const;
  const egress = isSelf ? free : judgeSide(objects, from, to, "egress", probe, options);
  const ingress = isSelf ? free : judgeSide(objects, to, from, "ingress", probe, options);
  const isAllowed = egress.outcome === "allowed" && ingress.outcome === "allowed";
  return {
    egress: egress.outcome,
    ingress: ingress.outcome,
    verdict: isAllowed ? "allowed" : "denied",
    l7: isAllowed && (egress.isL7 || ingress.isL7),
  };
}

function judgeSide(
  objects: readonly RawObject[],
  subject: Party,
  peer: Party,
  direction: Direction,
  { protocol, port }: Probe,
  { enforcement = "default" }: BruteOptions,
): { outcome: Outcome; isL7: boolean } {
  const pod = subject.pod;
  if (pod === undefined || enforcement === "never") return { outcome: "allowed", isL7: false };
  const flow: Flow = { subject: pod, peer, protocol, port };
  // Policies in audit mode change nothing in what passes.
  const sayings = sayingsOf(objects).filter((saying) => saying.selects(pod) && !saying.isAudit);
  const spoken = sayings
    .flatMap((saying) => saying.rules)
    .filter((rule) => rule.direction === direction && rule.speaksOf(flow));
  if (spoken.some((rule) => rule.effect === "deny")) return { outcome: "denied", isL7: false };
  const allows: SaidRule[] = spoken.filter((rule) => rule.effect === "allow");
  const isHost = peer.labels.some((label) => label.source === "reserved" && label.key === "host");
  const hasDefaultDeny =
    enforcement === "always" || sayings.some((saying) => saying.hasDefaultDeny(direction));
  const isFree = !hasDefaultDeny || (direction === "ingress" && isHost);
  return {
    outcome: allows.length > 0 || isFree ? "allowed" : "denied",
    isL7: allows.some((rule) => rule.isL7),
  };
}

function sayingsOf(objects: readonly RawObject[]): Saying[] {
  return objects.flatMap((object) => {
    switch (object.kind) {
      case "NetworkPolicy":
        return [networkPolicySaying(objects, object)];
      case "CiliumNetworkPolicy":
      case "CiliumClusterwideNetworkPolicy":
        return ciliumPolicySayings(objects, object);
      default:
        return [];
    }
  });
}
