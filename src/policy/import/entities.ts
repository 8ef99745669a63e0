/** Names for what has no labels of its own. */
import { quote } from "#base";
import { KEY, Selector } from "#identity";
import type { PeerSelector } from "../rule.ts";
import type { ImportContext } from "./context.ts";
import { clusterScope, isIn, isReserved } from "./scope.ts";
import { servicePeers } from "./services.ts";

/** The reserved labels that each entity means, any of them. */
const RESERVED_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ["world", ["world", "world-ipv4", "world-ipv6"]],
  ["world-ipv4", ["world-ipv4"]],
  ["world-ipv6", ["world-ipv6"]],
  ["cluster", ["host", "remote-node", "init", "ingress", "health", "unmanaged", "kube-apiserver"]],
  ["host", ["host"]],
  ["init", ["init"]],
  ["ingress", ["ingress"]],
  ["unmanaged", ["unmanaged"]],
  ["remote-node", ["remote-node"]],
  ["health", ["health"]],
  ["kube-apiserver", ["kube-apiserver"]],
  ["none", []],
]);

const ALL = "all";
const CLUSTER = "cluster";
export const DNS = "dns";
/** Known to agents and refused by the API server. */
const NOT_IN_SCHEMA: readonly string[] = ["world-ipv4", "world-ipv6"];

const NAMES: readonly string[] = [ALL, ...RESERVED_OF.keys(), DNS];

/** Whose pods answer DNS where nobody says otherwise. */
const DNS_NAMESPACE = "kube-system";
const DNS_SERVICE = "kube-system/kube-dns";
const DNS_APPS: readonly string[] = ["coredns", "kube-dns"];

interface EntityPeers {
  readonly peers: "any" | readonly PeerSelector[];
  /** The field that names the cluster's DNS, which is ports too. */
  readonly dnsPath?: string;
}

export function readEntities(
  entities: readonly string[],
  path: string,
  isEgress: boolean,
  context: ImportContext,
): EntityPeers {
  const peers: PeerSelector[] = [];
  let isAny = false;
  let dnsPath: string | undefined;
  for (const [index, entity] of entities.entries()) {
    const at = `${path}[${index}]`;
    const reserved = RESERVED_OF.get(entity);
    if (entity === ALL) isAny = true;
    else if (entity === DNS && isEgress) dnsPath ??= noteDns(at, context);
    else if (reserved === undefined) reportUnknown(entity, at, context);
    else peers.push(...entityPeers(entity, reserved, context));
    if (NOT_IN_SCHEMA.includes(entity)) {
      const what = `entity ${entity} works here; Cilium's API server refuses it: write world`;
      context.report.note("entity-not-in-schema", at, what);
    }
  }
  return { peers: isAny ? "any" : peers, ...(dnsPath === undefined ? {} : { dnsPath }) };
}

function entityPeers(
  entity: string,
  reserved: readonly string[],
  context: ImportContext,
): PeerSelector[] {
  const selectors = reserved.map((name) => Selector.of([isReserved(name)]));
  if (entity === CLUSTER) {
    selectors.push(Selector.of([isIn(KEY.cluster, context.options.clusterName)]));
  }
  return selectors.map((selector) => ({ kind: "labels", selector }));
}

function noteDns(path: string, context: ImportContext): string {
  const what =
    "entity dns means the cluster's DNS pods on port 53; Cilium does not know it: for Cilium too, write toEndpoints with the labels of the DNS pods";
  context.report.note("entity-dns", path, what);
  return path;
}

function reportUnknown(entity: string, path: string, context: ImportContext): void {
  const what =
    entity === DNS
      ? "entity dns is for toEntities only: DNS servers answer, they do not ask"
      : `${quote(entity)} is no entity; there are ${NAMES.join(", ")}`;
  context.report.error("unknown-entity", path, what);
}

/** The pods behind the cluster's DNS service, and those that look as if they were. */
export function dnsPeers(context: ImportContext): PeerSelector[] {
  const scope = clusterScope(Selector.all, context.options);
  const byLabel = Selector.of([
    isIn(KEY.namespace, DNS_NAMESPACE),
    isIn("k8s-app", ...DNS_APPS),
    ...scope,
  ]);
  const service = context.facts.services.get(DNS_SERVICE);
  const behind = service === undefined ? [] : servicePeers(service, context.options);
  return [{ kind: "labels", selector: byLabel }, ...behind];
}
