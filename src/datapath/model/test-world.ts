import {
  addressCodec,
  authenticationsMap,
  endpointsMap,
  type FlowEvent,
  flowCodec,
  type Flow,
  flowEventCodec,
  ipcacheMap,
  localAddressesMap,
  nodeStatesMap,
  PolicyEffect,
  type PolicyEntry,
  policiesMap,
  policyEntriesMap,
  PolicyFlag,
  type PolicyKey,
  TrafficDirection,
} from "#abi";
import { IpAddress, MacAddress } from "#base";
import { packet, type PacketBuilder } from "#packet";
import { memoryStores, type MemoryStores } from "./memory-stores.ts";
import { Model, type ModelInput } from "./model.ts";
import type { ModelSettings } from "./pass.ts";

/** An entry of a policy; what is not said of its key is any. */
export interface TestEntry extends Partial<PolicyEntry> {
  readonly identity?: number;
  readonly protocol?: number;
  readonly port?: number;
  readonly portPrefix?: number;
  readonly direction: "egress" | "ingress";
}

interface TestPod {
  readonly slot: number;
  readonly identity: number;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly mac: string;
  readonly hostMac: string;
}

/** Two pods of the node, and the world around them: what tests of the model begin with. */
export const ALICE: TestPod = {
  slot: 11,
  identity: 1001,
  ipv4: "10.0.0.1",
  ipv6: "fd00::1",
  mac: "02:00:00:00:00:0a",
  hostMac: "02:00:00:00:01:0a",
};
export const BOB: TestPod = {
  slot: 12,
  identity: 1002,
  ipv4: "10.0.0.2",
  ipv6: "fd00::2",
  mac: "02:00:00:00:00:0b",
  hostMac: "02:00:00:00:01:0b",
};
/** An address outside, and who is there. */
export const SERVER = { ipv4: "192.0.2.7", ipv6: "2001:db8::7", identity: 3007 } as const;
/** The policy that both pods have at first: it allows everything. */
export const OPEN_POLICY = 7;

export const HERTZ = 250;
const SETTINGS: ModelSettings = {
  world_ipv4_identity: 9,
  world_ipv6_identity: 10,
  is_open_without_policy: false,
  aggregation: 2,
  trace_interval: 5 * HERTZ,
  tcp_timeout: 8000 * HERTZ,
  tcp_opening_timeout: 60 * HERTZ,
  tcp_closing_timeout: 10 * HERTZ,
  other_timeout: 60 * HERTZ,
};

export interface Outcome {
  readonly action: number;
  readonly packet: Uint8Array;
  readonly mark: number;
  readonly redirectTo: number | undefined;
  readonly events: readonly FlowEvent[];
}

export class TestWorld {
  readonly stores: MemoryStores = memoryStores();
  readonly model: Model;
  now = 5000;
  timeNs = 1_000_000n;

  constructor(settings: Partial<ModelSettings> = {}) {
    this.model = new Model(this.stores, { ...SETTINGS, ...settings });
    this.setEpoch(1);
    this.setPod(ALICE);
    this.setPod(BOB);
    this.setPrefix("ipcache", SERVER.ipv4, 32, SERVER.identity);
    this.setPrefix("ipcache", SERVER.ipv6, 128, SERVER.identity);
    this.setPolicy(OPEN_POLICY, [{ direction: "egress" }, { direction: "ingress" }]);
  }

  setEpoch(epoch: number): void {
    const { key, value } = nodeStatesMap;
    this.stores.nodeStates.update(key.encode(0), value.encode({ epoch, generation: 0 }));
  }

  setPod(pod: TestPod, { policy = OPEN_POLICY, since = 1, flags = 1 } = {}): void {
    const { key, value } = endpointsMap;
    const endpoint = value.encode({
      policy: [policy, policy],
      since,
      flags,
      identity: pod.identity,
      id: pod.slot * 10,
      ipv4: { bytes: IpAddress.parse(pod.ipv4).bytes },
      ipv6: { bytes: IpAddress.parse(pod.ipv6).bytes },
      mac: MacAddress.parse(pod.mac).bytes,
      hostMac: MacAddress.parse(pod.hostMac).bytes,
    });
    this.stores.endpoints.update(key.encode(pod.slot), endpoint);
    for (const address of [pod.ipv4, pod.ipv6]) {
      const name = addressCodec.encode({ bytes: IpAddress.parse(address).bytes });
      const slot = localAddressesMap.value.encode({ slot: pod.slot });
      this.stores.localAddresses.update(name, slot);
    }
  }

