import { assert, Cidr, IpAddress } from "#base";

/** Labs of one machine are told apart by a small number, which all their addresses are made of. */
export const MAX_LAB_INDEX = 50;
/** Nodes are counted from 1; what is left of the underlay's 256 addresses is for other things. */
const MAX_NODE_INDEX = 200;
/** A node's place on the underlay is behind the machine's, and some kept free. */
const FIRST_NODE_HOST = 10;
const INTERNET_HOST = 2;
const DNS_SERVICE = 10;

/** Which lab: all that the addresses and names of its network follow from. */
export interface LabNetwork {
  readonly name: string;
  /** 1 to MAX_LAB_INDEX; no two labs of a machine have the same. */
  readonly index: number;
  readonly hasIpv6: boolean;
  /** `/run/ciliate/lab/NAME`: what goes with the machine's memory. */
  readonly runFolder: string;
}

/** An IPv4 address, and an IPv6 address where the lab has those. */
export interface DualAddress {
  readonly ipv4: IpAddress;
  readonly ipv6: IpAddress | undefined;
}

export interface DualCidr {
  readonly ipv4: Cidr;
  readonly ipv6: Cidr | undefined;
}

export interface LabAddresses {
  /** What nodes, the machine and the little internet are on. */
  readonly underlay: DualCidr;
  /** The machine's, where the API server listens. */
  readonly machine: DualAddress;
  /** Of the little internet, the way to everywhere else. */
  readonly internet: DualAddress;
  readonly internetCidr: Cidr;
  readonly internetResolver: IpAddress;
  readonly services: DualCidr;
  readonly clusterDns: DualAddress;
  /** All pods of all nodes. */
  readonly pods: DualCidr;
}

export interface NodeAddresses {
  readonly address: DualAddress;
  readonly pods: DualCidr;
}

export function labAddresses({ index, hasIpv6 }: LabNetwork): LabAddresses {
  assert(index >= 1 && index <= MAX_LAB_INDEX, `a lab's index is 1 to ${MAX_LAB_INDEX}`);
  const cidr6 = (text: string): Cidr | undefined => (hasIpv6 ? Cidr.parse(text) : undefined);
  const underlay = {
    ipv4: Cidr.parse(`172.30.${index}.0/24`),
    ipv6: cidr6(`fd30:${index}::/64`),
  };
  const services = {
    ipv4: Cidr.parse(`10.${200 + index}.0.0/16`),
    ipv6: cidr6(`fd32:${index}::/112`),
  };
  return {
    underlay,
    machine: nthOf(underlay, 1),
    internet: nthOf(underlay, INTERNET_HOST),
    internetCidr: Cidr.parse(`172.31.${index}.0/24`),
    internetResolver: IpAddress.parse(`172.31.${index}.53`),
    services,
    clusterDns: nthOf(services, DNS_SERVICE),
    pods: { ipv4: Cidr.parse(`10.${100 + index}.0.0/16`), ipv6: cidr6(`fd31:${index}::/32`) },
  };
}

export function nodeAddresses(lab: LabNetwork, node: number): NodeAddresses {
  assert(node >= 1 && node <= MAX_NODE_INDEX, `a node's index is 1 to ${MAX_NODE_INDEX}`);
  const { index, hasIpv6 } = lab;
  return {
    address: nthOf(labAddresses(lab).underlay, FIRST_NODE_HOST + node),
    pods: {
      ipv4: Cidr.parse(`10.${100 + index}.${node}.0/24`),
      ipv6: hasIpv6 ? Cidr.parse(`fd31:${index}:${node}::/64`) : undefined,
    },
  };
}

/** The addresses that there are, the IPv4 address first. */
export function addressesIn({ ipv4, ipv6 }: DualAddress): IpAddress[] {
  return ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
}

export function cidrsIn({ ipv4, ipv6 }: DualCidr): Cidr[] {
  return ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
}

function nthOf({ ipv4, ipv6 }: DualCidr, host: number): DualAddress {
  return { ipv4: nth(ipv4, host), ipv6: ipv6 && nth(ipv6, host) };
}

function nth(cidr: Cidr, host: number): IpAddress {
  const address = cidr.nth(host);
  assert(address !== undefined, `${cidr.key} has no address ${host}`);
  return address;
}
