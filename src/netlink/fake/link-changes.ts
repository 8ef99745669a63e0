import {
  type BridgeDetails,
  type LinkDetails,
  LinkFlag,
  type LinkKindSpec,
  type LinkRef,
  type LinkSpec,
  type LinkUpdate,
  type VethPeerSpec,
  type VxlanDetails,
} from "#netlink";
import { refuse } from "./failure.ts";
import { addLink, applySettings, checkIdentity, findLink, removeLink, tellLink } from "./links.ts";
import type { FakeLink, FakeNamespace } from "./state.ts";

const MAX_VNI = 0xff_ffff;
const VXLAN: VxlanDetails = {
  kind: "vxlan",
  isExternal: false,
  id: 0,
  parent: undefined,
  local: undefined,
  remote: undefined,
  port: 8472,
  sourcePorts: undefined,
  isLearning: true,
  ttl: 0,
  tos: 0,
  hasUdpChecksum: true,
  isUdp6ZeroChecksumSent: false,
  isUdp6ZeroChecksumTaken: false,
};
const BRIDGE: BridgeDetails = {
  kind: "bridge",
  forwardDelayMs: 15_000,
  ageingMs: 300_000,
  isStp: false,
  isVlanFiltering: false,
  isMulticastSnooping: true,
};

export function createLink(here: FakeNamespace, spec: LinkSpec): void {
  const { details, parent, namespace: ref } = spec;
  const target = ref === undefined ? here : (here.machine.namespaceOf(ref) ?? refuse("EINVAL"));
  checkIdentity(target, spec);
  if (spec.mtu !== undefined && spec.mtu < 68) refuse("EINVAL");
  const under = parent === undefined ? undefined : findLink(here, parent);
  if (details.kind === "veth") {
    createVeth(here, { ...spec, target, peer: details.peer });
    return;
  }
  const link = addLink(target, {
    name: spec.name,
    ...(spec.index === undefined ? {} : { index: spec.index }),
    details: newDetails(target, details),
    parent: under,
    ...queues(spec),
  });
  finish(link, spec);
}

function queues({ txQueues, rxQueues }: LinkSpec): Partial<FakeLink> {
  return {
    ...(txQueues === undefined ? {} : { txQueues }),
    ...(rxQueues === undefined ? {} : { rxQueues }),
  };
}

/** Sets what can only be set of a device that is there, and takes it back where that is refused. */
function finish(link: FakeLink, spec: LinkSpec): void {
  const { namespace: _, ...settings } = spec;
  try {
    applySettings(link, settings);
  } catch (error) {
    removeLink(link);
    throw error;
  }
  tellLink(link);
}

interface VethSpec extends LinkSpec {
  readonly target: FakeNamespace;
  readonly peer: VethPeerSpec;
}

function createVeth(here: FakeNamespace, spec: VethSpec): void {
  const { target, peer } = spec;
  const elsewhere = peer.namespace;
  const there =
    elsewhere === undefined ? target : (here.machine.namespaceOf(elsewhere) ?? refuse("EINVAL"));
  checkIdentity(there, { name: peer.name });
  if (peer.index !== undefined && there.links.has(peer.index)) refuse("EBUSY");
  if (there === target && peer.name === spec.name) refuse("EEXIST");
  const details = { kind: "veth" } as const;
  const second = addLink(there, {
    name: peer.name,
    ...(peer.index === undefined ? {} : { index: peer.index }),
    details,
  });
  const first = addLink(target, {
    name: spec.name,
    ...(spec.index === undefined ? {} : { index: spec.index }),
    details,
    parent: second,
    ...queues(spec),
  });
  second.parent = first;
  const { namespace: _, ...settings } = peer;
  try {
    applySettings(second, settings);
  } catch (error) {
    removeLink(first);
    throw error;
  }
  finish(first, spec);
}

function newDetails(namespace: FakeNamespace, spec: LinkKindSpec): LinkDetails {
  switch (spec.kind) {
    case "vxlan": {
      const isLearning = spec.isLearning ?? spec.isExternal !== true;
      const details = { ...VXLAN, ...spec, isLearning };
      if (details.id > MAX_VNI) refuse("ERANGE");
      for (const { details: other } of namespace.links.values()) {
        const isSame =
          other?.kind === "vxlan" && other.port === details.port && other.id === details.id;
        if (isSame) refuse("EEXIST");
      }
      return details;
    }
    case "bridge":
      return { ...BRIDGE, ...spec };
    case "vlan":
      return { kind: "vlan", id: spec.id, protocol: spec.protocol ?? 0x8100 };
    case "macvlan":
      return { kind: "macvlan", mode: spec.mode ?? "vepa" };
    case "ifb":
    case "dummy":
    case "wireguard":
      return spec;
    case "veth":
      return { kind: "veth" };
    case "other":
      return refuse("EOPNOTSUPP");
    default:
      return spec satisfies never;
  }
}

export function setLink(here: FakeNamespace, ref: LinkRef, update: LinkUpdate): void {
  const link = findLink(here, ref);
  const { name, alias, details } = update;
  const namesake = name === undefined ? undefined : here.linkNamed(name);
  if (namesake !== undefined && namesake !== link) refuse("EEXIST");
  if (details !== undefined && details.kind !== link.details?.kind) refuse("EOPNOTSUPP");
  applySettings(link, update);
  link.name = name ?? link.name;
  link.alias = alias ?? link.alias;
  if (details !== undefined) link.details = { ...link.details, ...details } as LinkDetails;
  tellLink(link);
}

export function deleteLink(here: FakeNamespace, ref: LinkRef): void {
  const link = findLink(here, ref);
  if ((link.flags & LinkFlag.loopback) !== 0) refuse("EOPNOTSUPP");
  removeLink(link);
}

export function deleteLinkGroup(here: FakeNamespace, group: number): void {
  const links = [...here.links.values()].filter((link) => link.group === group);
  if (links.length === 0) refuse("ENODEV");
  if (links.some((link) => (link.flags & LinkFlag.loopback) !== 0)) refuse("EOPNOTSUPP");
  for (const link of links) removeLink(link);
}
