import {
  type Authentication,
  type Codec,
  type Datagram,
  type DatagramKey,
  type Endpoint,
  EndpointFlag,
  type Flow,
  type FlowKey,
  type NodeState,
  type Policy,
  type PolicyEntry,
  PolicyFlag,
  type PolicyKey,
  authenticationsMap,
  blocksMap,
  datagramCodec,
  datagramKeyCodec,
  endpointsMap,
  flowCodec,
  flowKeyCodec,
  ipcacheMap,
  localAddressesMap,
  nodeStatesMap,
  policiesMap,
  policyEntriesMap,
} from "#abi";

/** A map as the model sees it. One that finds prefixes answers the longest. */
export interface Store {
  lookup(key: Uint8Array): Uint8Array | undefined;
  update(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): boolean;
  entries(): Iterable<readonly [Uint8Array, Uint8Array]>;
}

/** The maps that the programs read and write, by the names that they have in `#datapath`. */
export interface ModelStores {
  readonly nodeStates: Store;
  readonly endpoints: Store;
  readonly localAddresses: Store;
  readonly ipcache: Store;
  readonly blocks: Store;
  readonly policies: Store;
  readonly policyEntries: Store;
  readonly authentications: Store;
  readonly tcpFlows: Store;
  readonly otherFlows: Store;
  readonly datagrams: Store;
}

/** The longest prefix there is: 32 bits of family, and the address. */
const WHOLE_PREFIX_BITS = 32 + 128;

/** The stores, of values instead of bytes. */
export class Tables {
  readonly #stores: ModelStores;

  constructor(stores: ModelStores) {
    this.#stores = stores;
  }

  nodeState(): NodeState {
    const { key, value } = nodeStatesMap;
    return find(this.#stores.nodeStates, key.encode(0), value) ?? { epoch: 0, generation: 0 };
  }

  /** The endpoint of a slot that is in use. */
  endpoint(slot: number): Endpoint | undefined {
    const { key, value } = endpointsMap;
    const endpoint = find(this.#stores.endpoints, key.encode(slot), value);
    const isInUse = ((endpoint?.flags ?? 0) & EndpointFlag.endpointInUse) !== 0;
    return isInUse ? endpoint : undefined;
  }

  /** The slot that an address of the node's pods belongs to; 0 for any other. */
  slotOf(address: Uint8Array): number {
    const { key, value } = localAddressesMap;
    return find(this.#stores.localAddresses, key.encode({ bytes: address }), value)?.slot ?? 0;
  }

  peerIdentity(family: number, address: Uint8Array): number | undefined {
    return longest(this.#stores.ipcache, ipcacheMap, family, address);
  }

  /** The second identity of an address; 0 for none. */
  blockIdentity(family: number, address: Uint8Array): number {
    return longest(this.#stores.blocks, blocksMap, family, address) ?? 0;
  }

  /** A policy that is in use. */
  policy(number: number): Policy | undefined {
    if (number === 0) return undefined;
    const { key, value } = policiesMap;
    const policy = find(this.#stores.policies, key.encode(number), value);
    return ((policy?.flags ?? 0) & PolicyFlag.policyInUse) === 0 ? undefined : policy;
  }

  policyEntry(entryKey: PolicyKey): PolicyEntry | undefined {
    const { key, value } = policyEntriesMap;
    return find(this.#stores.policyEntries, key.encode(entryKey), value);
  }

  authentication(local: number, remote: number): Authentication | undefined {
    const { key, value } = authenticationsMap;
    return find(this.#stores.authentications, key.encode({ local, remote }), value);
  }

  flow(table: FlowTable, key: FlowKey): Flow | undefined {
    return find(this.#flows(table), flowKeyCodec.encode(key), flowCodec);
  }

  /** Throws when it does not fit. */
  putFlow(table: FlowTable, key: FlowKey, flow: Flow): void {
    this.#flows(table).update(flowKeyCodec.encode(key), flowCodec.encode(flow));
  }

  *flows(table: FlowTable): Generator<readonly [key: FlowKey, flow: Flow], void> {
    for (const [key, flow] of this.#flows(table).entries())
      yield [flowKeyCodec.decode(key), flowCodec.decode(flow)];
  }

  removeFlow(table: FlowTable, key: FlowKey): boolean {
    return this.#flows(table).delete(flowKeyCodec.encode(key));
  }

  datagram(key: DatagramKey): Datagram | undefined {
    return find(this.#stores.datagrams, datagramKeyCodec.encode(key), datagramCodec);
  }

  putDatagram(key: DatagramKey, datagram: Datagram): void {
    this.#stores.datagrams.update(datagramKeyCodec.encode(key), datagramCodec.encode(datagram));
  }

  #flows(table: FlowTable): Store {
    return table === FlowTable.tcp ? this.#stores.tcpFlows : this.#stores.otherFlows;
  }
}

/** The tables of flows, by their place in `flow_counts`. */
export const FlowTable = { tcp: 0, other: 1 } as const;
export type FlowTable = (typeof FlowTable)[keyof typeof FlowTable];

function find<T>(store: Store, key: Uint8Array, codec: Codec<T>): T | undefined {
  const bytes = store.lookup(key);
  return bytes === undefined ? undefined : codec.decode(bytes);
}

function longest(
  store: Store,
  { key, value }: typeof ipcacheMap,
  family: number,
  address: Uint8Array,
): number | undefined {
  const prefix = { length: WHOLE_PREFIX_BITS, family, address: { bytes: address } };
  return find(store, key.encode(prefix), value)?.identity;
}
