import type { MacAddress } from "#base";
import type {
  Address,
  Change,
  EventGroup,
  Filter,
  LinkDetails,
  NamespaceRef,
  Neighbour,
  NetlinkEvent,
  Qdisc,
  Route,
  Rule,
} from "#netlink";
import type { ErrnoName } from "./failure.ts";

/** What one subscription gets. */
export interface Subscriber {
  readonly groups: readonly EventGroup[];
  readonly tell: (event: NetlinkEvent) => void;
}

/** A device, changed in place. */
export interface FakeLink {
  namespace: FakeNamespace;
  index: number;
  name: string;
  hardwareType: number;
  mac: MacAddress | undefined;
  mtu: number;
  /** Bits of LinkFlag, without those that follow from others. */
  flags: number;
  group: number;
  txQueueLength: number;
  txQueues: number;
  rxQueues: number;
  alias: string | undefined;
  master: FakeLink | undefined;
  parent: FakeLink | undefined;
  details: LinkDetails | undefined;
  gsoMaxSize: number;
  groMaxSize: number;
  gsoIpv4MaxSize: number;
  groIpv4MaxSize: number;
  qdiscs: Qdisc[];
}

/** What all namespaces share. */
export interface Machine {
  namespaceOf(ref: NamespaceRef): FakeNamespace | undefined;
  programId(fd: number): number | undefined;
  randomMac(): MacAddress;
}

/** A namespace in memory. What is in the lists is immutable; the lists are replaced. */
export class FakeNamespace implements NamespaceRef {
  readonly name: string;
  /** Names it to whoever takes a `NamespaceRef`; it is no descriptor of this process. */
  readonly fd: number;
  readonly machine: Machine;
  readonly links: Map<number, FakeLink> = new Map();
  /** The numbers of other namespaces in this one. */
  readonly ids: Map<FakeNamespace, number> = new Map();
  readonly subscribers: Set<Subscriber> = new Set();
  addresses: Address[] = [];
  routes: Route[] = [];
  rules: Rule[];
  neighbours: Neighbour[] = [];
  filters: Filter[] = [];
  /** All changes that were tried, for assertions about who does what. */
  readonly changes: Change[] = [];
  /** Set by a test: the error that a change shall fail with, if it shall. */
  refuse: ((change: Change) => ErrnoName | undefined) | undefined;
  #lastIndex = 0;

  constructor(
    machine: Machine,
    { name, fd, rules }: { readonly name: string; readonly fd: number; readonly rules: Rule[] },
  ) {
    this.machine = machine;
    this.name = name;
    this.fd = fd;
    this.rules = rules;
  }

  /** An index that no device has. Freed ones do not come back, as in the kernel. */
  freeIndex(): number {
    do this.#lastIndex += 1;
    while (this.links.has(this.#lastIndex));
    return this.#lastIndex;
  }

  linkNamed(name: string): FakeLink | undefined {
    for (const link of this.links.values()) {
      if (link.name === name) return link;
    }
    return undefined;
  }

  /** The number of another namespace in this one, which gets one if it has none. */
  idOf(other: FakeNamespace): number {
    const known = this.ids.get(other);
    if (known !== undefined) return known;
    const taken = new Set(this.ids.values());
    let id = 0;
    while (taken.has(id)) id += 1;
    this.ids.set(other, id);
    return id;
  }

  tell(group: EventGroup, event: NetlinkEvent): void {
    for (const subscriber of this.subscribers) {
      if (subscriber.groups.includes(group)) subscriber.tell(event);
    }
  }
}