  /** `bits` are those of the address as it is written. */
  setPrefix(table: "ipcache" | "blocks", text: string, bits: number, identity: number): void {
    const address = IpAddress.parse(text);
    const length = 32 + bits + (address.family === 4 ? 96 : 0);
    const prefix = { length, family: address.family, address: { bytes: address.bytes } };
    const { key, value } = ipcacheMap;
    this.stores[table].update(key.encode(prefix), value.encode({ identity }));
  }

  setPolicy(number: number, entries: readonly TestEntry[], flags = 0): void {
    const shapes = { egress: new Set<number>(), ingress: new Set<number>() };
    for (const entry of entries) {
      const { direction, protocol = 0, identity = 0, port = 0, portPrefix, ...rest } = entry;
      const prefix = portPrefix ?? (port === 0 ? 0 : 16);
      shapes[direction].add(prefix | (protocol === 0 ? 0x20 : 0) | (identity === 0 ? 0x40 : 0));
      const side = TrafficDirection[direction];
      const keyed = { policy: number, identity, port, protocol, portPrefix: prefix };
      this.#setEntry({ ...keyed, direction: side }, rest);
    }
    const egress = [...shapes.egress].toSorted(bySpecificity);
    const ingress = [...shapes.ingress].toSorted(bySpecificity);
    const policy = policiesMap.value.encode({
      flags: flags | PolicyFlag.policyInUse,
      shapeCount: Uint8Array.of(egress.length, ingress.length),
      egressShapes: padded(egress),
      ingressShapes: padded(ingress),
    });
    this.stores.policies.update(policiesMap.key.encode(number), policy);
  }

  #setEntry(policyKey: PolicyKey, entry: Partial<PolicyEntry>): void {
    const { key, value } = policyEntriesMap;
    const whole = {
      cookie: 0,
      precedence: 1,
      proxyPort: 0,
      effect: PolicyEffect.effectAllow,
      authentication: 0,
      flags: 0,
      ...entry,
    };
    this.stores.policyEntries.update(key.encode(policyKey), value.encode(whole));
  }

  setAuthentication(local: number, remote: number, expiresNs: bigint): void {
    const { key, value } = authenticationsMap;
    const pair = key.encode({ local, remote });
    this.stores.authentications.update(pair, value.encode({ expiresNs }));
  }

  fromPod(pod: TestPod, bytes: Uint8Array | PacketBuilder): Outcome {
    return this.#process({ hook: "from_pod", slot: pod.slot, packet: bytesOf(bytes) });
  }

  toPod(pod: TestPod, bytes: Uint8Array | PacketBuilder, cameBy = 0): Outcome {
    return this.#process({ hook: "to_pod", slot: pod.slot, packet: bytesOf(bytes), cameBy });
  }

  #process(input: Omit<ModelInput, "nowJiffies" | "timeNs">): Outcome {
    const before = input.packet.slice();
    const times = { nowJiffies: this.now, timeNs: this.timeNs };
    const { redirectTo, ...output } = this.model.process({ ...input, ...times });
    if (before.toString() !== input.packet.toString()) throw new Error("the input has changed");
    const events = output.events.map((event) => flowEventCodec.decode(event));
    return { ...output, redirectTo, events };
  }

  flows(table: "tcpFlows" | "otherFlows"): Flow[] {
    return [...this.stores[table].entries()].map(([, value]) => flowCodec.decode(value));
  }

  /** Packets counted as `direction * 256 + reason`. */
  counted(direction: "egress" | "ingress", reason: number): number {
    const index = TrafficDirection[direction] * 256 + reason;
    return Number(this.model.counts.metrics.get(index)?.packets ?? 0n);
  }
}

function padded(shapes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set(shapes);
  return bytes;
}

function bySpecificity(left: number, right: number): number {
  return (right & 0x1f) - (left & 0x1f) || (left & 0x60) - (right & 0x60);
}

function bytesOf(bytes: Uint8Array | PacketBuilder): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : bytes.build();
}

/** What a pod puts before its IP packets. */
export function frameOf(pod: TestPod): PacketBuilder {
  return packet().ethernet({ source: pod.mac, destination: pod.hostMac });
}

/** From a pod, or to one by the host, to an address of either family. */
export function ipFrame(pod: TestPod, source: string, destination: string): PacketBuilder {
  const frame = frameOf(pod);
  const addresses = { source, destination };
  return source.includes(":") ? frame.ipv6(addresses) : frame.ipv4(addresses);
}
