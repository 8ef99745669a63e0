/** One entry of ingress, ingressDeny, egress or egressDeny becomes rules. */
import { quote } from "#base";
import {
  type Authentication,
  type PeerSelector,
  type PolicyRule,
  type PortMatch,
  PROTOCOL,
  type Redirect,
} from "../rule.ts";
import type { RuleContext } from "./context.ts";
import { dnsPeers } from "./entities.ts";
import { readIcmp } from "./icmp.ts";
import type { RuleEntry } from "./members.ts";
import { readPeers } from "./peers.ts";
import { type PortUnit, readPortRule } from "./port-rules.ts";

const DNS_PORT = 53;
export const DNS_PORTS: readonly PortMatch[] = [PROTOCOL.udp, PROTOCOL.tcp].map((protocol) => ({
  protocol,
  port: { first: DNS_PORT, last: DNS_PORT },
}));

const MODES: readonly Authentication[] = ["disabled", "required", "test-always-fail"];

export function importEntry(entry: RuleEntry, context: RuleContext): PolicyRule[] {
  const { peers, dnsPath } = readPeers(entry, context);
  const units = readUnits(entry, context);
  const authentication = readAuthentication(entry, context);
  const make = (unit: PortUnit, whom: "any" | readonly PeerSelector[]): PolicyRule => ({
    ref: { policy: context.policy, path: unit.path },
    direction: entry.direction,
    effect: entry.effect,
    peers: whom,
    ports: unit.ports,
    ...(unit.redirect === undefined ? {} : { redirect: unit.redirect }),
    ...(authentication === undefined ? {} : { authentication }),
  });
  const rules: PolicyRule[] = [];
  if (units.length === 0) {
    // Neither peers nor ports: nobody is meant, though default deny is.
    if (peers === undefined) return [];
    units.push({ path: entry.path, ports: "any" });
    if (dnsPath !== undefined) {
      rules.push(make(dnsUnit(entry, dnsPath), dnsPeers(context)));
    }
  } else if (dnsPath !== undefined) {
    const whom = dnsPeers(context);
    for (const unit of units) rules.push(make(withVisibility(unit, entry), whom));
  }
  const isDnsAlone = dnsPath !== undefined && peers !== "any" && peers?.length === 0;
  if (!isDnsAlone) for (const unit of units) rules.push(make(unit, peers ?? "any"));
  return rules;
}

function readUnits(entry: RuleEntry, context: RuleContext): PortUnit[] {
  const { path, toPorts, icmps, direction } = entry;
  const { report, options } = context;
  if (icmps.length > 0 && !options.enableIcmpRules) {
    const what = "rules for ICMP are switched off: enable-icmp-rules is false";
    report.error("icmp-disabled", `${path}.icmps`, what);
  }
  if (icmps.length > 0 && toPorts.length > 0) {
    const what = "has icmps and toPorts: write an entry for each";
    report.error("icmps-with-ports", path, what);
  }
  const ports = toPorts.flatMap((rule, index) =>
    readPortRule(rule, `${path}.toPorts[${index}]`, direction, context),
  );
  const types = icmps.map((rule, index): PortUnit => {
    const at = `${path}.icmps[${index}]`;
    return { path: at, ports: readIcmp(rule, at, context) };
  });
  return [...ports, ...types];
}

function dnsUnit(entry: RuleEntry, path: string): PortUnit {
  return withVisibility({ path, ports: DNS_PORTS }, entry);
}

/** Names that pods ask the cluster's DNS for are learnt. */
function withVisibility(unit: PortUnit, entry: RuleEntry): PortUnit {
  if (entry.effect === "deny" || unit.redirect !== undefined || unit.ports === "any") return unit;
  const isDns = unit.ports.every(
    ({ protocol, port }) =>
      (protocol === PROTOCOL.udp || protocol === PROTOCOL.tcp || protocol === PROTOCOL.sctp) &&
      "first" in port &&
      port.first === DNS_PORT &&
      port.last === DNS_PORT,
  );
  const redirect: Redirect = { isVisibility: true };
  return isDns && unit.ports.length > 0 ? { ...unit, redirect } : unit;
}

function readAuthentication(
  { authentication, path }: RuleEntry,
  { report }: RuleContext,
): Authentication | undefined {
  if (authentication === undefined) return undefined;
  const mode = MODES.find((each) => each === authentication.mode);
  if (mode === undefined) {
    const what = `${quote(authentication.mode)} is no mode: write ${MODES.join(", ")}`;
    report.error("bad-authentication", `${path}.authentication.mode`, what);
  }
  return mode;
}
