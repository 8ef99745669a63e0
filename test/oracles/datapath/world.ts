/** A node of a case: its pods, whom else they know, and the writes that tell the datapath of it. */
import {
  authenticationCodec,
  EndpointFlag,
  endpointCodec,
  identityPairCodec,
  localAddressCodec,
  nodeStateCodec,
  peerCodec,
  type Policy,
  policyCodec,
  type PolicyEntry,
  policyEntryCodec,
  type PolicyKey,
  policyKeyCodec,
  prefixCodec,
} from "#abi";
import type { Cidr, IpAddress, MacAddress } from "#base";
import type { ChangeStep, StateMap, Write } from "./step.ts";

const FAMILY_BITS = 32;
const NO_ADDRESS = { bytes: new Uint8Array(16) };

export interface Pod {
  readonly slot: number;
  readonly name: string;
  readonly identity: number;
  /** Of even and of odd generations. */
  readonly policies: readonly [number, number];
  /** The epoch that it came in. */
  readonly since: number;
  readonly ipv4: IpAddress | undefined;
  readonly ipv6: IpAddress | undefined;
  readonly mac: MacAddress;
  readonly hostMac: MacAddress;
}

/** Somebody who is no pod of the node. */
export interface Remote {
  readonly ipv4: IpAddress;
  readonly ipv6: IpAddress;
  /** Where his packets come in; 0 for the host itself. */
  readonly cameBy: number;
}

export function u32Key(value: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, value, true);
  return key;
}

function prefixKey(cidr: Cidr): Uint8Array {
  return prefixCodec.encode({
    length: FAMILY_BITS + (cidr.family === 4 ? 96 : 0) + cidr.prefixLength,
    family: cidr.family,
    address: { bytes: cidr.first.bytes },
  });
}

function encodePod(pod: Pod): Uint8Array {
  return endpointCodec.encode({
    policy: pod.policies,
    identity: pod.identity,
    since: pod.since,
    id: pod.slot,
    flags: EndpointFlag.endpointInUse,
    ipv4: pod.ipv4 ?? NO_ADDRESS,
    ipv6: pod.ipv6 ?? NO_ADDRESS,
    mac: pod.mac.bytes,
    hostMac: pod.hostMac.bytes,
  });
}

/** What is there now, and the writes since `take`. */
export class World {
  readonly pods = new Map<number, Pod>();
  epoch: number;
  #generation = 0;
  #writes: Write[] = [];

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** What was written since, as one change. */
  take(what: string): ChangeStep {
    const writes = this.#writes;
    this.#writes = [];
    return { kind: "change", what, writes };
  }

  raiseEpoch(by = 1): void {
    this.epoch = (this.epoch + by) >>> 0 || 1;
    const state = { epoch: this.epoch, generation: this.#generation };
    this.#put("nodeStates", u32Key(0), nodeStateCodec.encode(state));
  }

  /** The other policies of all pods hold, from here on. */
  nextGeneration(): void {
    this.#generation = (this.#generation + 1) >>> 0;
    this.raiseEpoch();
  }

  setPod(pod: Pod): void {
    this.pods.set(pod.slot, pod);
    this.#put("endpoints", u32Key(pod.slot), encodePod(pod));
  }

  addPod(pod: Omit<Pod, "since">): void {
    this.raiseEpoch();
    this.setPod({ ...pod, since: this.epoch });
    for (const address of [pod.ipv4, pod.ipv6]) {
      if (address !== undefined) this.setLocalAddress(address, pod.slot);
    }
  }

  removePod({ slot, ipv4, ipv6 }: Pod, keepsAddresses = false): void {
    for (const address of keepsAddresses ? [] : [ipv4, ipv6]) {
      if (address !== undefined) this.setLocalAddress(address, undefined);
    }
    this.pods.delete(slot);
    this.#put("endpoints", u32Key(slot), new Uint8Array(endpointCodec.size));
    this.raiseEpoch();
  }

  setLocalAddress(address: IpAddress, slot: number | undefined): void {
    const value = slot === undefined ? undefined : localAddressCodec.encode({ slot });
    this.#put("localAddresses", address.bytes, value);
  }

  setPrefix(map: "ipcache" | "blocks", cidr: Cidr, identity: number | undefined): void {
    const value = identity === undefined ? undefined : peerCodec.encode({ identity });
    this.#put(map, prefixKey(cidr), value);
  }

  setPolicy(number: number, policy: Policy): void {
    this.#put("policies", u32Key(number), policyCodec.encode(policy));
  }

  setEntry(key: PolicyKey, entry: PolicyEntry | undefined): void {
    const value = entry === undefined ? undefined : policyEntryCodec.encode(entry);
    this.#put("policyEntries", policyKeyCodec.encode(key), value);
  }

  setAuthentication(local: number, remote: number, expiresNs: bigint | undefined): void {
    const value = expiresNs === undefined ? undefined : authenticationCodec.encode({ expiresNs });
    this.#put("authentications", identityPairCodec.encode({ local, remote }), value);
  }

  /** As somebody else wrote it: control's own code, recorded. */
  add(writes: Iterable<Write>): void {
    this.#writes.push(...writes);
  }

  #put(map: StateMap, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#writes.push({ map, key, value });
  }
}
