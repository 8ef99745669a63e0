/** Which ports of this machine lead to services: the NodePorts of all of them. */
import type { KubeObject } from "#kube";

const MAX_PORT = 65_535;

export interface NodePort {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  /** `namespace/name`, for messages. */
  readonly service: string;
}

export function nodePortKey({ protocol, port }: NodePort): string {
  return `${protocol}/${port}`;
}

export function nodePortsOf(service: KubeObject): NodePort[] {
  const { namespace = "", name = "" } = service.metadata;
  const ports = (service["spec"] as { ports?: unknown } | undefined)?.ports;
  if (!Array.isArray(ports)) return [];
  return ports.flatMap((each: { protocol?: unknown; nodePort?: unknown }) => {
    const port = Number(each.nodePort ?? 0);
    const protocol = each.protocol ?? "TCP";
    const isForwarded = protocol === "TCP" || protocol === "UDP";
    if (!isForwarded || !Number.isInteger(port) || port < 1 || port > MAX_PORT) return [];
    return [{ protocol, port, service: `${namespace}/${name}` }];
  });
}
