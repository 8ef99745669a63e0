/** A node: namespaces of its own, and in them a containerd, a kubelet and a kube-proxy. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, Cidr, IpAddress, systemClock } from "#base";
import {
  createNamespace,
  deleteNamespace,
  listNamespaces,
  openNetlink,
  writeSysctl,
} from "#netlink";
import { CA, writeKubeconfig } from "./certificates.ts";
import { flagsOf, kubeconfigOf } from "./control-plane.ts";
import {
  allNodePlaces,
  BRIDGE,
  DNS_SERVICE_ADDRESS,
  MACHINE_ADDRESS,
  NAME,
  type NodePlace,
  POD_CIDR,
  UNDERLAY_PREFIX,
} from "./places.ts";
import { copyPlugins } from "./plain-cni.ts";
import { makeCgroups, nodeProgram, pidOf, type Program, start } from "./processes.ts";
import { programPath } from "./programs.ts";
import { writeRegistryHosts } from "./registry.ts";

const START_SCRIPT = join(import.meta.dirname, "node-start.sh");
/** Holds the namespaces: the others are started in them. */
const HOLDER = "namespaces";
const HOLDER_COMMAND = "sleep";
const CONTAINERD = "containerd";
const KUBELET = "kubelet";
const KUBE_PROXY = "kube-proxy";

const POLL_MS = 20;
const PATIENCE_MS = 15_000;

function holderOf(node: string): Program {
  return nodeProgram(node, HOLDER, HOLDER_COMMAND);
}

/** What runs on a node, by what people know it as. */
export function nodePrograms(node: string, hasProxy: boolean): Map<string, Program> {
  const names = [CONTAINERD, KUBELET, ...(hasProxy ? [KUBE_PROXY] : [])];
  const others = names.map((name) => [name, nodeProgram(node, name)] as const);
  return new Map([[HOLDER, holderOf(node)], ...others]);
}

/** The bridge that nodes are plugged into, with the machine on it. */
export function makeUnderlay(): void {
  using machine = openNetlink();
  machine.links.create({ name: BRIDGE, isUp: true, details: { kind: "bridge" } });
  const link = machine.links.get(BRIDGE)?.index ?? 0;
  const address = IpAddress.parse(MACHINE_ADDRESS);
  machine.addresses.add({ link, address, prefixLength: UNDERLAY_PREFIX });
}

/** Takes away cables, bridge and named namespaces. Fine where they are not there. */
export async function removeUnderlay(): Promise<void> {
  using machine = openNetlink();
  const places = allNodePlaces();
  for (const name of [...places.map(({ cable }) => cable), BRIDGE]) {
    if (machine.links.get(name) !== undefined) await machine.async.links.delete(name);
  }
  const named = new Set(listNamespaces());
  for (const { namespaceName } of places) {
    if (named.has(namespaceName)) deleteNamespace(namespaceName);
  }
}

/** A namespace with eth0 on the underlay and a way to the machine. */
function plugIn({ namespaceName, cable, address }: NodePlace): void {
  using machine = openNetlink();
  const master = machine.links.get(BRIDGE)?.index ?? 0;
  using namespace = createNamespace(namespaceName);
  const peer = { name: "eth0", namespace };
  machine.links.create({ name: cable, isUp: true, master, details: { kind: "veth", peer } });
  using inside = openNetlink({ namespace });
  inside.links.set("lo", { isUp: true });
  inside.links.set("eth0", { isUp: true });
  const link = inside.links.get("eth0")?.index ?? 0;
  const own = IpAddress.parse(address);
  inside.addresses.add({ link, address: own, prefixLength: UNDERLAY_PREFIX });
  const gateway = IpAddress.parse(MACHINE_ADDRESS);
  inside.routes.add({ destination: Cidr.parse("0.0.0.0/0"), gateway });
  writeSysctl("net.ipv4.ip_forward", 1, { namespace });
}

/** Everything up to its kubelet, which then makes itself known to the API server. */
export async function startNode(place: NodePlace): Promise<void> {
  const { name, folder, namespaceName } = place;
  mkdirSync(folder, { recursive: true });
  plugIn(place);
  makeCgroups(name);
  mkdirSync(cniConfFolder(place), { recursive: true });
  copyPlugins(cniBinFolder(place));
  await writeSettings(place);
  const enter = ["nsenter", `--net=/var/run/netns/${namespaceName}`, "unshare", "--mount", "--uts"];
  await start(holderOf(name), [...enter, "sh", START_SCRIPT, folder, name]);
  requireRunning(place, holderOf(name));
  await startInside(place, CONTAINERD, ["containerd", "--config", join(folder, "containerd.toml")]);
  await waitForContainerd(place);
  const flags = {
    config: join(folder, "kubelet.json"),
    kubeconfig: join(folder, "kubelet.conf"),
    "hostname-override": name,
    "node-ip": place.address,
  };
  await startInside(place, KUBELET, [programPath(KUBELET), ...flagsOf(flags)]);
}

