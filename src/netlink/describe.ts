import type { Change } from "./change.ts";
import type { AddressSpec } from "./model/address.ts";
import type { LinkRef } from "./model/link.ts";
import type { RouteSpec } from "./model/route.ts";
import { RouteTable } from "./model/route.ts";
import type { RuleSpec } from "./model/rule.ts";
import type { FilterKey } from "./model/traffic.ts";
import type { ObjectKind } from "./types.ts";

/** A change in the words of an error: `creating link lxc1`. */
export function describeChange(change: Change): string {
  switch (change.type) {
    case "link create":
      return `creating ${change.spec.details.kind} link ${change.spec.name}`;
    case "link set":
      return `changing ${Object.keys(change.update).join(", ")} of ${link(change.link)}`;
    case "link delete":
      return `deleting ${link(change.link)}`;
    case "link delete group":
      return `deleting the links of group ${change.group}`;
    case "address add":
      return `adding address ${address(change.spec)}`;
    case "address replace":
      return `setting address ${address(change.spec)}`;
    case "address delete":
      return `deleting address ${address(change.spec)}`;
    case "route add":
      return `adding route ${route(change.spec)}`;
    case "route replace":
      return `setting route ${route(change.spec)}`;
    case "route delete":
      return `deleting route ${route(change.spec)}`;
    case "rule add":
      return `adding ${rule(change.spec)}`;
    case "rule delete":
      return `deleting ${rule(change.spec)}`;
    case "neighbour add":
      return `adding neighbour ${change.spec.address.key} of ${link(change.spec.link)}`;
    case "neighbour replace":
      return `setting neighbour ${change.spec.address.key} of ${link(change.spec.link)}`;
    case "neighbour delete":
      return `deleting neighbour ${change.spec.address.key} of ${link(change.spec.link)}`;
    case "qdisc add":
      return `adding qdisc ${change.spec.kind} to ${link(change.spec.link)}`;
    case "qdisc replace":
      return `setting qdisc ${change.spec.kind} of ${link(change.spec.link)}`;
    case "qdisc delete":
      return `deleting qdisc ${change.spec.kind} of ${link(change.spec.link)}`;
    case "filter add":
      return `adding filter ${change.spec.name} to ${filter(change.spec)}`;
    case "filter replace":
      return `setting filter ${change.spec.name} of ${filter(change.spec)}`;
    case "filter delete":
      return `deleting the filter of ${filter(change.key)}`;
    case "filter delete all":
      return `deleting all filters of ${change.hook} of ${link(change.link)}`;
    case "namespace id set":
      return `giving a namespace the number ${change.id}`;
    default:
      return change satisfies never;
  }
}

const PLURALS: Readonly<Record<ObjectKind, string>> = {
  link: "links",
  address: "addresses",
  route: "routes",
  rule: "rules",
  neighbour: "neighbours",
  qdisc: "qdiscs",
  filter: "filters",
  namespaceId: "namespace ids",
};

/** A list in the words of an error: `listing routes`. */
export function describeList(kind: ObjectKind): string {
  return `listing ${PLURALS[kind]}`;
}

function link(ref: LinkRef): string {
  return `link ${ref}`;
}

function address(spec: AddressSpec): string {
  return `${spec.address.key}/${spec.prefixLength} of ${link(spec.link)}`;
}

function route({ destination, gateway, link: index, table = RouteTable.main }: RouteSpec): string {
  const via = gateway === undefined ? "" : ` by ${gateway.key}`;
  const on = index === undefined ? "" : ` on ${link(index)}`;
  return `${destination.key}${via}${on} in table ${table}`;
}

function rule({ family, priority }: RuleSpec): string {
  return `IPv${family} rule ${priority}`;
}

function filter({ link: index, hook, priority, handle }: FilterKey): string {
  return `${hook} of ${link(index)}, priority ${priority}, handle ${handle}`;
}
