/** What a node has for itself of the machine's tree of files, and where the machine finds it. */
import { join } from "node:path";
import type { Places } from "../state/places.ts";

export const CNI_CONF_FOLDER = "/etc/cni/net.d";
export const CNI_BIN_FOLDER = "/opt/cni/bin";
/** What plugins remember. */
export const CNI_DATA_FOLDER = "/var/lib/cni";
export const KUBELET_FOLDER = "/var/lib/kubelet";
export const POD_LOGS_FOLDER = "/var/log/pods";
export const CONTAINER_LOGS_FOLDER = "/var/log/containers";

/** Its network namespace, as seen in its mounts. */
export const NODE_NETWORK = "/run/.network";

/** On the node's disk: they stay when it is stopped. */
export const DISK_FOLDERS: readonly string[] = [
  CNI_CONF_FOLDER,
  CNI_BIN_FOLDER,
  CNI_DATA_FOLDER,
  "/var/lib/cilium",
  KUBELET_FOLDER,
  POD_LOGS_FOLDER,
  CONTAINER_LOGS_FOLDER,
];

/** One of the node's folders on its disk, as a folder of this machine. */
export function onMachine(places: Places, node: string, folder: string): string {
  return join(places.nodeStateFolder(node), folder);
}

/** Where a node's mount namespace is bound, so that it lives without processes. */
export function mountsFile(places: Places, node: string): string {
  return join(mountsFolder(places), node);
}

export function mountsFolder(places: Places): string {
  return join(places.runFolder, "mounts");
}
