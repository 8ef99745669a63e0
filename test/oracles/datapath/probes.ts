/** First packets of which the policies of a cluster say what becomes of them. */
import { IpAddress, type Random } from "#base";
import type { EndpointRow } from "#datapath";
import { packet, type PacketBuilder } from "#packet";
import { OUTSIDE } from "../policy/generate-cluster.ts";
import type { PodFacts } from "./cluster-history.ts";
import type { PacketStep } from "./step.ts";
import { ROUTER_MAC } from "./traffic.ts";

const UPLINK = 9;
const PORTS = [80, 80, 80, 81, 443, 53, 79];
const PROTOCOLS = ["TCP", "TCP", "UDP", "SCTP", "ICMP"] as const;
const ECHO_TYPE = 8;
/** Above those of conversations. */
const FIRST_PORT = 50_000;
const MAX_PROBES = 40;

interface Flow {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
}

/** What policies say of a flow at its two ends. */
export type Judge = (flow: Flow) => { readonly egress: string; readonly ingress: string };

/** Somebody on this node, or elsewhere. */
interface Party {
  readonly name: string;
  readonly ipv4: IpAddress;
  readonly row: EndpointRow | undefined;
}

export function probesOf(
  random: Random,
  rows: readonly EndpointRow[],
  remote: readonly PodFacts[],
  judge: Judge,
): PacketStep[] {
  const here = rows.flatMap((row): Party[] =>
    row.ipv4 === undefined ? [] : [{ name: row.name, ipv4: row.ipv4, row }],
  );
  const elsewhere = [
    ...remote.map(({ name, ipv4 }): Party => ({ name, ipv4, row: undefined })),
    ...OUTSIDE.map((name): Party => ({ name, ipv4: IpAddress.parse(name), row: undefined })),
  ];
  if (here.length === 0) return [];
  const count = random.below(MAX_PROBES);
  return Array.from({ length: count }, (_, at) => {
    const one = random.pick(here);
    const other = random.pick(random.chance(0.6) ? here : elsewhere);
    const [from, to] = random.chance(0.5) ? [one, other] : [other, one];
    return probe(random, from, to, FIRST_PORT + at, judge);
  });
}

function probe(random: Random, from: Party, to: Party, number: number, judge: Judge): PacketStep {
  const protocol = random.pick(PROTOCOLS);
  const port = protocol === "ICMP" ? ECHO_TYPE : random.pick(PORTS);
  const { egress, ingress } = judge({ from: from.name, to: to.name, protocol, port });
  const isDenied =
    (from.row !== undefined && egress === "denied") ||
    (to.row !== undefined && ingress === "denied");
  const ip = packet()
    .ethernet({ source: from.row?.mac ?? ROUTER_MAC })
    .ipv4({ source: from.ipv4, destination: to.ipv4 });
  const ports = { sourcePort: number, destinationPort: port };
  return {
    kind: "packet",
    hook: from.row === undefined ? "to_pod" : "from_pod",
    slot: from.row?.slot ?? to.row?.slot ?? 0,
    cameBy: from.row === undefined ? UPLINK : 0,
    bytes: transport(ip, protocol, ports).build(),
    isDenied,
  };
}

function transport(
  ip: PacketBuilder,
  protocol: (typeof PROTOCOLS)[number],
  ports: { sourcePort: number; destinationPort: number },
): PacketBuilder {
  if (protocol === "TCP") return ip.tcp({ ...ports, flags: ["SYN"] });
  if (protocol === "UDP") return ip.udp(ports);
  if (protocol === "SCTP") return ip.sctp(ports);
  return ip.icmp({ message: "echo-request", identifier: ports.sourcePort });
}
