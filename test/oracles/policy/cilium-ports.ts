/** Which ports a rule of a Cilium policy speaks of. */
import { namedPort } from "./party.ts";
import { isPod, type RawObject, type RawPort, type RawPortRule, type RawRule } from "./raw.ts";
import type { Direction, Flow } from "./saying.ts";

const ICMP_TYPES: Readonly<Record<string, number>> = {
  EchoReply: 0,
  DestinationUnreachable: 3,
  Echo: 8,
  EchoRequest: 8,
  TimeExceeded: 11,
};

function protocolsOf(port: RawPort): readonly string[] {
  const protocol = (port.protocol ?? "ANY").toUpperCase();
  return protocol === "ANY" || protocol === "" ? ["TCP", "UDP", "SCTP"] : [protocol];
}

/** Rules for requests speak of TCP where they name no protocol, as the seeds have it. */
export function portProtocols(port: RawPort, rule: RawPortRule): readonly string[] {
  const { http = [], kafka = [], l7proto = "" } = rule.rules ?? {};
  const isForRequests = http.length + kafka.length > 0 || l7proto !== "";
  return isForRequests && (port.protocol ?? "") === "" ? ["TCP"] : protocolsOf(port);
}

export function isNumber(port: RawPort): boolean {
  return /^\d+$/.test(String(port.port));
}

export function isL7(rule: RawPortRule): boolean {
  const { http = [], dns = [], kafka = [], l7proto = "" } = rule.rules ?? {};
  return (
    http.length + dns.length + kafka.length > 0 ||
    l7proto !== "" ||
    rule.listener !== undefined ||
    (rule.serverNames ?? []).length > 0
  );
}

/** Without toPorts every port, and everything that has no ports. */
export function speaksOfPort(
  objects: readonly RawObject[],
  ports: RawPortRule | undefined,
  direction: Direction,
  flow: Flow,
): boolean {
  if (ports === undefined) return true;
  return (ports.ports ?? []).some(
    (port) =>
      portProtocols(port, ports).includes(flow.protocol) && isPort(objects, port, direction, flow),
  );
}

function isPort(
  objects: readonly RawObject[],
  port: RawPort,
  direction: Direction,
  flow: Flow,
): boolean {
  const first = isNumber(port)
    ? Number(port.port)
    : numberOf(objects, String(port.port), direction, flow);
  if (first === undefined) return false;
  const last = port.endPort ?? 0;
  if (last > first) return first <= flow.port && flow.port <= last;
  return first === 0 || first === flow.port;
}

/** At ingress the pod's own; at egress what all pods of the cluster agree on. */
function numberOf(
  objects: readonly RawObject[],
  name: string,
  direction: Direction,
  flow: Flow,
): number | undefined {
  if (direction === "ingress") return namedPort(flow.subject, name, flow.protocol);
  const numbers = objects.filter(isPod).flatMap((pod) => namedPort(pod, name, flow.protocol) ?? []);
  return numbers.every((each) => each === numbers[0]) ? numbers[0] : undefined;
}

export function speaksOfIcmp(rule: RawRule, flow: Flow): boolean {
  return (rule.icmps ?? [])
    .flatMap((each) => each.fields ?? [])
    .filter((field) => (field.family ?? "IPv4") === "IPv4")
    .some((field) => {
      const type = typeof field.type === "number" ? field.type : ICMP_TYPES[field.type];
      return flow.protocol === "ICMP" && (type ?? Number(field.type)) === flow.port;
    });
}
