/** Packets as they leave a sender, made to look right. */
import { type IpAddress, MacAddress, type Random } from "#base";
import { packet, type PacketBuilder, type TcpFlag } from "#packet";
import type { Hook, PacketStep } from "./step.ts";
import type { Pod, Remote } from "./world.ts";

/** Whoever sends or receives. */
export interface End {
  readonly pod: Pod | undefined;
  readonly remote: Remote | undefined;
}

export const ROUTER_MAC: MacAddress = MacAddress.parse("02:00:00:00:ff:fe");
const GATEWAY_MAC = MacAddress.parse("02:00:00:00:ff:fd");

export function addressOf(end: End, family: 4 | 6): IpAddress | undefined {
  const of = end.pod ?? end.remote;
  return family === 4 ? of?.ipv4 : of?.ipv6;
}

/** Where the datapath meets what one sends to the other; undefined where it does not. */
export interface Meeting {
  readonly hook: Hook;
  readonly slot: number;
  readonly cameBy: number;
}

export function meetingOf(from: End, to: End): Meeting | undefined {
  if (from.pod !== undefined) return { hook: "from_pod", slot: from.pod.slot, cameBy: 0 };
  if (to.pod === undefined) return undefined;
  return { hook: "to_pod", slot: to.pod.slot, cameBy: from.remote?.cameBy ?? 0 };
}

export function atMeeting({ hook, slot, cameBy }: Meeting, bytes: Uint8Array): PacketStep {
  return { kind: "packet", hook, slot, cameBy, bytes };
}

/** Ethernet and IP, from one to the other. */
export function ipFrom(
  from: End,
  to: End,
  family: 4 | 6,
  random: Random,
): PacketBuilder | undefined {
  const source = addressOf(from, family);
  const destination = addressOf(to, family);
  if (source === undefined || destination === undefined) return undefined;
  const frame = packet().ethernet({
    source: from.pod?.mac ?? ROUTER_MAC,
    destination: from.pod?.hostMac ?? to.pod?.mac ?? GATEWAY_MAC,
  });
  if (family === 4) {
    const options = random.chance(0.03) ? [{ kind: "nop" } as const] : [];
    return frame.ipv4({ source, destination, identification: random.below(4), options });
  }
  return withExtensions(frame.ipv6({ source, destination, hopLimit: 64 }), random);
}

function withExtensions(builder: PacketBuilder, random: Random): PacketBuilder {
  if (!random.chance(0.06)) return builder;
  let result = builder;
  const count = random.between(1, 6);
  for (let each = 0; each < count; each++) {
    const kind = random.below(4);
    if (kind === 0) result = result.hopByHop();
    else if (kind === 1) result = result.destinationOptions();
    else if (kind === 2) result = result.routing({ routingType: 4, segmentsLeft: 0 });
    // An atomic one.
    else result = result.fragmentHeader({ identification: random.below(4) });
  }
  return result;
}

interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: readonly TcpFlag[];
  readonly payload: number;
}

export function tcp(ip: PacketBuilder, { payload, ...fields }: Segment): PacketBuilder {
  const segment = ip.tcp(fields);
  return payload === 0 ? segment : segment.payload(new Uint8Array(payload).fill(0x61));
}
