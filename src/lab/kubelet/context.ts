import type { Clock } from "#base";
import type { Logger } from "#base/log";
import type { KubeClient } from "#kube";
import type { Namespace } from "#netlink";
import type { ServiceLink } from "./core/environment.ts";
import type { CniFolders } from "./host/cni.ts";
import type { ServeDns } from "./images/stand-in.ts";
import type { EventRecorder } from "./node/events.ts";
import type { ObjectData } from "./node/object-data.ts";

export interface KubeletFolders {
  /** What stays: pods, volumes, containers. On a host, /var/lib/kubelet. */
  readonly state: string;
  /** On a host, /var/log/pods. */
  readonly logs: string;
  /** Links to the logs, by names that tell pod and container. On a host, /var/log/containers. */
  readonly containerLogs: string;
}

/** PEM, for the kubelet's own server. */
export interface KubeletPki {
  readonly cert: string;
  readonly key: string;
  /** Who signs the certificates of those who may ask. */
  readonly clientCa: string;
  /** The common name of the one client that may: the API server. */
  readonly clientName: string;
}

export interface KubeletOptions {
  readonly client: KubeClient;
  /** The node's name. */
  readonly node: string;
  /** The node's addresses, IPv4 first. */
  readonly addresses: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly podCidrs?: readonly string[];
  /** The node's network. */
  readonly namespace: Namespace;
  readonly folders: KubeletFolders;
  readonly cni: CniFolders;
  /** Addresses of the cluster's DNS service. */
  readonly clusterDns: readonly string[];
  /** The file that pods with dnsPolicy Default get; the machine's own without it. */
  readonly resolverFile?: string;
  /** PEM: whom programs in containers trust. The machine's own authorities without it. */
  readonly trustFile?: string;
  /** The node's folder in the cgroup v2 tree; its pods get folders in it. */
  readonly cgroup?: string;
  /** Names of pods' network namespaces begin so: with "cni-" where it is not said. */
  readonly namespacePrefix?: string;
  /** Without it, there is no server for logs, exec and port-forward. */
  readonly pki?: KubeletPki;
  readonly serveDns?: ServeDns;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What everything in a kubelet shares. */
export interface KubeletContext extends KubeletOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly data: ObjectData;
  /** Where the node's network namespace is to be found by other processes. */
  readonly networkPath: string;
  readonly capacity: Readonly<Record<string, string>>;
  services(namespace: string): ServiceLink[];
}