/** In the node's own /run, seen by way of a process that is in it. */
function containerdSocket({ name }: NodePlace): string {
  return `/proc/${pidOf(holderOf(name))}/root/run/containerd/containerd.sock`;
}

export async function startProxy(place: NodePlace): Promise<void> {
  const flags = {
    kubeconfig: kubeconfigOf(KUBE_PROXY),
    "hostname-override": place.name,
    "proxy-mode": "nftables",
    "cluster-cidr": POD_CIDR,
    "bind-address": place.address,
    // These settings belong to the machine, and a namespace cannot write them.
    "conntrack-max-per-core": 0,
    "conntrack-tcp-timeout-established": 0,
    "conntrack-tcp-timeout-close-wait": 0,
  };
  await startInside(place, KUBE_PROXY, [programPath(KUBE_PROXY), ...flagsOf(flags)]);
}

function startInside(place: NodePlace, name: string, command: readonly string[]): Promise<void> {
  return start(nodeProgram(place.name, name), insideNode(place, command));
}

/** The words that run a command in the node's namespaces. */
export function insideNode({ name }: NodePlace, command: readonly string[]): string[] {
  const pid = pidOf(holderOf(name));
  if (pid === undefined) {
    throw new AppError(
      "no-node",
      `${name} does not run: "npm run kube -- up" starts the cluster anew.`,
    );
  }
  return ["nsenter", "--target", String(pid), "--net", "--mount", "--uts", ...command];
}

export function cniConfFolder({ folder }: NodePlace): string {
  return join(folder, "cni-conf");
}

export function cniBinFolder({ folder }: NodePlace): string {
  return join(folder, "cni-bin");
}

async function waitForContainerd(place: NodePlace): Promise<void> {
  const endMs = systemClock.monotonicMs() + PATIENCE_MS;
  while (!existsSync(containerdSocket(place))) {
    const program = nodeProgram(place.name, CONTAINERD);
    requireRunning(place, program);
    if (systemClock.monotonicMs() > endMs) throw notStarting(place, program);
    await systemClock.sleep(POLL_MS);
  }
}

function requireRunning(place: NodePlace, program: Program): void {
  if (pidOf(program) === undefined) throw notStarting(place, program);
}

function notStarting(place: NodePlace, program: Program): AppError {
  return new AppError(
    "node",
    `${program.command} of ${place.name} does not start: see ${program.log}.`,
  );
}

async function writeSettings({ folder, name }: NodePlace): Promise<void> {
  const certificates = join(folder, "certs.d");
  writeRegistryHosts(certificates);
  writeFileSync(join(folder, "containerd.toml"), containerdConfig(certificates));
  writeFileSync(join(folder, "resolv.conf"), `nameserver ${MACHINE_ADDRESS}\n`);
  writeFileSync(join(folder, "kubelet.json"), JSON.stringify(kubeletConfig(folder, name), null, 2));
  const subject = `/O=system:nodes/CN=system:node:${name}`;
  await writeKubeconfig(join(folder, "kubelet.conf"), name, subject);
}

/** Without CAP_SYS_RESOURCE, no process can be made less likely to be killed for its memory. */
function containerdConfig(certificates: string): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.10"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${certificates}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
`;
}

function kubeletConfig(folder: string, name: string): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: CA },
    },
    authorization: { mode: "Webhook" },
    clusterDNS: [DNS_SERVICE_ADDRESS],
    clusterDomain: "cluster.local",
    resolvConf: join(folder, "resolv.conf"),
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${NAME}/${name}`,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    // The machine is not the node's to judge: its disks may be of a kind that the kubelet does not
    // know, and fuller than a node's may be.
    localStorageCapacityIsolation: false,
    evictionHard: {
      "memory.available": "1Mi",
      "nodefs.available": "0%",
      "imagefs.available": "0%",
    },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    // Rules of iptables that nothing here needs.
    makeIPTablesUtilChains: false,
  };
}
