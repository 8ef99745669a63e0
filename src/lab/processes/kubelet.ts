import { join } from "node:path";
import { AsyncScope, IpAddress } from "#base";
import { startKubelet } from "#lab/kubelet";
import { openNamedNamespace } from "#netlink";
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
import { podNamespacePrefix } from "./clean.ts";
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
  /** The name of its network namespace. */
  readonly networkNamespace: string;
  /** Its folder in the tree of cgroups, version 2. */
  readonly cgroup: string;
}

/** One node's kubelet, its network plugin's server and its service proxy, in this process. */
export async function runKubelet(options: KubeletProcessOptions): Promise<void> {
  const { name, signal, clock } = options;
  await using scope = new AsyncScope();
  const lab = openLab(name, `kubelet-${options.node}`);
  const { places, settings, network, logger } = lab;
  const node = needNode(settings, options.node);
  const namespace = openNamedNamespace(options.networkNamespace);
  scope.defer(() => namespace.close());
  const addresses = addressesOfNode(network, node.index);
  const pki = ensureNodePki(places.pkiFolder, { name: node.name, addresses }, clock);
  const client = clientOf(network, pki.authority, pki.kubelet, scope);
  const cni = await prepareCni(lab, node, scope);
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
      namespacePrefix: podNamespacePrefix(options.networkNamespace),
      folders: { state: places.nodeStateFolder(node.name) },
      cni,
      clusterDns: addressesIn(clusterDns).map(({ key }) => key),
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

/** The folders as on a host; empty where the plugin is somebody else's to bring. */
async function prepareCni(
  { places, settings, network, logger }: LabContext,
  node: { readonly name: string; readonly index: number },
  scope: AsyncScope,
): Promise<{ confFolder: string; binFolder: string }> {
  const state = places.nodeStateFolder(node.name);
  const confFolder = join(state, "etc/cni/net.d");
  const binFolder = join(state, "opt/cni/bin");
  if (settings.cni === "none") return { confFolder, binFolder };
  const socket = join(places.nodeRunFolder(node.name), "cni.sock");
  scope.use(await servePlugin(socket, logger.child("cni")));
  installPlugin(binFolder, socket);
  installConflist(confFolder, { lab: network, node: node.index, dataDir: join(state, "cni") });
  return { confFolder, binFolder };
}
