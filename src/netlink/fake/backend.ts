import { assert } from "#base";
import {
  type Backend,
  type Change,
  type ChangeOutcome,
  describeChange,
  type EventGroup,
  EventQueue,
  type FilterOf,
  fits,
  type Netlink,
  NetlinkError,
  netlinkOver,
  type ObjectKind,
  type ObjectOf,
  type Subscription,
  type SubscriptionOptions,
} from "#netlink";
import { addAddress, deleteAddress } from "./addresses.ts";
import { Refusal, refuse } from "./failure.ts";
import { createLink, deleteLink, deleteLinkGroup, setLink } from "./link-changes.ts";
import { reportLink } from "./links.ts";
import { addNeighbour, deleteNeighbour } from "./neighbours.ts";
import { addRoute, deleteRoute } from "./routes.ts";
import { addRule, deleteRule } from "./rules.ts";
import type { FakeNamespace, Subscriber } from "./state.ts";
import { addQdisc, deleteAllFilters, deleteFilter, deleteQdisc, putFilter } from "./traffic.ts";

/** As `openNetlink`, of a namespace in memory. */
export function openFakeNetlink(namespace: FakeNamespace): Netlink {
  return netlinkOver(new FakeBackend(namespace));
}

class FakeBackend implements Backend {
  readonly #namespace: FakeNamespace;
  #isClosed = false;

  constructor(namespace: FakeNamespace) {
    this.#namespace = namespace;
  }

  list<K extends ObjectKind>(kind: K, filter: FilterOf<K>): ObjectOf<K>[] {
    this.#check();
    const objects = LISTS[kind](this.#namespace, filter);
    return objects.filter((object) => fits(kind, object, filter));
  }

  async listAsync<K extends ObjectKind>(kind: K, filter: FilterOf<K>): Promise<ObjectOf<K>[]> {
    await Promise.resolve();
    return this.list(kind, filter);
  }

  apply(changes: readonly Change[]): ChangeOutcome[] {
    this.#check();
    return changes.map((change) => ({ change, error: this.#try(change) }));
  }

  async applyAsync(changes: readonly Change[]): Promise<ChangeOutcome[]> {
    await Promise.resolve();
    return this.apply(changes);
  }

  subscribe(groups: readonly EventGroup[], options: SubscriptionOptions): Subscription {
    this.#check();
    return new FakeSubscription(this.#namespace, groups, options);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
  }

  #check(): void {
    assert(!this.#isClosed, `netlink of ${this.#namespace.name}: used after close`);
  }

  #try(change: Change): NetlinkError | undefined {
    const namespace = this.#namespace;
    namespace.changes.push(change);
    try {
      const ordered = namespace.refuse?.(change);
      if (ordered !== undefined) refuse(ordered);
      make(namespace, change);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return new NetlinkError(describeChange(change), error.errno);
      throw error;
    }
  }
}

type Lists = {
  readonly [K in ObjectKind]: (here: FakeNamespace, filter: FilterOf<K>) => readonly ObjectOf<K>[];
};

const LISTS: Lists = {
  link: (here) =>
    [...here.links.values()].toSorted((a, b) => a.index - b.index).map((link) => reportLink(link)),
  address: (here) => here.addresses.toSorted((a, b) => a.family - b.family || a.link - b.link),
  route: (here) => here.routes,
  rule: (here) => here.rules,
  neighbour: (here) => here.neighbours.toSorted((a, b) => a.family - b.family),
  qdisc: (here) => [...here.links.values()].flatMap((link) => link.qdiscs),
  filter: (here) => here.filters,
  namespaceId: (here, { namespace }) => {
    const other = namespace && here.machine.namespaceOf(namespace);
    const known = [...here.ids].filter(([each]) => namespace === undefined || each === other);
    return known.map(([, id]) => ({ id })).toSorted((a, b) => a.id - b.id);
  },
};

function make(here: FakeNamespace, change: Change): void {
  switch (change.type) {
    case "link create":
      return createLink(here, change.spec);
    case "link set":
      return setLink(here, change.link, change.update);
    case "link delete":
      return deleteLink(here, change.link);
    case "link delete group":
      return deleteLinkGroup(here, change.group);
    case "address add":
    case "address replace":
      return addAddress(here, change.spec, change.type === "address replace");
    case "address delete":
      return deleteAddress(here, change.spec);
    case "route add":
    case "route replace":
      return addRoute(here, change.spec, change.type === "route replace");
    case "route delete":
      return deleteRoute(here, change.spec);
    case "rule add":
      return addRule(here, change.spec);
    case "rule delete":
      return deleteRule(here, change.spec);
    case "neighbour add":
    case "neighbour replace":
      return addNeighbour(here, change.spec, change.type === "neighbour replace");
    case "neighbour delete":
      return deleteNeighbour(here, change.spec);
    case "qdisc add":
    case "qdisc replace":
      return addQdisc(here, change.spec, change.type === "qdisc replace");
    case "qdisc delete":
      return deleteQdisc(here, change.spec);
    case "filter add":
    case "filter replace":
      return putFilter(here, change.spec, change.type === "filter replace");
    case "filter delete":
      return deleteFilter(here, change.key);
    case "filter delete all":
      return deleteAllFilters(here, change.link, change.hook);
    case "namespace id set":
      return setNamespaceId(here, change);
    default:
      return change satisfies never;
  }
}

function setNamespaceId(
  here: FakeNamespace,
  { namespace, id }: Extract<Change, { type: "namespace id set" }>,
): void {
  const other = here.machine.namespaceOf(namespace) ?? refuse("EINVAL");
  if (here.ids.has(other) || [...here.ids.values()].includes(id)) refuse("EEXIST");
  here.ids.set(other, id);
  here.tell("namespaceId", { kind: "namespaceId", action: "set", object: { id } });
}

class FakeSubscription implements Subscription {
  readonly #events: EventQueue;
  readonly #namespace: FakeNamespace;
  readonly #subscriber: Subscriber;

  constructor(
    namespace: FakeNamespace,
    groups: readonly EventGroup[],
    options: SubscriptionOptions,
  ) {
    this.#events = new EventQueue(options);
    this.#namespace = namespace;
    this.#subscriber = { groups, tell: (event) => this.#events.push(event) };
    namespace.subscribers.add(this.#subscriber);
  }

  get losses(): number {
    return this.#events.losses;
  }

  [Symbol.asyncIterator](): ReturnType<EventQueue[typeof Symbol.asyncIterator]> {
    return this.#events[Symbol.asyncIterator]();
  }

  [Symbol.dispose](): void {
    this.#namespace.subscribers.delete(this.#subscriber);
    this.#events[Symbol.dispose]();
  }
}
