import { bytesEqual } from "#base";
import {
  DropReason,
  type Endpoint,
  Family,
  ObservationPoint,
  TrafficDirection,
  Verdict,
} from "#abi";
import { Counts } from "./counts.ts";
import { type Decision, NOBODY, undecided } from "./decision.ts";
import { encodeEvent } from "./events.ts";
import { isExpired } from "./flow.ts";
import { beforeFollow, follow } from "./follow.ts";
import { joinFragment } from "./fragments.ts";
import {
  answerArp,
  answerIcmpv6,
  isArp,
  isNeighbourly,
  type NeighbourVerdict,
} from "./neighbour.ts";
import { type Headers, noHeaders, parseHeaders } from "./parse.ts";
import { Aggregation, type Hook, type ModelSettings, type Pass, type World } from "./pass.ts";
import { type FlowTable, type ModelStores, Tables } from "./stores.ts";
import { EtherType, isAt, isMapped, read16 } from "./wire.ts";

export interface ModelInput {
  readonly hook: Hook;
  readonly slot: number;
  /** From the Ethernet header on. It stays as it is. */
  readonly packet: Uint8Array;
  /** The device that it came in by; 0, and so if not said, for one that the host sends. */
  readonly cameBy?: number;
  readonly nowJiffies: number;
  readonly timeNs: bigint;
}

/** What a program answers. */
export type ModelAction = (typeof Action)[keyof typeof Action];

export interface ModelOutput {
  readonly action: ModelAction;
  /** As it goes on: the input's own bytes, if nothing has changed. */
  readonly packet: Uint8Array;
  readonly mark: number;
  /** The slot of the device that it goes to, where the action says so. */
  readonly redirectTo?: number;
  /** Each as the ring buffer has it. */
  readonly events: readonly Uint8Array[];
}

const Action = { goOn: -1, drop: 2, redirect: 7 } as const;

/** Of what goes to a proxy; the port is above it. */
const PROXY_MARK = 0x200;

/** What the programs do with packets, by the same maps. */
export class Model {
  readonly counts = new Counts();
  readonly #world: World;

  constructor(stores: ModelStores, settings: ModelSettings) {
    this.#world = { tables: new Tables(stores), settings, counts: this.counts };
  }

  /** Any bytes are a packet. Stores and counts change as the kernel's maps would. */
  process(input: ModelInput): ModelOutput {
    const run = new Run(this.#world, input);
    return input.hook === "from_pod" ? run.fromPod() : run.toPod();
  }

  /** Takes out what has expired, as the program `collect_flows` does. */
  collectFlows(table: FlowTable, nowJiffies: number): { kept: number; removed: number } {
    const { tables, settings } = this.#world;
    const counts = { kept: 0, removed: 0 };
    for (const [key, flow] of tables.flows(table)) {
      if (!isExpired(flow, key.protocol, nowJiffies | 0, settings)) counts.kept += 1;
      else if (tables.removeFlow(table, key)) counts.removed += 1;
    }
    return counts;
  }
}

/** One packet at one hook. */
class Run {
  readonly #world: World;
  readonly #input: ModelInput;
  readonly #endpoint: Endpoint | undefined;
  readonly #events: Uint8Array[] = [];
  #headers: Headers = noHeaders();

  constructor(world: World, input: ModelInput) {
    this.#world = world;
    this.#input = input;
    this.#endpoint = world.tables.endpoint(input.slot);
  }

