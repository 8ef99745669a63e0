import { rmSync } from "node:fs";
import { join } from "node:path";
import { deleteNamespace, type Namespace, openNamedNamespace, openNetlink } from "#netlink";
import { cidrsIn, type LabNetwork, type NodeAddresses, nodeAddresses } from "../addresses.ts";
import { mountBpf, unmountBpf } from "./bpf-mount.ts";
import { cgroupRoot, createCgroup, removeCgroup } from "./cgroup.ts";
import { cableName, namespaceName, relayNames } from "./names.ts";
import { joinUnderlay, routePods } from "./namespaces.ts";
import { listCables } from "./underlay.ts";

export interface NodeOptions {
  readonly lab: LabNetwork;
  readonly node: string;
  /** 1 to MAX_NODE_INDEX. */
  readonly index: number;
}

/** Where a node's things are found, whether it is there or not. */
export interface NodePlace {
  readonly node: string;
  readonly namespaceName: string;
  /** Of version 2, for the node's processes and programs. */
  readonly cgroupFolder: string;
  /** A bpffs of its own. */
  readonly bpfFolder: string;
}

/** A node's place in the network, as long as nobody removes it. */
export interface NodeNetwork extends NodePlace, NodeAddresses, Disposable {
  readonly index: number;
  /** Held until it is disposed of; the name holds it longer. */
  readonly namespace: Namespace;
}

/**
 * Makes a node's namespace, cable, addresses, routes, cgroup and bpffs, or brings what is there
 * into that state. From then on the nodes of the lab reach its pods' addresses by it.
 */
export function createNode({ lab, node, index }: NodeOptions): NodeNetwork {
  const { address } = nodeAddresses(lab, index);
  const place = nodePlace(lab, node);
  createCgroup(place.cgroupFolder);
  mountBpf(place.bpfFolder);
  const namespace = joinUnderlay(lab, { node, index, address });
  try {
    exchangeRoutes(lab, index, namespace);
  } catch (error) {
    namespace.close();
    throw error;
  }
  return {
    ...nodeAddresses(lab, index),
    ...place,
    index,
    namespace,
    [Symbol.dispose]: () => namespace.close(),
  };
}

/** Takes all of it away, with whatever still runs in its cgroup. Fine where it is not there. */
export async function removeNode({ lab, node, index }: NodeOptions): Promise<void> {
  const { cgroupFolder, bpfFolder } = nodePlace(lab, node);
  await removeCgroup(cgroupFolder);
  using root = openNetlink();
  // The bridge of a relay, too, that ended with its process.
  for (const link of [cableName(lab, index), relayNames(lab, index).bridge]) {
    if (root.links.get(link) !== undefined) await root.async.links.delete(link);
  }
  deleteNamespace(namespaceName(lab, node));
  forgetRoutes(lab, index);
  unmountBpf(bpfFolder);
  rmSync(bpfFolder, { recursive: true, force: true });
}

/** The nodes that are plugged in, by index. */
export function listNodes(lab: LabNetwork): { readonly node: string; readonly index: number }[] {
  using root = openNetlink();
  return listCables(root, lab)
    .filter(({ node }) => node > 0)
    .map(({ node, name }) => ({ node: name, index: node }));
}

/** Leaves of the lab's that are empty once its nodes are gone. */
export async function removeLabFolders(lab: LabNetwork): Promise<void> {
  await removeCgroup(join(cgroupRoot(), `ciliate-${lab.name}`));
}

export function nodePlace(lab: LabNetwork, node: string): NodePlace {
  const { name, runFolder } = lab;
  return {
    node,
    namespaceName: namespaceName(lab, node),
    cgroupFolder: join(cgroupRoot(), `ciliate-${name}`, node),
    bpfFolder: join(runFolder, "nodes", node, "bpf"),
  };
}

/** The machine, the little internet and all nodes learn of this one, and this one of them. */
function exchangeRoutes(lab: LabNetwork, index: number, namespace: Namespace): void {
  const own = nodeAddresses(lab, index);
  using root = openNetlink();
  using inside = openNetlink({ namespace });
  routePods(root, own.pods, own.address);
  for (const { node, name } of listCables(root, lab)) {
    if (node === index) continue;
    if (node > 0) {
      const other = nodeAddresses(lab, node);
      routePods(inside, other.pods, other.address);
    }
    using place = openNamedNamespace(namespaceName(lab, name));
    using there = openNetlink({ namespace: place });
    routePods(there, own.pods, own.address);
  }
}

function forgetRoutes(lab: LabNetwork, index: number): void {
  const destinations = new Set(cidrsIn(nodeAddresses(lab, index).pods).map(({ key }) => key));
  using root = openNetlink();
  forget(root, destinations);
  for (const { name } of listCables(root, lab)) {
    using place = openNamedNamespace(namespaceName(lab, name));
    using there = openNetlink({ namespace: place });
    forget(there, destinations);
  }
}

function forget(netlink: ReturnType<typeof openNetlink>, destinations: ReadonlySet<string>): void {
  for (const route of netlink.routes.list({ table: 254 })) {
    const isOurs = route.gateway !== undefined && destinations.has(route.destination.key);
    if (isOurs) netlink.routes.delete(route);
  }
}
