/** What pods and the host say about neighbours: ARP, neighbour and listener discovery. */
import { IpAddress, MacAddress, type Random } from "#base";
import { packet } from "#packet";
import type { PacketStep } from "./step.ts";
import { atMeeting, type Meeting, ROUTER_MAC } from "./traffic.ts";
import type { Pod } from "./world.ts";

const NOBODY = IpAddress.parse("0.0.0.0");
const UNSPECIFIED = IpAddress.parse("::");
const ALL_NODES = IpAddress.parse("ff02::1");
const BROADCAST = MacAddress.parse("ff:ff:ff:ff:ff:ff");

/** One such packet of a pod's, or of the host's to the pod. */
export function neighbourStep(random: Random, pod: Pod, others: readonly Pod[]): PacketStep {
  const isFromPod = random.chance(0.8);
  const meeting: Meeting = isFromPod
    ? { hook: "from_pod", slot: pod.slot, cameBy: 0 }
    : { hook: "to_pod", slot: pod.slot, cameBy: random.pick([0, 0, 9]) };
  const other = random.pick([...others, pod]);
  const isIpv4 = random.chance(0.4);
  const bytes = isIpv4 ? arp(random, pod, other) : discovery(random, pod, other);
  return atMeeting(meeting, bytes);
}

function arp(random: Random, pod: Pod, other: Pod): Uint8Array {
  const own = pod.ipv4 ?? NOBODY;
  const seldom = random.chance(0.2);
  return packet()
    .ethernet({ source: pod.mac, destination: random.pick([BROADCAST, pod.hostMac]) })
    .arp({
      operation: random.chance(0.85) ? 1 : random.below(4),
      senderMac: seldom && random.chance(0.5) ? other.mac : pod.mac,
      senderIp: seldom ? random.pick([NOBODY, own, other.ipv4 ?? NOBODY]) : own,
      targetIp: random.pick([IpAddress.parse("169.254.1.1"), other.ipv4 ?? NOBODY, own]),
    })
    .trailer(new Uint8Array(random.pick([0, 0, 18])))
    .build();
}

function discovery(random: Random, pod: Pod, other: Pod): Uint8Array {
  const own = pod.ipv6 ?? UNSPECIFIED;
  const source = random.chance(0.8) ? own : random.pick([UNSPECIFIED, other.ipv6 ?? UNSPECIFIED]);
  const target = random.pick([IpAddress.parse("fe80::1"), other.ipv6 ?? own, own]);
  const ip = packet()
    .ethernet({ source: random.chance(0.9) ? pod.mac : ROUTER_MAC, destination: pod.hostMac })
    .ipv6({ source, destination: random.pick([ALL_NODES, target]), hopLimit: 255 });
  const base = random.chance(0.1) ? ip.hopByHop() : ip;
  const code = random.chance(0.1) ? 1 : 0;
  const options = random.chance(0.6)
    ? [{ kind: "source-link-layer" as const, address: pod.mac }]
    : [];
  const message = random.below(10);
  if (message < 6) {
    return base
      .icmpv6({ message: "neighbour-solicitation", target, code, options })
      .trailer(new Uint8Array(random.pick([0, 0, 0, 3, 40])))
      .build();
  }
  if (message === 6)
    return base.icmpv6({ message: "neighbour-advertisement", target, options }).build();
  const type = random.pick([130, 131, 132, 133, 134, 136, 137, 143, 135]);
  return base.icmpv6({ message: "other", type, body: new Uint8Array(20) }).build();
}
