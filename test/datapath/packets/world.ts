import assert from "node:assert/strict";
import { after, beforeEach } from "node:test";
import { diffPackets, packet, type PacketBuilder, type TcpFlag } from "#packet";
import { Rig, type Outcome, type RigOptions, type RunOptions } from "../rig.ts";
import type { Rule } from "../rules.ts";
import type { EndpointSpec } from "../state.ts";
import { eventText, flowText, verdictText } from "./describe.ts";

// The node that cases take place on: pods a and b, and others beyond it.

export type Family = 4 | 6;
type Pod = "a" | "b";

interface Party {
  readonly 4: string;
  readonly 6: string;
  readonly mac: string;
}

/** Behind the node's own device, and the host itself. */
export const UPLINK = 20;
const ROUTER_MAC = "02:00:00:00:00:99";
const FIRST_JIFFIES = 1_000_000;
export const FIRST_TIME_NS = 5_000_000_000n;

/** Its name is 11 and 12 as a slot and as a policy, 1001 and 1002 as an identity. */
export const PODS: Readonly<Record<Pod, EndpointSpec & { ipv4: string; ipv6: string }>> = {
  a: {
    slot: 11,
    identity: 1001,
    policy: 11,
    mac: "02:00:00:00:00:0a",
    hostMac: "02:00:00:00:01:0a",
    ipv4: "10.0.0.1",
    ipv6: "fd00::1",
  },
  b: {
    slot: 12,
    identity: 1002,
    policy: 12,
    mac: "02:00:00:00:00:0b",
    hostMac: "02:00:00:00:01:0b",
    ipv4: "10.0.0.2",
    ipv6: "fd00::2",
  },
};

/** `x` has an identity, `w` is of the world, and `early` comes before the pods in order. */
const PARTIES: Readonly<Record<string, Party>> = {
  a: { 4: PODS.a.ipv4, 6: PODS.a.ipv6, mac: PODS.a.mac },
  b: { 4: PODS.b.ipv4, 6: PODS.b.ipv6, mac: PODS.b.mac },
  x: { 4: "192.0.2.9", 6: "fd99::9", mac: ROUTER_MAC },
  y: { 4: "192.0.2.10", 6: "fd99::10", mac: ROUTER_MAC },
  w: { 4: "198.51.100.1", 6: "fe99::1", mac: ROUTER_MAC },
  early: { 4: "9.0.0.1", 6: "fc00::1", mac: ROUTER_MAC },
  host: { 4: "10.0.0.254", 6: "fd00::fe", mac: ROUTER_MAC },
};

const NAMES = new Map(
  Object.entries(PARTIES).flatMap(([name, { 4: v4, 6: v6 }]) => [
    [v4, name],
    [v6, name],
  ]),
);

export const IDENTITY = { a: 1001, b: 1002, x: 2009, host: 1, world: 2 } as const;

export const ALLOW_ALL: readonly Rule[] = [{ direction: "egress" }, { direction: "ingress" }];

const FLAGS: Readonly<Record<string, TcpFlag>> = {
  S: "SYN",
  A: "ACK",
  F: "FIN",
  R: "RST",
  P: "PSH",
  U: "URG",
};

export function partyOf(name: string): Party {
  const party = PARTIES[name];
  assert.ok(party, `there is a party ${name}`);
  return party;
}

/** From Ethernet to IP, from one party to another. */
export function ip(from: string, to: string, family: Family = 4): PacketBuilder {
  const [source, destination] = [partyOf(from), partyOf(to)];
  const hostMac = from === "b" ? PODS.b.hostMac : PODS.a.hostMac;
  const frame = packet().ethernet({ source: source.mac, destination: hostMac });
  const addresses = { source: source[family], destination: destination[family] };
  return family === 4 ? frame.ipv4(addresses) : frame.ipv6(addresses);
}

function endOf(text: string): [party: string, port: number] {
  const [party = "", port = "0"] = text.split(":");
  return [party, Number(port)];
}

/** `tcp("a:1000", "b:80", "SA")` */
export function tcp(from: string, to: string, flags = "S", family: Family = 4): Uint8Array {
  const [source, sourcePort] = endOf(from);
  const [destination, destinationPort] = endOf(to);
  const set = Array.from(flags, (letter) => {
    const flag = FLAGS[letter];
    assert.ok(flag, `there is a flag ${letter}`);
    return flag;
  });
  const fields = { sourcePort, destinationPort, flags: set };
  return ip(source, destination, family).tcp(fields).build();
}

