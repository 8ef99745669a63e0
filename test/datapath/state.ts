import {
  authenticationCodec,
  endpointCodec,
  EndpointFlag,
  type Flow,
  flowCodec,
  type FlowKey,
  flowKeyCodec,
  identityPairCodec,
  localAddressCodec,
  nodeStateCodec,
  peerCodec,
  policyCodec,
  policyEntryCodec,
  policyKeyCodec,
  prefixCodec,
} from "#abi";
import { Cidr, IpAddress, MacAddress } from "#base";
import type { ModelStores, Store } from "#datapath/model";
import { makePolicy, type PolicyOptions, type Rule } from "./rules.ts";

export interface EndpointSpec {
  readonly slot: number;
  readonly identity: number;
  readonly mac: string;
  readonly hostMac: string;
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  /** 0 is none. */
  readonly policy?: number;
  /** The one of odd generations; the same, if not said. */
  readonly nextPolicy?: number;
  readonly since?: number;
  readonly id?: number;
}

export interface KeyedFlow {
  readonly key: FlowKey;
  readonly flow: Flow;
}

const NO_ADDRESS = { bytes: new Uint8Array(16) };
const FAMILY_BITS = 32;
const FIRST_EPOCH = 1;

const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

function addressOf(text: string | undefined): { bytes: Uint8Array } {
  return text === undefined ? NO_ADDRESS : { bytes: IpAddress.parse(text).bytes };
}

function prefixKey(text: string): Uint8Array {
  const cidr = Cidr.parse(text);
  return prefixCodec.encode({
    length: FAMILY_BITS + cidr.prefixLength128,
    family: cidr.family,
    address: { bytes: cidr.network.bytes },
  });
}

/** Writes what the programs go by, in the words of a test, into maps of any kind. */
export class DatapathState {
  readonly #stores: ModelStores;
  readonly #endpoints = new Map<number, EndpointSpec>();
  /** The keys of entries by policy. */
  readonly #policies = new Map<number, readonly Uint8Array[]>();

  constructor(stores: ModelStores) {
    this.#stores = stores;
    this.setEpoch(FIRST_EPOCH);
  }

  get epoch(): number {
    const bytes = this.#stores.nodeStates.lookup(u32(0));
    return bytes === undefined ? 0 : nodeStateCodec.decode(bytes).epoch;
  }

  /** Of a generation's parity, of two policies the first or the second holds. */
  setEpoch(epoch: number, generation = 0): void {
    this.#stores.nodeStates.update(u32(0), nodeStateCodec.encode({ epoch, generation }));
  }

  /** Answers the new epoch. */
  raiseEpoch(): number {
    this.setEpoch(this.epoch + 1);
    return this.epoch;
  }

  /** With its addresses. */
  setEndpoint(spec: EndpointSpec): void {
    this.removeEndpoint(spec.slot);
    this.#endpoints.set(spec.slot, spec);
    const record = {
      policy: [spec.policy ?? 0, spec.nextPolicy ?? spec.policy ?? 0],
      identity: spec.identity,
      since: spec.since ?? FIRST_EPOCH,
      id: spec.id ?? spec.slot,
      flags: EndpointFlag.endpointInUse,
      ipv4: addressOf(spec.ipv4),
      ipv6: addressOf(spec.ipv6),
      mac: MacAddress.parse(spec.mac).bytes,
      hostMac: MacAddress.parse(spec.hostMac).bytes,
    };
    this.#stores.endpoints.update(u32(spec.slot), endpointCodec.encode(record));
    const value = localAddressCodec.encode({ slot: spec.slot });
    for (const key of addressesOf(spec)) this.#stores.localAddresses.update(key, value);
  }

  /** Some of what is said of it anew. */
  changeEndpoint(slot: number, change: Partial<EndpointSpec>): void {
    const known = this.#endpoints.get(slot);
    if (known === undefined) throw new Error(`there is no endpoint in slot ${slot}`);
    this.setEndpoint({ ...known, ...change });
  }

  removeEndpoint(slot: number): void {
    const known = this.#endpoints.get(slot);
    if (known === undefined) return;
    for (const key of addressesOf(known)) this.#stores.localAddresses.delete(key);
    this.#stores.endpoints.update(u32(slot), new Uint8Array(endpointCodec.size));
    this.#endpoints.delete(slot);
  }

  setPeer(prefix: string, identity: number): void {
    this.#stores.ipcache.update(prefixKey(prefix), peerCodec.encode({ identity }));
  }

  removePeer(prefix: string): void {
    this.#stores.ipcache.delete(prefixKey(prefix));
  }

  setBlock(prefix: string, identity: number): void {
    this.#stores.blocks.update(prefixKey(prefix), peerCodec.encode({ identity }));
  }

  removeBlock(prefix: string): void {
    this.#stores.blocks.delete(prefixKey(prefix));
  }

  /** In the place of what the policy said; the epoch stays as it is. */
  setPolicy(number: number, rules: readonly Rule[], options: PolicyOptions = {}): void {
    this.removePolicy(number);
    const { policy, entries } = makePolicy(number, rules, options);
    const keys = entries.map(({ key, entry }) => {
      const bytes = policyKeyCodec.encode(key);
      this.#stores.policyEntries.update(bytes, policyEntryCodec.encode(entry));
      return bytes;
    });
    this.#policies.set(number, keys);
    this.#stores.policies.update(u32(number), policyCodec.encode(policy));
  }

  removePolicy(number: number): void {
    for (const key of this.#policies.get(number) ?? []) this.#stores.policyEntries.delete(key);
    this.#stores.policies.update(u32(number), new Uint8Array(policyCodec.size));
    this.#policies.delete(number);
  }

  authenticate(local: number, remote: number, expiresNs: bigint): void {
    const key = identityPairCodec.encode({ local, remote });
    this.#stores.authentications.update(key, authenticationCodec.encode({ expiresNs }));
  }

  /** All flows that are kept, expired or not, in no order. */
  flows(): KeyedFlow[] {
    const { tcpFlows, otherFlows } = this.#stores;
    return [...tcpFlows.entries(), ...otherFlows.entries()].map(([key, value]) => ({
      key: flowKeyCodec.decode(key),
      flow: flowCodec.decode(value),
    }));
  }

  clearFlows(): void {
    for (const store of [this.#stores.tcpFlows, this.#stores.otherFlows]) empty(store);
    empty(this.#stores.datagrams);
  }

  /** As it was at first. */
  clear(): void {
    for (const slot of this.#endpoints.keys()) this.removeEndpoint(slot);
    for (const number of this.#policies.keys()) this.removePolicy(number);
    for (const store of [this.#stores.ipcache, this.#stores.blocks, this.#stores.authentications]) {
      empty(store);
    }
    this.clearFlows();
    this.setEpoch(FIRST_EPOCH);
  }
}

function addressesOf({ ipv4, ipv6 }: EndpointSpec): Uint8Array[] {
  return [ipv4, ipv6].flatMap((each) => (each === undefined ? [] : [addressOf(each).bytes]));
}

function empty(store: Store): void {
  for (const key of [...store.entries()].map(([each]) => each)) store.delete(key);
}
