import { DropReason } from "#abi";
import type { Headers } from "./parse.ts";
import type { Tables } from "./stores.ts";

/** Remembers what only a first fragment has, and gives it to later ones. Answers a drop's reason. */
export function joinFragment(headers: Headers, tables: Tables): number {
  if (!headers.isFragment) return DropReason.notDropped;
  const key = {
    source: { bytes: headers.source },
    destination: { bytes: headers.destination },
    id: headers.fragmentId,
    family: headers.family,
    protocol: headers.fragmentProtocol,
  };
  const { protocol, sourcePort, destinationPort, echoId, tcpFlags } = headers;
  if (!headers.isLaterFragment) {
    tables.putDatagram(key, { sourcePort, destinationPort, echoId, tcpFlags, protocol });
    return DropReason.notDropped;
  }
  const datagram = tables.datagram(key);
  if (datagram === undefined) return DropReason.dropFirstFragmentMissing;
  Object.assign(headers, datagram);
  return DropReason.notDropped;
}
