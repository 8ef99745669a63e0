import { linuxSyscalls } from "#sys";
import { netlinkOver } from "../backend.ts";
import type { NamespaceRef } from "../model/link.ts";
import { withNamespace } from "../namespace/enter.ts";
import { namespaceOfSocket } from "../namespace/namespace.ts";
import type { Netlink } from "../types.ts";
import { KernelBackend } from "./kernel.ts";
import { NetlinkProtocol, NetlinkSocket, type SocketOptions } from "./socket.ts";

export interface OpenNetlinkOptions {
  /** Needed only while it is opened; without it, the namespace of the calling thread. */
  readonly namespace?: NamespaceRef;
}

/** The kernel's configuration of a namespace. Reading needs no privilege; changes do. */
export function openNetlink({ namespace }: OpenNetlinkOptions = {}): Netlink {
  const protocol = NetlinkProtocol.route;
  const first = openSocket({ what: "netlink socket", protocol }, namespace);
  try {
    const second = openSocket({ what: "netlink socket for async use", protocol }, namespace);
    return netlinkOver(
      new KernelBackend(first, second, (options) => {
        if (namespace === undefined) return openSocket({ ...options, protocol });
        // By now the caller's descriptor may be closed; the socket knows where it is.
        using own = namespaceOfSocket(first.fd);
        return openSocket({ ...options, protocol }, own);
      }),
    );
  } catch (error) {
    first[Symbol.dispose]();
    throw error;
  }
}

/** In a namespace, or in that of the calling thread. */
export function openSocket(options: SocketOptions, namespace?: NamespaceRef): NetlinkSocket {
  const open = (): NetlinkSocket => new NetlinkSocket(linuxSyscalls(), options);
  return namespace === undefined ? open() : withNamespace(namespace, open);
}
