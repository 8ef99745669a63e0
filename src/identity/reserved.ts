import { Cidr, IpAddress, type IpFamily } from "#base";
import { type Label, Labels, SOURCE } from "./labels.ts";

/** Numbers that mean the same everywhere, by the key of their label. */
export const RESERVED = {
  host: 1,
  world: 2,
  unmanaged: 3,
  health: 4,
  init: 5,
  "remote-node": 6,
  "kube-apiserver": 7,
  ingress: 8,
  "world-ipv4": 9,
  "world-ipv6": 10,
} as const;

export type ReservedName = keyof typeof RESERVED;

const NAMES = Object.keys(RESERVED) as readonly ReservedName[];

/** The top byte of a number says where it means something: everywhere (0), or on one node. */
export const SCOPE = {
  /** Ranges and names. */
  local: 1 << 24,
  /** Other nodes, where each has a number of its own. */
  remoteNode: 2 << 24,
} as const;

/** How many numbers a scope has. */
export const SCOPE_SIZE: number = 1 << 24;

/** Numbers that the cluster hands out to sets of pod labels. */
export const CLUSTER_FIRST = 256;
export const CLUSTER_LAST = 65_535;

export function reservedLabel(name: ReservedName): Label {
  return { source: SOURCE.reserved, key: name, value: "" };
}

export interface ReservedIdentity {
  readonly id: number;
  readonly labels: Labels;
  /** Of the world: which addresses it is, where nothing else is known of them. */
  readonly cidr?: Cidr;
}

/** Those that there are: where both families are in use, the world is told apart by them. */
export function reservedIdentities(options: { families: readonly IpFamily[] }): ReservedIdentity[] {
  const isDual = options.families.length > 1;
  const identities: ReservedIdentity[] = [];
  for (const name of NAMES) {
    if (!isDual && (name === "world-ipv4" || name === "world-ipv6")) continue;
    const cidr = worldCidr(name, options.families);
    const labels = reservedLabels(name);
    identities.push({ id: RESERVED[name], labels, ...(cidr === undefined ? {} : { cidr }) });
  }
  return identities;
}

/** The number of the world in that family. */
export function worldIdentity(family: IpFamily, families: readonly IpFamily[]): number {
  if (families.length < 2) return RESERVED.world;
  return RESERVED[family === 4 ? "world-ipv4" : "world-ipv6"];
}

/** What a number of the API servers' has: they are nodes too. */
export function reservedLabels(name: ReservedName): Labels {
  const labels = [reservedLabel(name)];
  if (name === "kube-apiserver") labels.push(reservedLabel("remote-node"));
  return Labels.of(labels);
}

/** The names that a policy's `reserved:` may be. */
export function isReservedName(text: string): text is ReservedName {
  return Object.hasOwn(RESERVED, text);
}

function worldCidr(name: ReservedName, families: readonly IpFamily[]): Cidr | undefined {
  const every4 = Cidr.of(IpAddress.v4(0), 0);
  const every6 = Cidr.of128(IpAddress.fromWords(0, 0, 0, 0), 0);
  if (name === "world-ipv4") return every4;
  if (name === "world-ipv6") return every6;
  if (name !== "world" || families.length > 1) return undefined;
  return families[0] === 6 ? every6 : every4;
}
