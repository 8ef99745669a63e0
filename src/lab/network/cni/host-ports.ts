/** Ports of the node that lead to one pod: what a pod asks for by `hostPort`. */
import { IpAddress } from "#base";
import type { Namespace } from "#netlink";
import { applyRuleset } from "../nft.ts";

const HOST_PORTS_TABLE = "ciliate_host_ports";

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Empty for every address of the node. */
  readonly hostIp: string;
}

interface Mapped {
  readonly addresses: readonly string[];
  readonly ports: readonly PortMapping[];
}

/** One after the other, so that the last to be made is by what was read last. */
let work: Promise<void> = Promise.resolve();

/** All of a node's, in one transaction. */
export function setHostPorts(node: Namespace, read: () => readonly Mapped[]): Promise<void> {
  const turn = work.then(() => applyRuleset(node, hostPortRules(read())));
  work = turn.catch(() => {});
  return turn;
}

export function hostPortRules(mapped: readonly Mapped[]): string {
  const pods = mapped.filter(({ ports }) => ports.length > 0);
  const jumps = pods.flatMap(({ addresses, ports }) =>
    addresses.flatMap((address) => ports.flatMap((port) => translation(address, port) ?? [])),
  );
  // A pod that asks for its own port of the node would answer itself.
  const own = pods.flatMap(({ addresses }) =>
    addresses.map((address) => {
      const word = wordOf(address);
      return `${word} saddr ${address} ${word} daddr ${address} masquerade fully-random`;
    }),
  );
  return `table inet ${HOST_PORTS_TABLE}
delete table inet ${HOST_PORTS_TABLE}
table inet ${HOST_PORTS_TABLE} {
  chain prerouting {
    type nat hook prerouting priority dstnat - 10; policy accept;
${indent(jumps)}  }
  chain output {
    type nat hook output priority -110; policy accept;
${indent(jumps)}  }
  chain postrouting {
    type nat hook postrouting priority srcnat - 10; policy accept;
${indent(own)}  }
}
`;
}

/** Undefined where the port is one of an address of the other family. */
function translation(address: string, port: PortMapping): string | undefined {
  const { hostIp, hostPort, containerPort, protocol } = port;
  const word = wordOf(address);
  const isAny = hostIp === "" || hostIp === "0.0.0.0" || hostIp === "::";
  if (hostIp !== "" && wordOf(hostIp) !== word) return undefined;
  // What comes from a loopback address cannot be sent on.
  const loopback = word === "ip" ? "127.0.0.0/8" : "::1";
  const where = isAny
    ? `fib daddr type local ${word} daddr != ${loopback}`
    : `${word} daddr ${hostIp}`;
  const to = word === "ip" ? address : `[${address}]`;
  return `${where} ${protocol} dport ${hostPort} dnat ${word} to ${to}:${containerPort}`;
}

function wordOf(address: string): "ip" | "ip6" {
  return IpAddress.parse(address).family === 4 ? "ip" : "ip6";
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `    ${line}\n`).join("");
}
