import type { ClusterModel } from "../cluster/cluster-model.ts";
import { PROTOCOL, type PolicyRule, type PolicySpec } from "../rule.ts";
import type { Subject } from "../subject.ts";
import type { Report } from "./lint.ts";
import { type SelectedSpec, selectedSpecs } from "./spread.ts";

const DNS_PORT = 53;

/** Subjects that may look up no name: for those who allow names, and for those who deny the rest. */
export function lintDns(model: ClusterModel, report: Report): void {
  const specs = selectedSpecs(model);
  for (const { spec, subjects } of specs) {
    const blind = [...subjects].filter((subject) => !maySendDns(subject, specs));
    const fqdn = spec.rules.find(namesFqdns);
    if (fqdn !== undefined && blind.length > 0) {
      report({
        severity: "warning",
        code: "fqdn-without-dns",
        policy: spec.ref.policy,
        path: fqdn.ref.path,
        message:
          "toFQDNs learns addresses from DNS answers, and the pods that this selects may send no " +
          "DNS at all: allow them port 53 to the cluster's DNS, as toEntities: [dns] does",
      });
    } else if (blind.length > 0 && spec.defaultDeny.egress && !isSilenced(spec)) {
      // Of several that deny, the one that only denies is the one to tell of.
      if (
        hasEgress(spec) &&
        specs.some((other) => onlyDenies(other) && sharesSubject(other, blind))
      ) {
        continue;
      }
      report({
        severity: "warning",
        code: "default-deny-without-dns",
        policy: spec.ref.policy,
        path: spec.ref.path,
        message:
          "denies egress that no rule allows, and no policy allows DNS (port 53) to the pods that " +
          "it selects: they can resolve no name",
      });
    }
  }
}

/** In audit mode nothing is denied; nodes have their own ways to names. */
function isSilenced(spec: PolicySpec): boolean {
  return spec.isAudit || spec.subject.kind === "node";
}

function hasEgress(spec: PolicySpec): boolean {
  return spec.rules.some(({ direction }) => direction === "egress");
}

function onlyDenies({ spec }: SelectedSpec): boolean {
  return spec.defaultDeny.egress && !hasEgress(spec) && !isSilenced(spec);
}

function sharesSubject({ subjects }: SelectedSpec, blind: readonly Subject[]): boolean {
  return blind.some((subject) => subjects.has(subject));
}

function namesFqdns(rule: PolicyRule): boolean {
  return rule.peers !== "any" && rule.peers.some((peer) => peer.kind === "fqdn");
}

/** Whether some rule lets the subject send DNS to anybody, or nothing forbids it. */
function maySendDns(subject: Subject, specs: readonly SelectedSpec[]): boolean {
  const own = specs.filter(({ subjects }) => subjects.has(subject)).map(({ spec }) => spec);
  if (!own.some((spec) => spec.defaultDeny.egress && !spec.isAudit)) return true;
  return own.some((spec) => spec.rules.some(allowsDns));
}

function allowsDns(rule: PolicyRule): boolean {
  if (rule.direction !== "egress" || rule.effect !== "allow") return false;
  // Addresses of names are not known before DNS told them.
  const hasPeers = rule.peers === "any" || rule.peers.some((peer) => peer.kind !== "fqdn");
  if (!hasPeers) return false;
  if (rule.ports === "any") return true;
  return rule.ports.some(({ protocol, port }) => {
    if (protocol !== PROTOCOL.udp && protocol !== PROTOCOL.tcp) return false;
    if ("name" in port) return port.name === "dns" || port.name === "dns-tcp";
    return port.first <= DNS_PORT && DNS_PORT <= port.last;
  });
}