export function udp(from: string, to: string, family: Family = 4): Uint8Array {
  const [source, sourcePort] = endOf(from);
  const [destination, destinationPort] = endOf(to);
  return ip(source, destination, family).udp({ sourcePort, destinationPort }).payload("x").build();
}

export function sctp(from: string, to: string, family: Family = 4): Uint8Array {
  const [source, sourcePort] = endOf(from);
  const [destination, destinationPort] = endOf(to);
  return ip(source, destination, family).sctp({ sourcePort, destinationPort }).build();
}

export function echo(
  message: "echo-request" | "echo-reply",
  from: string,
  to: string,
  identifier = 7,
  family: Family = 4,
): Uint8Array {
  const fields = { message, identifier, sequence: 1 };
  const builder = ip(from, to, family);
  return (family === 4 ? builder.icmp(fields) : builder.icmpv6(fields)).payload("x").build();
}

/** What is to become of a packet. What is not said: it stays as it is, and has no mark. */
interface Expected {
  /** `continue`, `redirect`, `ignore`, or `drop` with a reason. */
  readonly verdict: string;
  readonly out?: Uint8Array;
  readonly mark?: number;
  /** As `eventText` tells them; compared if given. */
  readonly events?: readonly string[];
  /** As `flowText` tells them, in any order; compared if given. */
  readonly flows?: readonly string[];
}

/** The rig with pods a and b, which may do anything until a case says otherwise. */
export class World {
  readonly rig: Rig;
  #jiffies = FIRST_JIFFIES;

  constructor(options: Partial<RigOptions> = {}) {
    this.rig = new Rig({ slots: [PODS.a.slot, PODS.b.slot], ...options });
    this.reset();
  }

  get state(): Rig["state"] {
    return this.rig.state;
  }

  get jiffies(): number {
    return this.#jiffies;
  }

  reset(): void {
    this.rig.clear();
    this.#jiffies = FIRST_JIFFIES;
    this.rig.setTime(FIRST_JIFFIES, FIRST_TIME_NS);
    for (const pod of [PODS.a, PODS.b]) {
      this.state.setEndpoint(pod);
      this.state.setPolicy(pod.slot, ALLOW_ALL);
    }
    this.state.setPeer("192.0.2.0/24", IDENTITY.x);
    this.state.setPeer("fd99::/64", IDENTITY.x);
    this.state.setPeer(`${partyOf("host")[4]}/32`, IDENTITY.host);
    this.state.setPeer(`${partyOf("host")[6]}/128`, IDENTITY.host);
  }

  /** What the pod's policy says from now on, with what that means for flows. */
  policy(pod: Pod, rules: readonly Rule[]): void {
    this.state.setPolicy(PODS[pod].slot, rules);
    this.state.raiseEpoch();
  }

  /** Time goes on by so many jiffies. */
  wait(jiffies: number): void {
    this.#jiffies += jiffies;
    this.rig.setTime(this.#jiffies, FIRST_TIME_NS);
  }

  /** A packet that the pod sends. */
  sends(pod: Pod, bytes: Uint8Array, expected: Expected | string): Outcome {
    const outcome = this.rig.run("from_pod", PODS[pod].slot, bytes);
    this.#check(bytes, outcome, expected);
    return outcome;
  }

  /** A packet that the host's stack sends to the pod. */
  receives(
    pod: Pod,
    bytes: Uint8Array,
    expected: Expected | string,
    options: RunOptions = { cameBy: UPLINK },
  ): Outcome {
    const outcome = this.rig.run("to_pod", PODS[pod].slot, bytes, options);
    this.#check(bytes, outcome, expected);
    return outcome;
  }

  flows(): string[] {
    return this.state
      .flows()
      .map((flow) => flowText(flow, (address) => NAMES.get(address) ?? address))
      .toSorted();
  }

  #check(bytes: Uint8Array, outcome: Outcome, expected: Expected | string): void {
    const wanted = typeof expected === "string" ? { verdict: expected } : expected;
    const events = outcome.events.map(eventText);
    assert.equal(verdictText(outcome), wanted.verdict, `with events ${events.join("; ")}`);
    assert.deepEqual(diffPackets(outcome.packet, wanted.out ?? bytes), []);
    assert.equal(outcome.mark, wanted.mark ?? 0);
    if (wanted.events !== undefined) assert.deepEqual(events, wanted.events);
    if (wanted.flows !== undefined) assert.deepEqual(this.flows(), wanted.flows.toSorted());
  }
}

/** A world for the cases of a suite: as new for each, and gone with the suite. */
export function openWorld(options: Partial<RigOptions> = {}): World {
  const world = new World(options);
  beforeEach(() => world.reset());
  after(() => world.rig[Symbol.dispose]());
  return world;
}
