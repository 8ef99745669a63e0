/** Whom an entry of a Cilium policy is about. */
import type { Selector } from "#identity";
import type { LabelSelector } from "#kube/types";
import type { PeerSelector } from "../rule.ts";
import { readCidrs, readCidrSet } from "./cidrs.ts";
import type { RuleContext } from "./context.ts";
import { readEntities } from "./entities.ts";
import { readNames } from "./l7.ts";
import type { Member, RuleEntry } from "./members.ts";
import { scopeNodes, scopePeer } from "./scope.ts";
import { readServices } from "./services.ts";

interface EntryPeers {
  /** Undefined: the entry does not say, which means all if it names ports, and nobody if not. */
  readonly peers: "any" | readonly PeerSelector[] | undefined;
  /** The field that names the cluster's DNS. */
  readonly dnsPath?: string;
}

export function readPeers(entry: RuleEntry, context: RuleContext): EntryPeers {
  checkMembers(entry, context);
  const { endpoints, nodes, entities, cidrs, cidrSet, services, groups, fqdns } = entry;
  const peers: PeerSelector[] = [];
  let isAny = false;
  let dnsPath: string | undefined;
  const add = <T>(member: Member<T> | undefined, read: (path: string) => PeerSelector[]): void => {
    if (member === undefined) return;
    // One by one: a call takes fewer arguments than a list may have peers.
    for (const peer of read(pathOf(entry, member))) peers.push(peer);
  };
  add(endpoints, (path) => selectors(endpoints, path, context, scopePeer));
  add(nodes, (path) => selectors(nodes, path, context, scopeNodes));
  add(cidrs, (path) => readCidrs(cidrs?.items ?? [], path, context));
  add(cidrSet, (path) => readCidrSet(cidrSet?.items ?? [], path, context));
  add(services, (path) => readServices(services?.items ?? [], path, context));
  add(fqdns, (path) => readFqdns(entry, path, context));
  add(entities, (path) => {
    const isEgress = entry.direction === "egress";
    const read = readEntities(entities?.items ?? [], path, isEgress, context);
    dnsPath = read.dnsPath;
    isAny = read.peers === "any";
    return read.peers === "any" ? [] : [...read.peers];
  });
  const members = [endpoints, nodes, cidrs, cidrSet, entities, services, groups, fqdns];
  if (members.every((member) => member === undefined)) return { peers: undefined };
  // A list that is there and empty selects nobody, whatever stands beside it.
  if (members.some((member) => member?.items.length === 0)) return { peers: [] };
  isAny ||= peers.some((peer) => peer.kind === "labels" && peer.selector.isEmpty);
  return { peers: isAny ? "any" : peers, ...(dnsPath === undefined ? {} : { dnsPath }) };
}

/** What excludes each other, and what must not be there. */
function checkMembers(entry: RuleEntry, { options, report }: RuleContext): void {
  const { endpoints, cidrs, cidrSet, entities, nodes, groups, services, fqdns, requires } = entry;
  const used = [endpoints, cidrs, cidrSet, entities, nodes, groups, services, fqdns].flatMap(
    (member) => (member !== undefined && member.items.length > 0 ? [member.field] : []),
  );
  if (used.length > 1) {
    const what = `combining ${used.join(" and ")} is not supported: write an entry for each`;
    report.error("combined-peers", entry.path, what);
  }
  if (requires !== undefined && requires.items.length > 0) {
    const what = `${requires.field} is no longer supported: add its labels to the selectors of the peers`;
    report.error("requires", pathOf(entry, requires), what);
  }
  if (nodes !== undefined && nodes.items.length > 0 && !options.enableNodeSelectorLabels) {
    const what = `${nodes.field} needs the labels of nodes: set enable-node-selector-labels, or write entities host and remote-node`;
    report.error("nodes-disabled", pathOf(entry, nodes), what);
  }
  if (groups !== undefined && groups.items.length > 0) {
    const what = `${groups.field} names groups of a cloud, which nobody resolves here: selects nobody`;
    report.warning("groups-unresolved", pathOf(entry, groups), what);
  }
}

function pathOf(entry: RuleEntry, member: Member<unknown>): string {
  return `${entry.path}.${member.field}`;
}

type Scope = (selector: LabelSelector, path: string, context: RuleContext) => Selector | undefined;

function selectors(
  member: Member<LabelSelector> | undefined,
  path: string,
  context: RuleContext,
  scope: Scope,
): PeerSelector[] {
  return (member?.items ?? []).flatMap((given, index): PeerSelector[] => {
    const selector = scope(given, `${path}[${index}]`, context);
    return selector === undefined ? [] : [{ kind: "labels", selector }];
  });
}

function readFqdns(entry: RuleEntry, path: string, context: RuleContext): PeerSelector[] {
  return (entry.fqdns?.items ?? []).flatMap((given, index): PeerSelector[] => {
    const at = `${path}[${index}]`;
    if (given.matchName && given.matchPattern) {
      const what = "has matchName and matchPattern: write an item for each";
      context.report.error("fqdn-name-and-pattern", at, what);
    }
    return readNames(given, at, context).map((pattern) => ({ kind: "fqdn", pattern }));
  });
}
