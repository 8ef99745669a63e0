/** Conversations as sound hosts have them, a packet at a time, whatever becomes of the packets. */
import type { Random } from "#base";
import type { PacketBuilder, TcpFlag } from "#packet";
import { reportAbout } from "./icmp-reports.ts";
import { PORTS } from "./raw-policies.ts";
import type { PacketStep } from "./step.ts";
import { addressOf, atMeeting, type End, ipFrom, meetingOf, tcp } from "./traffic.ts";

const CLIENT_PORTS = [40_000, 40_000, 40_001, 80, 443];
const ECHO_IDS = [0, 1, 1, 2, 40_000];
const PAYLOADS = [0, 0, 1, 20, 30, 90, 200, 1400];
const FRAGMENT_MTU = 152;
const IPV6_TYPE = 0x86dd;
const [HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS] = [0, 43, 44, 60];

interface Turn {
  readonly isFromClient: boolean;
  readonly flags: readonly TcpFlag[];
}

const client = (...flags: TcpFlag[]): Turn => ({ isFromClient: true, flags });
const server = (...flags: TcpFlag[]): Turn => ({ isFromClient: false, flags });

const OPENING = [client("SYN"), server("SYN", "ACK"), client("ACK")];
const DATA = [client("PSH", "ACK"), server("ACK"), server("PSH", "ACK"), client("ACK")];
const SCRIPTS: readonly (readonly Turn[])[] = [
  [...OPENING, ...DATA, client("FIN", "ACK"), server("FIN", "ACK"), client("ACK")],
  [...OPENING, ...DATA, ...DATA, server("FIN", "ACK"), client("ACK"), client("FIN", "ACK")],
  [...OPENING, client("PSH", "ACK"), server("RST")],
  [...OPENING, client("RST", "ACK"), ...OPENING, ...DATA],
  [...OPENING, ...DATA, client("FIN"), server("FIN", "ACK"), client("ACK"), ...OPENING],
  [client("SYN"), server("RST", "ACK")],
  [client("SYN"), client("SYN"), client("SYN", "ECE", "CWR")],
  // In the middle, as after an entry was lost; or both at once.
  DATA,
  [server("PSH", "ACK"), client("ACK"), client("FIN", "ACK")],
  [server("SYN", "ACK"), client("ACK")],
  [client("SYN"), server("SYN"), client("SYN", "ACK"), server("SYN", "ACK")],
  [client("RST")],
  [...OPENING, server("SYN"), client("SYN", "ACK"), server("ACK")],
];

export interface Conversation {
  next(): readonly PacketStep[];
}

type Make = (from: End, to: End, isFromClient: boolean) => PacketBuilder | undefined;

/** What the packets of a conversation have in common. */
class Talk {
  readonly #random: Random;
  readonly #client: End;
  readonly #server: End;
  /** Who may report about what he has not been sent. */
  readonly #bystanders: readonly End[];
  readonly family: 4 | 6;
  /** To report about. */
  #last: { bytes: Uint8Array; isFromClient: boolean } | undefined;

  constructor(random: Random, initiator: End, responder: End, bystanders: readonly End[]) {
    this.#random = random;
    this.#bystanders = bystanders;
    this.#client = initiator;
    this.#server = responder;
    const families = ([4, 6] as const).filter(
      (family) =>
        addressOf(initiator, family) !== undefined && addressOf(responder, family) !== undefined,
    );
    this.family = families.length === 0 ? 4 : random.pick(families);
  }

