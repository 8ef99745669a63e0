import type { Address, AddressFilter, AddressSpec } from "./model/address.ts";
import type {
  Link,
  LinkFilter,
  LinkRef,
  LinkSpec,
  LinkUpdate,
  NamespaceRef,
} from "./model/link.ts";
import type { Neighbour, NeighbourFilter, NeighbourSpec } from "./model/neighbour.ts";
import type { Route, RouteFilter, RouteSpec } from "./model/route.ts";
import type { Rule, RuleFilter, RuleSpec } from "./model/rule.ts";
import type {
  BpfFilterSpec,
  Filter,
  FilterFilter,
  FilterHook,
  FilterKey,
  Qdisc,
  QdiscFilter,
  QdiscSpec,
} from "./model/traffic.ts";
import type { NetlinkError } from "./errors.ts";
import type { Change } from "./change.ts";

/** The number by which one namespace knows another. */
export interface NamespaceId {
  readonly id: number;
}

/** What can be listed: the objects, and what to ask for. */
export interface ObjectKinds {
  link: { object: Link; filter: LinkFilter };
  address: { object: Address; filter: AddressFilter };
  route: { object: Route; filter: RouteFilter };
  rule: { object: Rule; filter: RuleFilter };
  neighbour: { object: Neighbour; filter: NeighbourFilter };
  qdisc: { object: Qdisc; filter: QdiscFilter };
  filter: { object: Filter; filter: FilterFilter };
  namespaceId: { object: NamespaceId; filter: { readonly namespace?: NamespaceRef } };
}
export type ObjectKind = keyof ObjectKinds;
export type ObjectOf<K extends ObjectKind> = ObjectKinds[K]["object"];
export type FilterOf<K extends ObjectKind> = ObjectKinds[K]["filter"];

export interface LinkChanges<Result> {
  /** EEXIST where the name or the index is taken. */
  create(spec: LinkSpec): Result;
  /** ENODEV where it is not there. */
  set(link: LinkRef, update: LinkUpdate): Result;
  /** Of a veth: both ends. The kernel takes about 20 ms: on a main thread use `async`. */
  delete(link: LinkRef): Result;
  /** All of a group at once, for the time that one takes. */
  deleteGroup(group: number): Result;
}

export interface AddressChanges<Result> {
  add(address: AddressSpec): Result;
  /** Adds it, or changes lifetime and flags of the one that is there. */
  replace(address: AddressSpec): Result;
  /** EADDRNOTAVAIL where it is not there. */
  delete(address: AddressSpec): Result;
}

export interface RouteChanges<Result> {
  add(route: RouteSpec): Result;
  /** Puts it in the place of the first one with the same destination, table, tos and metric. */
  replace(route: RouteSpec): Result;
  /** The first that fits what is given. ESRCH where none does. */
  delete(route: RouteSpec): Result;
}

export interface RuleChanges<Result> {
  add(rule: RuleSpec): Result;
  /** The first that fits what is given. ENOENT where none does. */
  delete(rule: RuleSpec): Result;
}

export interface NeighbourChanges<Result> {
  add(neighbour: NeighbourSpec): Result;
  replace(neighbour: NeighbourSpec): Result;
  delete(neighbour: NeighbourSpec): Result;
}

export interface QdiscChanges<Result> {
  add(qdisc: QdiscSpec): Result;
  replace(qdisc: QdiscSpec): Result;
  /** Its filters go with it. */
  delete(qdisc: QdiscSpec): Result;
}

export interface FilterChanges<Result> {
  add(filter: BpfFilterSpec): Result;
  /** Adds it, or swaps the program of the one with this key, with no packet missed. */
  replace(filter: BpfFilterSpec): Result;
  /** ENOENT where it is not there. */
  delete(filter: FilterKey): Result;
  /** All of a hook, whoever made them. */
  deleteAll(link: number, hook: FilterHook): Result;
}

export interface NamespaceIdChanges<Result> {
  /** Gives another namespace a number in this one. EEXIST where it has one. */
  set(namespace: NamespaceRef, id: number): Result;
}

