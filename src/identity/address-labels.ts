import type { Cidr, IpFamily } from "#base";
import { cidrLabels, cidrOfLabel, worldLabel } from "./cidr-labels.ts";
import { type Label, Labels, SOURCE } from "./labels.ts";
import type { Metadata } from "./metadata.ts";
import type { PrefixEntry } from "./prefix-table.ts";

const WORLD_KEYS: readonly string[] = ["world", "world-ipv4", "world-ipv6"];

/** Of addresses outside the cluster only. */
const OUTSIDE_SOURCES: readonly string[] = [SOURCE.cidr, SOURCE.fqdn, SOURCE.cidrGroup];

export interface AddressLabelOptions {
  readonly families: readonly IpFamily[];
  /** Whether CIDR selectors are to see nodes too. */
  readonly cidrMatchesNodes?: boolean;
}

/**
 * The labels of a range: its own, and those of the ranges around it, of which the longest is
 * believed first. A range has one `cidr` label, the longest there is, so that an address learnt from
 * DNS is still found by every CIDR selector around it.
 */
export function inheritLabels(covering: readonly PrefixEntry<Metadata>[]): Labels {
  const labels: Label[] = [];
  const known = new Set<string>();
  let hasCidr = false;
  for (const { value } of covering) {
    let hasOwnCidr = false;
    for (const label of value.labels ?? []) {
      const isCidr = label.source === SOURCE.cidr;
      const name = `${label.source}:${label.key}`;
      if (known.has(name) || (isCidr && hasCidr)) continue;
      known.add(name);
      labels.push(label);
      hasOwnCidr ||= isCidr;
    }
    hasCidr ||= hasOwnCidr;
  }
  return Labels.of(labels);
}

/**
 * Makes the labels fit for an identity: what is in the cluster is not the world and no CIDR or name
 * selects it; everything else is of the world.
 */
export function settleLabels(labels: Labels, prefix: Cidr, options: AddressLabelOptions): Labels {
  const isNode = labels.has(SOURCE.reserved, "host") || labels.has(SOURCE.reserved, "remote-node");
  const isInside =
    isNode || labels.has(SOURCE.reserved, "health") || labels.has(SOURCE.reserved, "ingress");
  if (!isInside) {
    const told = labels.size === 0 ? cidrLabels(prefix, options.families) : labels;
    const others = told.filter((label) => label.source !== SOURCE.node && !isWorld(label));
    return others.withLabels([worldLabel(prefix.family, options.families)]);
  }
  const keepsOutside = isNode && options.cidrMatchesNodes === true;
  return labels.filter(
    (label) => !isWorld(label) && (keepsOutside || !OUTSIDE_SOURCES.includes(label.source)),
  );
}

/**
 * What CIDR selectors compare: the range of the `cidr` label, or the whole family for the rest of
 * the world; undefined of what they do not match.
 */
export function cidrOfIdentity(labels: Labels, families: readonly IpFamily[]): Cidr | undefined {
  let world: Cidr | undefined;
  for (const label of labels) {
    if (label.source === SOURCE.cidr) return cidrOfLabel(label);
    if (isWorld(label)) world = cidrOfLabel(label) ?? worldOf(families);
  }
  return world;
}

function worldOf(families: readonly IpFamily[]): Cidr | undefined {
  if (families.length !== 1) return undefined;
  const key = families[0] === 6 ? "world-ipv6" : "world-ipv4";
  return cidrOfLabel({ source: SOURCE.reserved, key, value: "" });
}

function isWorld(label: Label): boolean {
  return label.source === SOURCE.reserved && WORLD_KEYS.includes(label.key);
}
