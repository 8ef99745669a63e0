import type { IpFamily } from "#base";
import type { Change } from "../change.ts";
import type { FilterHook } from "../model/traffic.ts";
import type { FilterOf, ObjectKind } from "../types.ts";
import { writeAddress } from "./address.ts";
import { familyNumber } from "./families.ts";
import { writeKind } from "./link-kinds.ts";
import { IFLA, SKIP_STATISTICS, writeLinkCreate, writeLinkHeader, writeLinkSet } from "./link.ts";
import { writeNamespaceId } from "./namespace-id.ts";
import { NDA, PROXY, writeNeighbour } from "./neighbour.ts";
import { RTA, writeRoute } from "./route.ts";
import { writeRule } from "./rule.ts";
import {
  hookParent,
  writeFilter,
  writeFilterDelete,
  writeFilterDeleteAll,
  writeQdisc,
  writeTrafficHeader,
} from "./traffic.ts";
import { MessageFlag, RTM } from "./wire.ts";
import type { MessageWriter } from "./writer.ts";

const PLAIN = MessageFlag.request;
const ADD = PLAIN | MessageFlag.create | MessageFlag.exclusive;
const REPLACE = PLAIN | MessageFlag.create | MessageFlag.replace;

/**
 * The request for a change. The kernel tells of failures in any case, and of success only where
 * it is asked to.
 */
export function writeChange(writer: MessageWriter, change: Change, sequence: number): void {
  const begin = (type: number, flags: number): void => writer.begin(type, flags, sequence);
  switch (change.type) {
    case "link create":
      begin(RTM.NEWLINK, ADD);
      writeLinkCreate(writer, change.spec);
      break;
    case "link set":
      begin(RTM.NEWLINK, PLAIN);
      writeLinkSet(writer, change.link, change.update);
      break;
    case "link delete":
      begin(RTM.DELLINK, PLAIN);
      writeLinkHeader(writer, change.link);
      break;
    case "link delete group":
      begin(RTM.DELLINK, PLAIN);
      writeLinkHeader(writer, undefined);
      writer.u32(IFLA.GROUP, change.group);
      break;
    case "address add":
    case "address replace":
      begin(RTM.NEWADDR, change.type === "address add" ? ADD : REPLACE);
      writeAddress(writer, change.spec);
      break;
    case "address delete":
      begin(RTM.DELADDR, PLAIN);
      writeAddress(writer, change.spec);
      break;
    case "route add":
    case "route replace":
      begin(RTM.NEWROUTE, change.type === "route add" ? ADD : REPLACE);
      writeRoute(writer, change.spec, true);
      break;
    case "route delete":
      begin(RTM.DELROUTE, PLAIN);
      writeRoute(writer, change.spec, false);
      break;
    case "rule add":
      begin(RTM.NEWRULE, ADD);
      writeRule(writer, change.spec, true);
      break;
    case "rule delete":
      begin(RTM.DELRULE, PLAIN);
      writeRule(writer, change.spec, false);
      break;
    case "neighbour add":
    case "neighbour replace":
      begin(RTM.NEWNEIGH, change.type === "neighbour add" ? ADD : REPLACE);
      writeNeighbour(writer, change.spec);
      break;
    case "neighbour delete":
      begin(RTM.DELNEIGH, PLAIN);
      writeNeighbour(writer, change.spec);
      break;
    case "qdisc add":
    case "qdisc replace":
      begin(RTM.NEWQDISC, change.type === "qdisc add" ? ADD : REPLACE);
      writeQdisc(writer, change.spec);
      break;
    case "qdisc delete":
      begin(RTM.DELQDISC, PLAIN);
      writeQdisc(writer, change.spec);
      break;
    case "filter add":
    case "filter replace":
      begin(RTM.NEWTFILTER, change.type === "filter add" ? ADD : PLAIN | MessageFlag.create);
      writeFilter(writer, change.spec);
      break;
    case "filter delete":
      begin(RTM.DELTFILTER, PLAIN);
      writeFilterDelete(writer, change.key);
      break;
    case "filter delete all":
      begin(RTM.DELTFILTER, PLAIN);
      writeFilterDeleteAll(writer, change.link, change.hook);
      break;
    case "namespace id set":
      begin(RTM.NEWNSID, PLAIN);
      writeNamespaceId(writer, change.namespace, change.id);
      break;
    default:
      change satisfies never;
  }
  writer.end();
}

