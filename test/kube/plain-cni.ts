/** A plain network for pods, of the reference plugins, with a route to each node's pods. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, Cidr, IpAddress } from "#base";
import { type Netlink, openNamedNamespace, openNetlink } from "#netlink";
import type { NodePlace } from "./places.ts";

/** Where Debian and other distributions have the reference plugins. */
const PLUGIN_FOLDERS = ["/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin"];
/** Every runtime wants it, whatever the network is. */
const LOOPBACK = "loopback";

export function pluginFolder(): string {
  const found = PLUGIN_FOLDERS.find((folder) => existsSync(join(folder, LOOPBACK)));
  if (found !== undefined) return found;
  throw new AppError(
    "no-cni",
    `There are no CNI plugins in ${PLUGIN_FOLDERS.join(", ")}: "apt-get install containernetworking-plugins", or what they are called here.`,
  );
}

export function copyPlugins(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const source = pluginFolder();
  for (const name of readdirSync(source)) copyFileSync(join(source, name), join(folder, name));
}

/**
 * A cable to each pod and no bridge: all packets are routed, so that the answers of services come
 * back by the way they went, also between pods of one node.
 */
export function writeConflist(folder: string, pods: string): void {
  const ranges = [[{ subnet: pods }]];
  const conflist = {
    cniVersion: "1.0.0",
    name: "plain",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        ipam: { type: "host-local", ranges, routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  writeFileSync(join(folder, "10-plain.conflist"), `${JSON.stringify(conflist, null, 2)}\n`);
}

/** The machine and all nodes learn where the pods of each node are. */
export function routePods(nodes: readonly { place: NodePlace; pods: string }[]): void {
  using machine = openNetlink();
  for (const { place, pods } of nodes) {
    addRoute(machine, pods, place.address);
    using namespace = openNamedNamespace(place.namespaceName);
    using inside = openNetlink({ namespace });
    for (const other of nodes) {
      if (other.place !== place) addRoute(inside, other.pods, other.place.address);
    }
  }
}

function addRoute(netlink: Netlink, pods: string, via: string): void {
  netlink.routes.replace({ destination: Cidr.parse(pods), gateway: IpAddress.parse(via) });
}
