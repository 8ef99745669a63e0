/** A pod's record, as programs read it. */
import { type Endpoint, endpointCodec, EndpointFlag } from "#abi";
import { bytesEqual, type IpAddress } from "#base";
import type { EndpointRow } from "../tables.ts";

const NO_ADDRESS = new Uint8Array(16);

/** What an empty slot holds. */
export const EMPTY_RECORD: Uint8Array = new Uint8Array(endpointCodec.size);

export function isInUse(record: Endpoint): boolean {
  return (record.flags & EndpointFlag.endpointInUse) !== 0;
}

/** `policies`: that of an even generation, and that of an odd one. */
export function recordOf(row: EndpointRow, policies: readonly number[], since: number): Endpoint {
  return {
    policy: policies,
    identity: row.identity,
    since,
    id: row.id,
    flags: EndpointFlag.endpointInUse,
    ipv4: { bytes: addressBytes(row.ipv4) },
    ipv6: { bytes: addressBytes(row.ipv6) },
    mac: row.mac.bytes,
    hostMac: row.hostMac.bytes,
  };
}

/** The policy that holds in a generation. */
export function policyIn({ policy }: Endpoint, generation: number): number {
  return policy[generation & 1] ?? 0;
}

export function withPolicyIn(record: Endpoint, generation: number, number: number): Endpoint {
  const policy = record.policy.map((each, at) => (at === (generation & 1) ? number : each));
  return { ...record, policy };
}

/** Whether a record is about the pod of the row, whose flows are then its own. */
export function isSamePod(record: Endpoint, row: EndpointRow): boolean {
  return (
    isInUse(record) &&
    record.id === row.id &&
    bytesEqual(record.mac, row.mac.bytes) &&
    bytesEqual(record.ipv4.bytes, addressBytes(row.ipv4)) &&
    bytesEqual(record.ipv6.bytes, addressBytes(row.ipv6))
  );
}

/** As keys of `local_addresses`. */
export function addressesOfRow({ ipv4, ipv6 }: EndpointRow): Uint8Array[] {
  return [ipv4, ipv6].flatMap((address) => (address === undefined ? [] : [address.bytes]));
}

/** The same of a record. */
export function addressesOfRecord({ ipv4, ipv6 }: Endpoint): Uint8Array[] {
  return [ipv4.bytes, ipv6.bytes].filter((bytes) => !bytesEqual(bytes, NO_ADDRESS));
}

function addressBytes(address: IpAddress | undefined): Uint8Array {
  return address === undefined ? NO_ADDRESS : address.bytes;
}
