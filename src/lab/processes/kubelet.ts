import { join } from "node:path";
import { AsyncScope, IpAddress } from "#base";
import { startKubelet } from "#lab/kubelet";
import { openNamespace } from "#netlink";
import {
  addressesIn,
  cidrsIn,
  installConflist,
  installPlugin,
  labAddresses,
  nodeAddresses,
  serveDns,
  servePlugin,
  startProxy,
} from "#lab/network";
import {
  CNI_BIN_FOLDER,
  CNI_CONF_FOLDER,
  CNI_DATA_FOLDER,
  CONTAINER_LOGS_FOLDER,
  KUBELET_FOLDER,
  NODE_NETWORK,
  POD_LOGS_FOLDER,
} from "../node/folders.ts";
import { CLUSTER_DOMAIN, ensureNodePki } from "../state/cluster-pki.ts";
import { addressesOfNode } from "../state/addresses.ts";
import { needNode } from "../state/settings.ts";
import {
  aborted,
  apiServerAnswers,
  clientOf,
  type LabContext,
  openLab,
  type ProcessOptions,
} from "./shared.ts";

const EVERY_ADDRESS = ["0.0.0.0", "::"].map((text) => IpAddress.parse(text));
const DNS_PORT = 53;

export interface KubeletProcessOptions extends ProcessOptions {
  readonly node: string;
  /** Its folder in the tree of cgroups, version 2. */
  readonly cgroup: string;
}

/**
 * One node's kubelet, its network plugin's server and its service proxy, in this process, which
 * was started in the node's mounts.
 */
export async function runKubelet(options: KubeletProcessOptions): Promise<void> {
  const { name, signal, clock } = options;
  await using scope = new AsyncScope();
  const lab = openLab(name, `kubelet-${options.node}`);
  const { places, settings, network, logger } = lab;
  const node = needNode(settings, options.node);
  const namespace = openNamespace(NODE_NETWORK);
  scope.defer(() => namespace.close());
  const addresses = addressesOfNode(network, node.index);
  const pki = ensureNodePki(places.pkiFolder, { name: node.name, addresses }, clock);
  const client = clientOf(network, pki.authority, pki.kubelet, scope);
  if (settings.cni === "bridge") await installBridge(lab, node, scope);
  await apiServerAnswers(client, options);
  if (signal.aborted) return;
  const { pods, clusterDns, internetResolver } = labAddresses(network);
  scope.use(
    await startKubelet({
      client,
      node: node.name,
      addresses,
      podCidrs: cidrsIn(nodeAddresses(network, node.index).pods).map(({ key }) => key),
      namespace,
      folders: {
        state: KUBELET_FOLDER,
        logs: POD_LOGS_FOLDER,
        containerLogs: CONTAINER_LOGS_FOLDER,
      },
      cni: { confFolder: CNI_CONF_FOLDER, binFolder: CNI_BIN_FOLDER },
      clusterDns: addressesIn(clusterDns).map(({ key }) => key),
      ...(settings.values.internet ? { trustFile: places.trustFile } : {}),
      cgroup: options.cgroup,
      pki: {
        cert: pki.kubelet.certificate,
        key: pki.kubelet.key,
        clientCa: pki.authority,
        clientName: "kube-apiserver-kubelet-client",
      },
      serveDns: ({ namespace: pod }) =>
        serveDns({
          client,
          namespace: pod,
          listen: EVERY_ADDRESS,
          upstream: settings.values.internet
            ? { address: internetResolver, port: DNS_PORT }
            : undefined,
          domain: CLUSTER_DOMAIN,
          logger: logger.child("dns"),
        }),
      logger: logger.child("kubelet"),
      clock,
    }),
  );
  if (settings.values.kubeProxy) {
    const podCidrs = cidrsIn(pods);
    scope.use(
      startProxy({ client, node: node.name, namespace, podCidrs, logger: logger.child("proxy") }),
    );
  }
  await aborted(signal);
}

/** The lab's own plugin, as anybody's is installed on a host. */
async function installBridge(
  { places, network, logger }: LabContext,
  node: { readonly name: string; readonly index: number },
  scope: AsyncScope,
): Promise<void> {
  const socket = join(places.nodeRunFolder(node.name), "cni.sock");
  scope.use(await servePlugin(socket, logger.child("cni")));
  installPlugin(CNI_BIN_FOLDER, socket);
  const options = { lab: network, node: node.index, dataDir: CNI_DATA_FOLDER };
  installConflist(CNI_CONF_FOLDER, options);
}