/** One request of a list: the kernel wants families and hooks one by one. */
export interface ListRequest<K extends ObjectKind> {
  readonly write: (writer: MessageWriter, sequence: number) => void;
  /** What its answers must fit: a kernel without a family answers with all that it has. */
  readonly filter: FilterOf<K>;
}

/** The requests whose answers, one after the other, are a list. */
export function listRequests<K extends ObjectKind>(kind: K, filter: FilterOf<K>): ListRequest<K>[] {
  return LISTS[kind](filter);
}

type Lists = { readonly [K in ObjectKind]: (filter: FilterOf<K>) => ListRequest<K>[] };
type Body = (writer: MessageWriter) => void;

function write(type: number, flags: number, body: Body): ListRequest<ObjectKind>["write"] {
  return (writer, sequence) => {
    writer.begin(type, flags, sequence);
    body(writer);
    writer.end();
  };
}

/** Asks for all that there is. */
function dump(type: number, body: Body): ListRequest<ObjectKind>["write"] {
  return write(type, MessageFlag.request | MessageFlag.dump, body);
}

/** Asks for one thing. */
function get(type: number, body: Body): ListRequest<ObjectKind>["write"] {
  return write(type, MessageFlag.request, body);
}

/** One request for each family that is asked for. */
function byFamily<F extends { readonly family?: IpFamily }>(
  filter: F,
  type: number,
  body: (writer: MessageWriter, family: number) => void,
): { write: ListRequest<ObjectKind>["write"]; filter: F }[] {
  const families: readonly IpFamily[] = filter.family === undefined ? [4, 6] : [filter.family];
  return families.map((family) => ({
    write: dump(type, (writer) => body(writer, familyNumber(family))),
    filter: { ...filter, family },
  }));
}

const LISTS: Lists = {
  link: (filter) => {
    const { ref, master, kind } = filter;
    const body: Body = (writer) => {
      writeLinkHeader(writer, ref);
      writer.u32(IFLA.EXT_MASK, SKIP_STATISTICS);
      if (ref !== undefined) return;
      writer.u32(IFLA.MASTER, master);
      if (kind !== undefined) writer.nest(IFLA.LINKINFO, () => writeKind(writer, kind));
    };
    return [{ write: (ref === undefined ? dump : get)(RTM.GETLINK, body), filter }];
  },
  address: (filter) =>
    byFamily(filter, RTM.GETADDR, (writer, family) => {
      writer.bytes.u32le(family).u32le(filter.link ?? 0);
    }),
  route: (filter) =>
    byFamily(filter, RTM.GETROUTE, (writer, family) => {
      const { table = 0, protocol = 0 } = filter;
      writer.bytes.u32le(family);
      writer.bytes
        .u8(table < 256 ? table : 0)
        .u8(protocol)
        .u16le(0)
        .u32le(0);
      writer.u32(RTA.TABLE, filter.table);
      writer.u32(RTA.OIF, filter.link);
    }),
  rule: (filter) =>
    byFamily(filter, RTM.GETRULE, (writer, family) => {
      writer.bytes.u32le(family).u32le(0).u32le(0);
    }),
  neighbour: (filter) =>
    byFamily(filter, RTM.GETNEIGH, (writer, family) => {
      const flags = filter.isProxy === true ? PROXY : 0;
      writer.bytes.u32le(family).u32le(0).u16le(0).u8(flags).u8(0);
      writer.u32(NDA.IFINDEX, filter.link);
    }),
  qdisc: (filter) => [
    { write: dump(RTM.GETQDISC, (writer) => writeTrafficHeader(writer, {})), filter },
  ],
  filter: ({ link, hook }) => {
    const hooks: readonly FilterHook[] = hook === undefined ? ["ingress", "egress"] : [hook];
    return hooks.map((each) => ({
      write: dump(RTM.GETTFILTER, (writer) => {
        writeTrafficHeader(writer, { link, parent: hookParent(each) });
      }),
      filter: { link, hook: each },
    }));
  },
  namespaceId: (filter) => {
    const { namespace } = filter;
    const body: Body = (writer) => writeNamespaceId(writer, namespace);
    return [{ write: (namespace === undefined ? dump : get)(RTM.GETNSID, body), filter }];
  },
};
