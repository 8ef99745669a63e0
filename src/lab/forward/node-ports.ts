/** Which ports of this machine lead to services: the NodePorts of all of them. */
import type { KubeObject } from "#kube";

const MAX_PORT = 65_535;

export interface NodePort {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  readonly families: readonly ("IPv4" | "IPv6")[];
  /** `namespace/name`, for messages. */
  readonly service: string;
}

export function nodePortKey({ protocol, port, families }: NodePort): string {
  return `${protocol}/${port}/${families.join("/")}`;
}

export function nodePortsOf(service: KubeObject): NodePort[] {
  const { namespace = "", name = "" } = service.metadata;
  const { ports, ipFamilies } = Object(service["spec"]) as {
    ports?: unknown;
    ipFamilies?: unknown;
  };
  if (!Array.isArray(ports)) return [];
  const wanted: readonly unknown[] = Array.isArray(ipFamilies) ? ipFamilies : ["IPv4"];
  const families = (["IPv4", "IPv6"] as const).filter((family) => wanted.includes(family));
  return ports.flatMap((each: { protocol?: unknown; nodePort?: unknown }) => {
    const port = Number(each.nodePort ?? 0);
    const protocol = each.protocol ?? "TCP";
    const isForwarded = protocol === "TCP" || protocol === "UDP";
    if (!isForwarded || !Number.isInteger(port) || port < 1 || port > MAX_PORT) return [];
    return [{ protocol, port, families, service: `${namespace}/${name}` }];
  });
}
