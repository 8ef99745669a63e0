import { AddressFlag, type Address, type AddressSpec, Scope } from "../model/address.ts";
import { familyNumber, familyOf } from "./families.ts";
import type { Message } from "./message.ts";
import type { MessageWriter } from "./writer.ts";

export const ADDRESS_HEADER_BYTES = 8;
export const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  CACHEINFO: 6,
  FLAGS: 8,
  RT_PRIORITY: 9,
  PROTO: 11,
} as const;
const FOREVER = 0xffff_ffff;

/** Undefined for families that are not IP. */
export function readAddress(message: Message): Address | undefined {
  const header = message.header(ADDRESS_HEADER_BYTES, "ifaddrmsg");
  const family = familyOf(header.u8());
  if (family === undefined) return undefined;
  const prefixLength = header.u8();
  const lowFlags = header.u8();
  const scope = header.u8();
  const link = header.u32le();
  const attributes = message.attributes(ADDRESS_HEADER_BYTES);
  // IFA_ADDRESS is the peer's, where there is one, and then IFA_LOCAL is ours.
  const outer = attributes.ip(IFA.ADDRESS, family);
  const address = attributes.ip(IFA.LOCAL, family) ?? outer;
  if (address === undefined) return undefined;
  const lifetime = attributes.range(IFA.CACHEINFO);
  const times = lifetime && message.readerAt(lifetime.start, lifetime.end);
  const preferred = times?.u32le("preferred lifetime");
  const valid = times?.u32le("valid lifetime");
  return {
    link,
    family,
    address,
    prefixLength,
    peer: outer === undefined || outer.equals(address) ? undefined : outer,
    broadcast: attributes.ip(IFA.BROADCAST, family),
    scope,
    flags: attributes.u32(IFA.FLAGS) ?? lowFlags,
    label: attributes.text(IFA.LABEL),
    metric: attributes.u32(IFA.RT_PRIORITY),
    protocol: attributes.u8(IFA.PROTO),
    validSeconds: valid === FOREVER ? undefined : valid,
    preferredSeconds: preferred === FOREVER ? undefined : preferred,
  };
}

/** What the kernel says of an address and nobody can set. */
const REPORTED_FLAGS =
  AddressFlag.secondary |
  AddressFlag.dadFailed |
  AddressFlag.deprecated |
  AddressFlag.tentative |
  AddressFlag.permanent;

export function writeAddress(writer: MessageWriter, spec: AddressSpec): void {
  const family = spec.family ?? spec.address.family;
  const flags = ((spec.flags ?? 0) & ~REPORTED_FLAGS) >>> 0;
  writer.bytes.u8(familyNumber(family)).u8(spec.prefixLength).u8(0);
  writer.bytes.u8(spec.scope ?? defaultScope(spec)).u32le(spec.link);
  writer.ip(IFA.LOCAL, spec.address, family);
  writer.ip(IFA.ADDRESS, spec.peer ?? spec.address, family);
  writer.ip(IFA.BROADCAST, spec.broadcast, family);
  writer.text(IFA.LABEL, spec.label);
  if (flags !== 0) writer.u32(IFA.FLAGS, flags);
  writer.u32(IFA.RT_PRIORITY, spec.metric);
  writer.u8(IFA.PROTO, spec.protocol);
  const { validSeconds = FOREVER, preferredSeconds = validSeconds } = spec;
  if (validSeconds === FOREVER && preferredSeconds === FOREVER) return;
  writer.block(IFA.CACHEINFO, () => {
    writer.bytes.u32le(preferredSeconds).u32le(validSeconds).u32le(0).u32le(0);
  });
}

function defaultScope({ address }: AddressSpec): number {
  if (address.isLoopback) return Scope.host;
  return address.isLinkLocal && address.family === 6 ? Scope.link : Scope.universe;
}
