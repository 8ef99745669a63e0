/** Ports of NetworkPolicies. */
import { quote } from "#base";
import type { NetworkPolicyPort } from "#kube/types";
import { type Direction, type PortMatch, type PortRange, PROTOCOL } from "../rule.ts";
import type { ImportContext } from "./context.ts";
import { EVERY_PORT } from "./ports.ts";

const MAX_PORT = 65_535;
const MAX_PORT_NAME = 15;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LETTER = /[a-z]/;

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["TCP", PROTOCOL.tcp],
  ["UDP", PROTOCOL.udp],
  ["SCTP", PROTOCOL.sctp],
]);

/** No ports are every port of every protocol. */
export function readKubePorts(
  ports: readonly NetworkPolicyPort[],
  path: string,
  direction: Direction,
  context: ImportContext,
): "any" | PortMatch[] {
  if (ports.length === 0) return "any";
  return ports.flatMap((given, index): PortMatch[] => {
    const at = `${path}[${index}]`;
    const protocol = readProtocol(given, at, context);
    const port = readPort(given, at, direction, context);
    return protocol === undefined || port === undefined ? [] : [{ protocol, port }];
  });
}

function readProtocol(
  { protocol = "TCP" }: NetworkPolicyPort,
  path: string,
  { report }: ImportContext,
): number | undefined {
  const number = PROTOCOLS.get(protocol);
  if (number !== undefined) return number;
  const what = `${quote(protocol)} is no protocol; there are ${[...PROTOCOLS.keys()].join(", ")}`;
  report.error("bad-protocol", `${path}.protocol`, what);
  return undefined;
}

function readPort(
  { port, endPort }: NetworkPolicyPort,
  path: string,
  direction: Direction,
  { report }: ImportContext,
): PortRange | undefined {
  if (typeof port !== "number") {
    if (endPort !== undefined) {
      const what = "is the end of a range, and the range begins with no number: give port one";
      report.error("end-port-without-port", `${path}.endPort`, what);
    }
    if (port === undefined) return EVERY_PORT;
    if (isPortName(port)) {
      return { name: port, resolve: direction === "ingress" ? "own" : "peer" };
    }
    const hint = /^[0-9]+$/.test(port) ? ": write the number without quotes" : "";
    const what = `${quote(port)} is no name of a port: at most ${MAX_PORT_NAME} lower-case letters, digits and single '-' between them, with a letter${hint}`;
    report.error("bad-port", `${path}.port`, what);
    return undefined;
  }
  if (!isPortNumber(port)) {
    const what = `${port} is no port: write a number from 1 to ${MAX_PORT}`;
    report.error("bad-port", `${path}.port`, what);
    return undefined;
  }
  if (endPort === undefined) return { first: port, last: port };
  if (!isPortNumber(endPort) || endPort < port) {
    const what = `${endPort} cannot end a range that begins with ${port}: write a number from ${port} to ${MAX_PORT}`;
    report.error("bad-end-port", `${path}.endPort`, what);
    return undefined;
  }
  return { first: port, last: endPort };
}

function isPortNumber(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_PORT;
}

function isPortName(text: string): boolean {
  return text.length <= MAX_PORT_NAME && NAME.test(text) && LETTER.test(text);
}
