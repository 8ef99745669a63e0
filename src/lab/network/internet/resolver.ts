import { type Clock, systemClock } from "#base";
import { DNS_CLASS_INTERNET, DnsResponseCode, DnsType } from "#packet";
import { addressData } from "../dns/answers.ts";
import type { DnsAnswer, DnsQuery, DnsRecord } from "../dns/message.ts";
import type { InternetHosts } from "./hosts.ts";

const NEGATIVE_SECONDS = 5;
const FAMILIES: ReadonlyMap<number, 4 | 6> = new Map([
  [DnsType.A, 4],
  [DnsType.AAAA, 6],
]);

/** What the resolver of the little internet says. */
export function answerFromInternet(
  query: DnsQuery,
  hosts: InternetHosts,
  clock: Clock = systemClock,
): DnsAnswer {
  const { name } = query;
  const isHost = hosts.lookup(name, 4, clock.nowMs()) !== undefined;
  const isKnown = isHost || hosts.isParent(name) || name === "";
  const code = isKnown ? DnsResponseCode.NOERROR : DnsResponseCode.NXDOMAIN;
  const family = query.class === DNS_CLASS_INTERNET ? FAMILIES.get(query.type) : undefined;
  const found = family && hosts.lookup(name, family, clock.nowMs());
  const answers = (found?.addresses ?? []).map((address) => ({
    ...addressData(address),
    name,
    ttlSeconds: found?.ttlSeconds ?? 0,
  }));
  const authority = answers.length === 0 ? [soa()] : [];
  return { code, isAuthoritative: false, answers, authority, additional: [] };
}

function soa(): DnsRecord {
  return {
    type: "SOA",
    name: "",
    server: "resolver.internet",
    mailbox: "hostmaster.internet",
    serial: 1,
    negativeSeconds: NEGATIVE_SECONDS,
    ttlSeconds: NEGATIVE_SECONDS,
  };
}
