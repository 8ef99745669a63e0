import type { FilterOf, NetlinkEvent, ObjectKind, ObjectOf } from "../types.ts";
import { readAddress } from "./address.ts";
import { readLink } from "./link.ts";
import type { Message } from "./message.ts";
import { readNamespaceId } from "./namespace-id.ts";
import { readNeighbour } from "./neighbour.ts";
import { readRoute } from "./route.ts";
import { readRule } from "./rule.ts";
import { readFilter, readQdisc } from "./traffic.ts";
import { RTM } from "./wire.ts";

interface Codec<K extends ObjectKind> {
  readonly set: number;
  readonly deleted: number;
  /** Undefined for messages of this type about something else. */
  readonly read: (message: Message) => ObjectOf<K> | undefined;
}

const CODECS: { readonly [K in ObjectKind]: Codec<K> } = {
  link: { set: RTM.NEWLINK, deleted: RTM.DELLINK, read: readLink },
  address: { set: RTM.NEWADDR, deleted: RTM.DELADDR, read: readAddress },
  route: { set: RTM.NEWROUTE, deleted: RTM.DELROUTE, read: readRoute },
  rule: { set: RTM.NEWRULE, deleted: RTM.DELRULE, read: readRule },
  neighbour: { set: RTM.NEWNEIGH, deleted: RTM.DELNEIGH, read: readNeighbour },
  qdisc: { set: RTM.NEWQDISC, deleted: RTM.DELQDISC, read: readQdisc },
  filter: { set: RTM.NEWTFILTER, deleted: RTM.DELTFILTER, read: readFilter },
  namespaceId: { set: RTM.NEWNSID, deleted: RTM.DELNSID, read: readNamespaceId },
};

/** The object that a message of a list holds. */
export function readObject<K extends ObjectKind>(
  kind: K,
  message: Message,
): ObjectOf<K> | undefined {
  const codec: Codec<K> = CODECS[kind];
  return message.type === codec.set ? codec.read(message) : undefined;
}

/** What a message to a multicast group tells; undefined for what is not ours to know. */
export function readEvent(message: Message): NetlinkEvent | undefined {
  for (const kind of Object.keys(CODECS) as ObjectKind[]) {
    const codec = CODECS[kind];
    if (message.type !== codec.set && message.type !== codec.deleted) continue;
    const object = codec.read(message);
    if (object === undefined) return undefined;
    const action = message.type === codec.set ? "set" : "deleted";
    return { kind, action, object } as NetlinkEvent;
  }
  return undefined;
}

/**
 * Whether an object fits a filter. The kernel leaves most of what does not fit out by itself; it
 * has no filter for the rest, and older ones fewer.
 */
export function fits<K extends ObjectKind>(
  kind: K,
  object: ObjectOf<K>,
  filter: FilterOf<K>,
): boolean {
  return FITS[kind](object, filter);
}

function is<T>(wanted: T | undefined, actual: T | undefined): boolean {
  return wanted === undefined || wanted === actual;
}

type Fits = { readonly [K in ObjectKind]: (object: ObjectOf<K>, filter: FilterOf<K>) => boolean };

const FITS: Fits = {
  link: (link, { ref, kind, master }) => {
    const { details } = link;
    const ownKind = details?.kind === "other" ? details.name : details?.kind;
    const isNamed =
      ref === undefined ||
      link.index === ref ||
      link.name === ref ||
      link.alternativeNames.includes(String(ref));
    return isNamed && is(kind, ownKind) && is(master, link.master);
  },
  address: (address, { link, family }) => is(link, address.link) && is(family, address.family),
  route: (route, { family, table, protocol, link }) =>
    is(family, route.family) &&
    is(table, route.table) &&
    is(protocol, route.protocol) &&
    (is(link, route.link) || route.nextHops.some((hop) => hop.link === link)),
  rule: (rule, { family }) => is(family, rule.family),
  neighbour: (neighbour, { family, link, isProxy = false }) =>
    is(family, neighbour.family) && is(link, neighbour.link) && neighbour.isProxy === isProxy,
  qdisc: (qdisc, { link }) => is(link, qdisc.link),
  filter: (filter, { link, hook }) => filter.link === link && is(hook, filter.hook),
  namespaceId: () => true,
};
