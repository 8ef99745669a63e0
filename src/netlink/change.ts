import { assert } from "#base";
import type { AddressSpec } from "./model/address.ts";
import type { LinkRef, LinkSpec, LinkUpdate, NamespaceRef } from "./model/link.ts";
import type { NeighbourSpec } from "./model/neighbour.ts";
import type { RouteSpec } from "./model/route.ts";
import type { RuleSpec } from "./model/rule.ts";
import type { BpfFilterSpec, FilterHook, FilterKey, QdiscSpec } from "./model/traffic.ts";
import type { Changes } from "./types.ts";

/** One change to a namespace's network configuration, as a value. */
export type Change =
  | { readonly type: "link create"; readonly spec: LinkSpec }
  | { readonly type: "link set"; readonly link: LinkRef; readonly update: LinkUpdate }
  | { readonly type: "link delete"; readonly link: LinkRef }
  | { readonly type: "link delete group"; readonly group: number }
  | { readonly type: "address add" | "address replace"; readonly spec: AddressSpec }
  | { readonly type: "address delete"; readonly spec: AddressSpec }
  | { readonly type: "route add" | "route replace"; readonly spec: RouteSpec }
  | { readonly type: "route delete"; readonly spec: RouteSpec }
  | { readonly type: "rule add"; readonly spec: RuleSpec }
  | { readonly type: "rule delete"; readonly spec: RuleSpec }
  | { readonly type: "neighbour add" | "neighbour replace"; readonly spec: NeighbourSpec }
  | { readonly type: "neighbour delete"; readonly spec: NeighbourSpec }
  | { readonly type: "qdisc add" | "qdisc replace"; readonly spec: QdiscSpec }
  | { readonly type: "qdisc delete"; readonly spec: QdiscSpec }
  | { readonly type: "filter add" | "filter replace"; readonly spec: BpfFilterSpec }
  | { readonly type: "filter delete"; readonly key: FilterKey }
  | { readonly type: "filter delete all"; readonly link: number; readonly hook: FilterHook }
  | { readonly type: "namespace id set"; readonly namespace: NamespaceRef; readonly id: number };

/** The methods of every concern, each of which hands its change to `submit`. */
export function changesOf<Result>(submit: (change: Change) => Result): Changes<Result> {
  return {
    links: {
      create: (spec) => submit({ type: "link create", spec }),
      set(link, update) {
        // A request has one place for a name: that of the link, or the one that it shall have.
        const isClear = update.name === undefined || typeof link === "number";
        assert(isClear, `to give link ${link} another name takes its index`);
        return submit({ type: "link set", link, update });
      },
      delete: (link) => submit({ type: "link delete", link }),
      deleteGroup: (group) => submit({ type: "link delete group", group }),
    },
    addresses: {
      add: (spec) => submit({ type: "address add", spec }),
      replace: (spec) => submit({ type: "address replace", spec }),
      delete: (spec) => submit({ type: "address delete", spec }),
    },
    routes: {
      add: (spec) => submit({ type: "route add", spec }),
      replace: (spec) => submit({ type: "route replace", spec }),
      delete: (spec) => submit({ type: "route delete", spec }),
    },
    rules: {
      add: (spec) => submit({ type: "rule add", spec }),
      delete: (spec) => submit({ type: "rule delete", spec }),
    },
    neighbours: {
      add: (spec) => submit({ type: "neighbour add", spec }),
      replace: (spec) => submit({ type: "neighbour replace", spec }),
      delete: (spec) => submit({ type: "neighbour delete", spec }),
    },
    qdiscs: {
      add: (spec) => submit({ type: "qdisc add", spec }),
      replace: (spec) => submit({ type: "qdisc replace", spec }),
      delete: (spec) => submit({ type: "qdisc delete", spec }),
    },
    filters: {
      add: (spec) => submit({ type: "filter add", spec }),
      replace: (spec) => submit({ type: "filter replace", spec }),
      delete: (key) => submit({ type: "filter delete", key }),
      deleteAll: (link, hook) => submit({ type: "filter delete all", link, hook }),
    },
    namespaceIds: {
      set: (namespace, id) => submit({ type: "namespace id set", namespace, id }),
    },
  };
}

/** Collects changes, for `Netlink.apply`. */
export class Batch implements Changes<void> {
  readonly changes: Change[] = [];
  readonly links: Changes<void>["links"];
  readonly addresses: Changes<void>["addresses"];
  readonly routes: Changes<void>["routes"];
  readonly rules: Changes<void>["rules"];
  readonly neighbours: Changes<void>["neighbours"];
  readonly qdiscs: Changes<void>["qdiscs"];
  readonly filters: Changes<void>["filters"];
  readonly namespaceIds: Changes<void>["namespaceIds"];

  constructor() {
    const collect = changesOf<void>((change) => void this.changes.push(change));
    this.links = collect.links;
    this.addresses = collect.addresses;
    this.routes = collect.routes;
    this.rules = collect.rules;
    this.neighbours = collect.neighbours;
    this.qdiscs = collect.qdiscs;
    this.filters = collect.filters;
    this.namespaceIds = collect.namespaceIds;
  }
}