/** Every change there is, by concern, each with its `Result`. */
export interface Changes<Result> {
  readonly links: LinkChanges<Result>;
  readonly addresses: AddressChanges<Result>;
  readonly routes: RouteChanges<Result>;
  readonly rules: RuleChanges<Result>;
  readonly neighbours: NeighbourChanges<Result>;
  readonly qdiscs: QdiscChanges<Result>;
  readonly filters: FilterChanges<Result>;
  readonly namespaceIds: NamespaceIdChanges<Result>;
}

export interface Listing<K extends ObjectKind> {
  /** In the kernel's order. */
  list(filter?: FilterOf<K>): ObjectOf<K>[];
}

export interface LinkReads extends Listing<"link"> {
  get(link: LinkRef): Link | undefined;
}

export interface NamespaceIdReads extends Listing<"namespaceId"> {
  /** The number that another namespace has in this one. */
  get(namespace: NamespaceRef): number | undefined;
}

/** All that can be asked, by concern. */
export interface Reads {
  readonly links: LinkReads;
  readonly addresses: Listing<"address">;
  readonly routes: Listing<"route">;
  readonly rules: Listing<"rule">;
  readonly neighbours: Listing<"neighbour">;
  readonly qdiscs: Listing<"qdisc">;
  /** Needs the device: `list({ link })`. */
  readonly filters: { list(filter: FilterFilter): Filter[] };
  readonly namespaceIds: NamespaceIdReads;
}

/** The same methods, each with a promise of its answer. */
export type Promised<T> = {
  readonly [K in keyof T]: T[K] extends (...parameters: infer P) => infer R
    ? (...parameters: P) => Promise<R>
    : Promised<T[K]>;
};

export interface ChangeOutcome {
  readonly change: Change;
  /** Undefined where it was made. */
  readonly error: NetlinkError | undefined;
}

/** What a subscription can be to. */
export type EventGroup =
  | "link"
  | "address"
  | "route"
  | "rule"
  | "neighbour"
  | "traffic"
  | "namespaceId";

type ObjectEvent<K extends ObjectKind> = {
  readonly [Kind in K]: {
    readonly kind: Kind;
    /** `set`: it is new, or was changed. */
    readonly action: "set" | "deleted";
    readonly object: ObjectOf<Kind>;
  };
}[K];

/**
 * Events were lost, because the kernel's buffer or the subscriber's queue was full: what is known
 * from events is out of date, and must be listed again. It comes before the events after the gap.
 */
export interface LostEvents {
  readonly kind: "lost";
}

export type NetlinkEvent = ObjectEvent<ObjectKind> | LostEvents;

export interface SubscriptionOptions {
  /** How many events may wait to be taken. */
  readonly maxQueued?: number;
  /** The kernel's buffer. */
  readonly receiveBytes?: number;
}

/** Changes as they come, from the moment of subscribing on. For one reader. */
export interface Subscription extends AsyncIterable<NetlinkEvent>, Disposable {
  /** How often events were lost. */
  readonly losses: number;
}

/**
 * The network configuration of one namespace: the seam between what we want of it and the
 * kernel. Methods work on the calling thread and return when the kernel has done it; those of
 * `async` work in turn on another, for what waits (deleting links) and for long lists.
 * Failures are `NetlinkError`s.
 */
export interface Netlink extends Changes<void>, Reads, Disposable {
  readonly links: LinkChanges<void> & LinkReads;
  readonly addresses: AddressChanges<void> & Listing<"address">;
  readonly routes: RouteChanges<void> & Listing<"route">;
  readonly rules: RuleChanges<void> & Listing<"rule">;
  readonly neighbours: NeighbourChanges<void> & Listing<"neighbour">;
  readonly qdiscs: QdiscChanges<void> & Listing<"qdisc">;
  readonly filters: FilterChanges<void> & Reads["filters"];
  readonly namespaceIds: NamespaceIdChanges<void> & NamespaceIdReads;
  readonly async: Promised<Changes<void> & Reads>;

  /**
   * Many changes in one system call, in order. Each is tried, also after one that failed.
   * `Batch` collects them.
   */
  apply(changes: readonly Change[]): ChangeOutcome[];
  applyAsync(changes: readonly Change[]): Promise<ChangeOutcome[]>;

  /**
   * What changes from now on, whoever changes it. Of IPv4 routes that go with a device or an
   * address the kernel tells nothing: that device or address is told of.
   */
  subscribe(groups: readonly EventGroup[], options?: SubscriptionOptions): Subscription;
}
