import { isErrno } from "#sys";
import { type NamespaceRef, withNamespace, writeSysctl } from "#netlink";

/** A sysctl and its value. */
type Setting = readonly [key: string, value: number];

/** Makes settings in a namespace; in that of the calling thread where none is given. */
export type WriteSettings = (
  namespace: NamespaceRef | undefined,
  settings: readonly Setting[],
) => void;

/** What IFLA_INET6_ADDR_GEN_MODE calls "none": no link-local address. */
const NO_GENERATED_ADDRESS = 1;

/**
 * The host's side of a cable. To be made before the device is up, since what it would say as it
 * comes up nobody needs: it has a permanent neighbour, and no address.
 */
export function hostSettings(link: string): Setting[] {
  const v4 = `net/ipv4/conf/${link}`;
  const v6 = `net/ipv6/conf/${link}`;
  return [
    [`${v4}/forwarding`, 1],
    // Spoofing is the programs' affair. The greater of this and `all` holds.
    [`${v4}/rp_filter`, 0],
    [`${v4}/accept_source_route`, 0],
    [`${v4}/accept_redirects`, 0],
    [`${v4}/send_redirects`, 0],
    [`${v4}/proxy_arp`, 0],
    [`${v6}/addr_gen_mode`, NO_GENERATED_ADDRESS],
    // What is forwarded `all` decides; of one device it says that it joins the routers' group, and
    // reports so to the pod.
    [`${v6}/forwarding`, 0],
    [`${v6}/accept_ra`, 0],
    [`${v6}/accept_redirects`, 0],
    [`${v6}/accept_source_route`, 0],
    [`${v6}/accept_dad`, 0],
  ];
}

/** The pod's side. Runtimes like to make namespaces with IPv6 turned off. */
export function podSettings(link: string, hasIpv6: boolean): Setting[] {
  const v6 = `net/ipv6/conf/${link}`;
  return [...(hasIpv6 ? [[`${v6}/disable_ipv6`, 0] as const] : []), [`${v6}/accept_ra`, 0]];
}

/**
 * What a node needs so that packets go between pods and elsewhere. Reverse path filters of all
 * devices are raised by `all`, also those of pods.
 */
export const NODE_SETTINGS: readonly Setting[] = [
  ["net/ipv4/ip_forward", 1],
  ["net/ipv4/conf/all/rp_filter", 0],
  ["net/ipv6/conf/all/forwarding", 1],
  // The one before set this too, and each new device would report to its pod that it joined the
  // routers' group. Nothing else of forwarding hangs on it.
  ["net/ipv6/conf/default/forwarding", 0],
];

export const writeKernelSettings: WriteSettings = (namespace, settings) => {
  const write = (): void => {
    for (const [key, value] of settings) writeSetting(key, value);
  };
  if (namespace === undefined) write();
  else withNamespace(namespace, write);
};

function writeSetting(key: string, value: number): void {
  try {
    writeSysctl(key, value);
  } catch (error) {
    // A kernel without IPv6; who has addresses of it is refused these.
    if (!(isErrno(error, "ENOENT") && key.startsWith("net/ipv6/"))) throw error;
  }
}
