/** Where everything of the cluster is: one folder, and names and addresses that nothing else has. */
import { join } from "node:path";
import { AppError } from "#base";

/** Goes as a whole with the cluster. */
export const FOLDER = "/run/ciliate-kube";
export const KUBECONFIG = join(FOLDER, "admin.conf");
/** Of cgroups, network namespaces and links; short, for a link's name has 15 bytes at most. */
export const NAME = "real-kube";
export const BRIDGE = `${NAME}0`;

const UNDERLAY = "172.31.250";
/** This machine's on the underlay, where the API server and the registry listen. */
export const MACHINE_ADDRESS = `${UNDERLAY}.1`;
export const UNDERLAY_PREFIX = 24;
export const UNDERLAY_CIDR = `${UNDERLAY}.0/${UNDERLAY_PREFIX}`;
export const POD_CIDR = "10.244.0.0/16";
export const SERVICE_CIDR = "10.96.0.0/16";
export const API_SERVICE_ADDRESS = "10.96.0.1";
export const DNS_SERVICE_ADDRESS = "10.96.0.10";
export const API_PORT = 6443;
export const REGISTRY_PORT = 5000;
/** etcd's, for clients and for peers, which it wants also when it has none. */
export const ETCD_PORTS = [12379, 12380] as const;

export const MAX_NODES = 9;
const FIRST_NODE_HOST = 10;

/** A node, by its number from 1 on. */
export interface NodePlace {
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly folder: string;
  /** The machine's end of its cable. */
  readonly cable: string;
  /** Of its network namespace among the machine's named ones. */
  readonly namespaceName: string;
}

function nodePlace(number: number): NodePlace {
  const name = `node${number}`;
  return {
    number,
    name,
    address: `${UNDERLAY}.${FIRST_NODE_HOST + number}`,
    folder: join(FOLDER, name),
    cable: `${NAME}${number}`,
    namespaceName: `${NAME}-${name}`,
  };
}

export function nodePlaces(count: number): NodePlace[] {
  return Array.from({ length: count }, (_, place) => nodePlace(place + 1));
}

/** Of all numbers that there can be: to find what a crash left. */
export function allNodePlaces(): NodePlace[] {
  return nodePlaces(MAX_NODES);
}

export function findNode(name: string, count: number): NodePlace {
  const places = nodePlaces(count);
  const found = places.find((place) => place.name === name);
  if (found !== undefined) return found;
  const names = places.map((place) => place.name).join(", ");
  throw new AppError("no-node", `There is no node ${name}: there are ${names}.`);
}
