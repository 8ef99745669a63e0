import { changesOf, type Change } from "./change.ts";
import type {
  ChangeOutcome,
  Changes,
  EventGroup,
  FilterOf,
  Netlink,
  ObjectKind,
  ObjectOf,
  Promised,
  Reads,
  Subscription,
  SubscriptionOptions,
} from "./types.ts";

/** What is behind a `Netlink`: the kernel, or a fake of it. */
export interface Backend extends Disposable {
  list<K extends ObjectKind>(kind: K, filter: FilterOf<K>): ObjectOf<K>[];
  listAsync<K extends ObjectKind>(kind: K, filter: FilterOf<K>): Promise<ObjectOf<K>[]>;
  apply(changes: readonly Change[]): ChangeOutcome[];
  applyAsync(changes: readonly Change[]): Promise<ChangeOutcome[]>;
  subscribe(groups: readonly EventGroup[], options: SubscriptionOptions): Subscription;
}

/** The whole interface over a backend. */
export function netlinkOver(backend: Backend): Netlink {
  const changes = changesOf<void>((change) => throwFirst(backend.apply([change])));
  const reads: Reads = {
    links: {
      list: (filter = {}) => backend.list("link", filter),
      get: (ref) => backend.list("link", { ref })[0],
    },
    addresses: { list: (filter = {}) => backend.list("address", filter) },
    routes: { list: (filter = {}) => backend.list("route", filter) },
    rules: { list: (filter = {}) => backend.list("rule", filter) },
    neighbours: { list: (filter = {}) => backend.list("neighbour", filter) },
    qdiscs: { list: (filter = {}) => backend.list("qdisc", filter) },
    filters: { list: (filter) => backend.list("filter", filter) },
    namespaceIds: {
      list: (filter = {}) => backend.list("namespaceId", filter),
      get: (namespace) => backend.list("namespaceId", { namespace })[0]?.id,
    },
  };
  return {
    links: { ...changes.links, ...reads.links },
    addresses: { ...changes.addresses, ...reads.addresses },
    routes: { ...changes.routes, ...reads.routes },
    rules: { ...changes.rules, ...reads.rules },
    neighbours: { ...changes.neighbours, ...reads.neighbours },
    qdiscs: { ...changes.qdiscs, ...reads.qdiscs },
    filters: { ...changes.filters, ...reads.filters },
    namespaceIds: { ...changes.namespaceIds, ...reads.namespaceIds },
    async: asyncOver(backend),
    apply: (list) => backend.apply(list),
    applyAsync: (list) => backend.applyAsync(list),
    subscribe: (groups, options = {}) => backend.subscribe(groups, options),
    [Symbol.dispose]: () => backend[Symbol.dispose](),
  };
}

function asyncOver(backend: Backend): Netlink["async"] {
  const changes: Promised<Changes<void>> = changesOf((change) =>
    backend.applyAsync([change]).then(throwFirst),
  );
  const reads: Promised<Reads> = {
    links: {
      list: (filter = {}) => backend.listAsync("link", filter),
      get: async (ref) => (await backend.listAsync("link", { ref }))[0],
    },
    addresses: { list: (filter = {}) => backend.listAsync("address", filter) },
    routes: { list: (filter = {}) => backend.listAsync("route", filter) },
    rules: { list: (filter = {}) => backend.listAsync("rule", filter) },
    neighbours: { list: (filter = {}) => backend.listAsync("neighbour", filter) },
    qdiscs: { list: (filter = {}) => backend.listAsync("qdisc", filter) },
    filters: { list: (filter) => backend.listAsync("filter", filter) },
    namespaceIds: {
      list: (filter = {}) => backend.listAsync("namespaceId", filter),
      get: async (namespace) => (await backend.listAsync("namespaceId", { namespace }))[0]?.id,
    },
  };
  return {
    links: { ...changes.links, ...reads.links },
    addresses: { ...changes.addresses, ...reads.addresses },
    routes: { ...changes.routes, ...reads.routes },
    rules: { ...changes.rules, ...reads.rules },
    neighbours: { ...changes.neighbours, ...reads.neighbours },
    qdiscs: { ...changes.qdiscs, ...reads.qdiscs },
    filters: { ...changes.filters, ...reads.filters },
    namespaceIds: { ...changes.namespaceIds, ...reads.namespaceIds },
  };
}

/** For who takes a batch as one: all must have been made. */
export function throwFirst(outcomes: readonly ChangeOutcome[]): void {
  for (const { error } of outcomes) {
    if (error !== undefined) throw error;
  }
}