  fromPod(): ModelOutput {
    const frame = this.#input.packet;
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return this.#drop(DropReason.dropEndpointNotReady);
    if (isTagged(frame)) return this.#drop(DropReason.dropVlan);
    if (isArp(frame)) return this.#finish(answerArp(frame, endpoint));
    const problem = this.#parse();
    if (problem !== DropReason.notDropped) return this.#drop(problem);
    if (!isAt(frame, 6, endpoint.mac)) return this.#drop(DropReason.dropInvalidSourceIp);
    const answer = answerIcmpv6(frame, this.#headers, endpoint);
    if (answer !== undefined) return this.#finish(answer);
    if (!isOwn(this.#headers.source, this.#headers, endpoint))
      return this.#drop(DropReason.dropInvalidSourceIp);
    if (!isUnicast(this.#headers)) return this.#drop(DropReason.dropUnknownTarget);
    const decided = this.#decide(endpoint, ObservationPoint.fromEndpoint);
    if (decided.reason !== DropReason.notDropped) return this.#drop(decided.reason, decided);
    return this.#leavePod(decided);
  }

  toPod(): ModelOutput {
    const frame = this.#input.packet;
    const endpoint = this.#endpoint;
    if (isArp(frame)) return this.#goOn();
    if (endpoint === undefined) return this.#drop(DropReason.dropEndpointNotReady);
    const problem = this.#parse();
    if (problem !== DropReason.notDropped) return this.#drop(problem);
    if (isNeighbourly(this.#headers)) {
      const isFromElsewhere = (this.#input.cameBy ?? 0) !== 0;
      return isFromElsewhere ? this.#drop(DropReason.dropForbiddenIcmpv6) : this.#goOn();
    }
    if (!isOwn(this.#headers.destination, this.#headers, endpoint))
      return this.#drop(DropReason.dropUnknownTarget);
    const decided = this.#decide(endpoint, ObservationPoint.fromStack);
    if (decided.reason !== DropReason.notDropped) return this.#drop(decided.reason, decided);
    this.#count(TrafficDirection.ingress, DropReason.notDropped);
    this.#tell(decided, ObservationPoint.toEndpoint);
    return this.#goOn();
  }

  /** Where what a pod may send goes. */
  #leavePod(decided: Decision): ModelOutput {
    this.#count(TrafficDirection.egress, DropReason.notDropped);
    const { slot } = decided.destination;
    if (decided.proxyPort !== 0) {
      this.#tell(decided, ObservationPoint.toProxy);
      return { ...this.#goOn(), mark: (PROXY_MARK | (decided.proxyPort << 16)) >>> 0 };
    }
    if (slot === 0) {
      this.#tell(decided, ObservationPoint.toStack);
      return this.#goOn();
    }
    this.#tell(decided, ObservationPoint.toEndpoint);
    this.#count(TrafficDirection.ingress, DropReason.notDropped);
    return { ...this.#goOn(), action: Action.redirect, redirectTo: slot };
  }

  #parse(): number {
    this.#headers = parseHeaders(this.#input.packet);
    const { reason, family, source, destination } = this.#headers;
    if (reason !== DropReason.notDropped || family !== Family.ipv6) return reason;
    const isAnyMapped = isMapped(source) || isMapped(destination);
    return isAnyMapped ? DropReason.dropInvalidPacket : DropReason.notDropped;
  }

  /** `point` is where each packet is told of before anything is known of it, if each is told. */
  #decide(endpoint: Endpoint, point: number): Decision {
    const { hook, slot, packet, cameBy = 0, nowJiffies, timeNs } = this.#input;
    const now = nowJiffies >>> 0;
    const headers = this.#headers;
    const pass: Pass = {
      ...this.#world,
      hook,
      slot,
      endpoint,
      frame: packet,
      headers,
      cameBy,
      now,
      timeNs,
    };
    const before = beforeFollow(pass);
    const reason = joinFragment(headers, this.#world.tables);
    if (reason !== DropReason.notDropped) return { ...before, reason };
    if (this.#world.settings.aggregation === Aggregation.none)
      this.#tell({ ...before, isTold: true }, point);
    return follow(pass);
  }

  #finish(answer: NeighbourVerdict): ModelOutput {
    if (answer.kind === "dropped") return this.#drop(answer.reason);
    if (answer.kind === "ignored") return { ...this.#goOn(), action: Action.drop };
    const redirectTo = this.#input.slot;
    return { ...this.#goOn(), action: Action.redirect, packet: answer.frame, redirectTo };
  }

  #drop(reason: number, decided = this.#undecided()): ModelOutput {
    const isAtPod = this.#input.hook === "to_pod";
    const isDeniedIngress = decided.ingress.verdict === Verdict.denied;
    const { egress, ingress } = TrafficDirection;
    this.#count(isAtPod || isDeniedIngress ? ingress : egress, reason);
    const point = isAtPod ? ObservationPoint.fromStack : ObservationPoint.fromEndpoint;
    this.#event({ ...decided, reason }, point, true);
    return { ...this.#goOn(), action: Action.drop };
  }

  #undecided(): Decision {
    const { slot, hook } = this.#input;
    const endpoint = this.#endpoint;
    const own = { slot, identity: endpoint?.identity ?? 0 };
    return hook === "from_pod" ? undecided(own, NOBODY) : undecided(NOBODY, own);
  }

  #goOn(): ModelOutput {
    return { action: Action.goOn, packet: this.#input.packet, mark: 0, events: this.#events };
  }

  #count(direction: number, reason: number): void {
    this.#world.counts.countPacket(direction, reason, this.#input.packet.length);
  }

  #tell(decision: Decision, point: number): void {
    if (decision.isTold) this.#event(decision, point, false);
  }

  #event(decision: Decision, point: number, isDrop: boolean): void {
    const { timeNs, packet: frame } = this.#input;
    const told = { timeNs, frame, headers: this.#headers, decision, point, isDrop };
    this.#events.push(encodeEvent(told));
  }
}

function isTagged(frame: Uint8Array): boolean {
  const type = read16(frame, 12);
  return frame.length >= 14 && (type === EtherType.vlan || type === EtherType.serviceVlan);
}

function isOwn(address: Uint8Array, { family }: Headers, { ipv4, ipv6 }: Endpoint): boolean {
  const own = family === Family.ipv4 ? ipv4.bytes : ipv6.bytes;
  // All zero is no address, and so nobody's.
  return bytesEqual(address, own) && own.some((byte) => byte !== 0);
}

function isUnicast({ family, destination }: Headers): boolean {
  if (family === Family.ipv4) {
    const first = destination[12] ?? 0;
    return first !== 0 && first !== 127 && first < 224;
  }
  const isUnspecifiedOrLoopback =
    destination.subarray(0, 15).every((byte) => byte === 0) && (destination[15] ?? 0) <= 1;
  return destination[0] !== 0xff && !isUnspecifiedOrLoopback;
}
