/** Ports of Cilium's policies: numbers, ranges and names, for one protocol or several. */
import { quote } from "#base";
import type { PortProtocol } from "#kube/types";
import { type Direction, type PortMatch, type PortRange, PROTOCOL } from "../rule.ts";
import type { ImportContext } from "./context.ts";

const MAX_PORTS_A_RULE = 40;
const MAX_PORT = 65_535;
const MAX_PORT_NAME = 15;

export const EVERY_PORT: PortRange = { first: 0, last: MAX_PORT };

const NUMBER = /^[0-9]+$/;
/** With a letter, and dashes between letters and digits only: what IANA lets services be called. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LETTER = /[a-z]/;

const ANY = "ANY";
const PROTOCOLS: ReadonlyMap<string, readonly number[]> = new Map([
  [ANY, [PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.sctp]],
  ["TCP", [PROTOCOL.tcp]],
  ["UDP", [PROTOCOL.udp]],
  ["SCTP", [PROTOCOL.sctp]],
  ["VRRP", [PROTOCOL.vrrp]],
  ["IGMP", [PROTOCOL.igmp]],
]);
const WITHOUT_PORTS: readonly string[] = ["VRRP", "IGMP"];

/** One of the `ports`, with what L7 rules beside it have to know. */
export interface ReadPort {
  readonly path: string;
  readonly protocol: string;
  /** The policy names no protocol, which is ANY. */
  readonly isProtocolLeftOut: boolean;
  readonly matches: readonly PortMatch[];
  /** Every port, or a range from 0. */
  readonly isZero: boolean;
  readonly isRange: boolean;
}

export function readPorts(
  ports: readonly PortProtocol[],
  path: string,
  direction: Direction,
  context: ImportContext,
): ReadPort[] {
  if (ports.length > MAX_PORTS_A_RULE) {
    const what = `has ${ports.length} ports; ${MAX_PORTS_A_RULE} are the most: write several toPorts, or ranges with endPort`;
    context.report.error("too-many-ports", path, what);
    return [];
  }
  return ports.flatMap((port, index) => {
    const read = readPort(port, `${path}[${index}]`, direction, context);
    return read === undefined ? [] : [read];
  });
}

function readPort(
  port: PortProtocol,
  path: string,
  direction: Direction,
  context: ImportContext,
): ReadPort | undefined {
  const protocol = (port.protocol || ANY).toUpperCase();
  const numbers = PROTOCOLS.get(protocol);
  if (numbers === undefined) {
    const hint = protocol.startsWith("ICMP") ? "; ICMP goes into icmps" : "";
    const what = `${quote(protocol)} is no protocol; there are ${[...PROTOCOLS.keys()].join(", ")}${hint}`;
    context.report.error("bad-protocol", `${path}.protocol`, what);
    return undefined;
  }
  const range = readRange(port, protocol, path, direction, context);
  if (range === undefined) return undefined;
  return {
    path,
    protocol,
    isProtocolLeftOut: !port.protocol,
    matches: numbers.map((number) => ({ protocol: number, port: range })),
    isZero: "first" in range && range.first === 0,
    isRange: "first" in range && range.first > 0 && range.last > range.first,
  };
}

function readRange(
  { port = "", endPort = 0 }: PortProtocol,
  protocol: string,
  path: string,
  direction: Direction,
  context: ImportContext,
): PortRange | undefined {
  const { report, options } = context;
  if (port === "" && !options.enableExtendedIpProtocols) {
    report.error("port-missing", path, 'names no port: write one, or "0" for every port');
    return undefined;
  }
  if (port !== "" && port !== "0" && WITHOUT_PORTS.includes(protocol)) {
    const what = `${protocol} has no ports, and ${quote(port)} was given: write "0"`;
    report.error("port-of-portless", `${path}.port`, what);
    return undefined;
  }
  if (isPortName(port)) {
    const resolve = direction === "ingress" ? "own" : "cluster";
    const named = { name: port.toLowerCase(), resolve } as const;
    return endPort > 0 ? { ...named, last: Math.min(endPort, MAX_PORT) } : named;
  }
  const first = port === "" ? 0 : portNumber(port);
  if (first === undefined) {
    const what = `${quote(port)} is no port: write a number from 0 to ${MAX_PORT}, with no zeros before it, or the name of a port`;
    report.error("bad-port", `${path}.port`, what);
    return undefined;
  }
  if (endPort > first) return { first, last: Math.min(endPort, MAX_PORT) };
  if (endPort > 0 && endPort < first) {
    const what = `${endPort} is less than port ${first}, and so counts for nothing: write the larger as endPort`;
    report.warning("end-port-ignored", `${path}.endPort`, what);
  }
  return first === 0 ? EVERY_PORT : { first, last: first };
}

function isPortName(text: string): boolean {
  const name = text.toLowerCase();
  return name.length <= MAX_PORT_NAME && NAME.test(name) && LETTER.test(name);
}

function portNumber(text: string): number | undefined {
  if (!NUMBER.test(text) || (text.length > 1 && text.startsWith("0"))) return undefined;
  const number = Number(text);
  return number <= MAX_PORT ? number : undefined;
}