  say(isFromClient: boolean, make: Make): PacketStep[] {
    const [from, to] = isFromClient ? [this.#client, this.#server] : [this.#server, this.#client];
    const random = this.#random;
    if (this.#last !== undefined && random.chance(0.05)) return this.#report(random);
    const builder = make(from, to, isFromClient);
    const meeting = meetingOf(from, to);
    if (builder === undefined || meeting === undefined) return [];
    const whole = builder.build();
    this.#last = { bytes: whole, isFromClient };
    const steps = this.#pieces(builder, whole).map((bytes) => atMeeting(meeting, bytes));
    // As of a proxy's or of a kernel that was not asked to redirect.
    if (from.pod !== undefined && to.pod !== undefined && random.chance(0.15)) {
      const cameBy = random.pick([0, from.pod.slot]);
      const { slot } = to.pod;
      steps.push(...steps.map(({ bytes }) => atMeeting({ hook: "to_pod", slot, cameBy }, bytes)));
    }
    return steps;
  }

  #report(random: Random): PacketStep[] {
    const { bytes, isFromClient } = this.#last ?? { bytes: new Uint8Array(), isFromClient: true };
    const [receiver, to] = isFromClient
      ? [this.#server, this.#client]
      : [this.#client, this.#server];
    const from = random.chance(0.2) ? random.pick(this.#bystanders) : receiver;
    const meeting = meetingOf(from, to);
    const report = reportAbout(random, bytes, from, to, this.family);
    return meeting === undefined || report === undefined ? [] : [atMeeting(meeting, report)];
  }

  /** Mostly one; else some of the fragments, in order or not. */
  #pieces(builder: PacketBuilder, whole: Uint8Array): Uint8Array[] {
    const random = this.#random;
    const isCut = whole.length > FRAGMENT_MTU + 14 && random.chance(0.25);
    if (!isCut || hasFragmentHeader(whole)) return [whole];
    const pieces = builder.fragments({ mtu: FRAGMENT_MTU, identification: random.below(4) });
    if (random.chance(0.2)) random.shuffle(pieces);
    if (random.chance(0.2)) pieces.splice(random.below(pieces.length), 1);
    return pieces.slice(0, 4);
  }
}

export function converse(
  random: Random,
  initiator: End,
  responder: End,
  bystanders: readonly End[],
): Conversation {
  const talk = new Talk(random, initiator, responder, bystanders);
  const kind = random.below(10);
  if (kind < 5) return tcpTalk(random, talk);
  if (kind < 7) return datagramTalk(random, talk);
  return kind < 9 ? echoTalk(random, talk) : otherTalk(random, talk);
}

function tcpTalk(random: Random, talk: Talk): Conversation {
  const script = random.pick(SCRIPTS);
  const ports = [random.pick(CLIENT_PORTS), random.pick(PORTS)] as const;
  let at = 0;
  return {
    next() {
      const turn = script[at++ % script.length] ?? client("ACK");
      return talk.say(turn.isFromClient, (from, to) => {
        const [sourcePort, destinationPort] = turn.isFromClient ? ports : ports.toReversed();
        const ip = ipFrom(from, to, talk.family, random);
        const payload = turn.flags.includes("SYN") ? 0 : random.pick(PAYLOADS);
        return (
          ip &&
          tcp(ip, {
            sourcePort: sourcePort ?? 0,
            destinationPort: destinationPort ?? 0,
            flags: turn.flags,
            payload,
          })
        );
      });
    },
  };
}

function datagramTalk(random: Random, talk: Talk): Conversation {
  const isSctp = random.chance(0.2);
  const ports = [random.pick(CLIENT_PORTS), random.pick(PORTS)];
  let isFirst = true;
  return {
    next() {
      const isFromClient = isFirst || random.chance(0.5);
      isFirst = false;
      return talk.say(isFromClient, (from, to) => {
        const [sourcePort = 0, destinationPort = 0] = isFromClient ? ports : ports.toReversed();
        const ip = ipFrom(from, to, talk.family, random);
        const transport = isSctp
          ? ip?.sctp({ sourcePort, destinationPort })
          : ip?.udp({ sourcePort, destinationPort });
        return transport?.payload(new Uint8Array(random.pick(PAYLOADS)).fill(0x62));
      });
    },
  };
}

function echoTalk(random: Random, talk: Talk): Conversation {
  const identifier = random.pick(ECHO_IDS);
  let sequence = 0;
  let isAsking = random.chance(0.9);
  return {
    next() {
      const message = isAsking ? ("echo-request" as const) : ("echo-reply" as const);
      // Seldom he asks who should answer, or the other way round.
      const isFromClient = random.chance(0.1) ? !isAsking : isAsking;
      const steps = talk.say(isFromClient, (from, to) => {
        const ip = ipFrom(from, to, talk.family, random);
        const fields = { message, identifier, sequence: sequence++ };
        const echo = talk.family === 4 ? ip?.icmp(fields) : ip?.icmpv6(fields);
        return echo?.payload(new Uint8Array(random.pick(PAYLOADS)));
      });
      isAsking = random.chance(0.1) ? isAsking : !isAsking;
      return steps;
    },
  };
}

/** ICMP of all types, and protocols that have no ports. */
function otherTalk(random: Random, talk: Talk): Conversation {
  return {
    next: () =>
      talk.say(random.chance(0.5), (from, to) => {
        const ip = ipFrom(from, to, talk.family, random);
        if (random.chance(0.2)) {
          const protocol = random.pick([0, 2, 4, 47, 50, 51, 59, 132, 255, 1, 58]);
          return ip?.layer({
            kind: "payload",
            bytes: Uint8Array.of(protocol, 0, 0, 0, 1, 2, 3, 4),
          });
        }
        const fields = {
          message: "other" as const,
          type: random.pick([0, 3, 5, 8, 9, 11, 12, 13, 14, 17, 127, 128, 130, 138, 200, 255]),
          code: random.below(3),
          body: new Uint8Array(random.pick([4, 4, 8, 28, 60])).fill(random.below(3)),
        };
        return talk.family === 4 ? ip?.icmp(fields) : ip?.icmpv6(fields);
      }),
  };
}

/** Of IPv6, also of a whole packet. What has one is not cut again. */
function hasFragmentHeader(bytes: Uint8Array): boolean {
  if (bytes[12] !== IPV6_TYPE >> 8 || bytes[13] !== (IPV6_TYPE & 0xff)) return false;
  let next = bytes[20];
  for (let at = 54; next === HOP_BY_HOP || next === ROUTING || next === OPTIONS; ) {
    next = bytes[at];
    at += ((bytes[at + 1] ?? 0) + 1) * 8;
  }
  return next === FRAGMENT;
}
