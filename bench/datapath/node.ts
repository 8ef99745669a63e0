import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { assertDefined, AsyncScope, Cidr, IpAddress, MacAddress, Random } from "#base";
import {
  type DatapathSettings,
  defaultDatapathSettings,
  type KernelDatapath,
  openKernelDatapath,
  type PodDevice,
  PodDevices,
} from "#datapath";
import { findBpfFilesystem, mountBpfFilesystem } from "#ebpf";
import {
  AddressFlag,
  createAnonymousNamespace,
  type Namespace,
  openNetlink,
  withNamespace,
  writeSysctl,
} from "#netlink";
import { Control } from "./control.ts";

const BPF_FILESYSTEM = "/sys/fs/bpf";
const ROUTER = { ipv4: IpAddress.parse("10.9.0.1"), ipv6: IpAddress.parse("fd09::1") };
const PODS = { 4: Cidr.parse("10.9.16.0/20"), 6: Cidr.parse("fd09:1::/64") };
const FIRST_SLOT = 101;
const FIRST_IDENTITY = 1000;
/** Connections that are over keep their ports for a minute: as many as one can have. */
const POD_SETTINGS = [
  ["net/ipv4/ip_local_port_range", "1024 65000"],
  ["net/ipv4/tcp_max_tw_buckets", "2000"],
] as const;
const EVENT_POLL_MS = 1;
let opened = 0;

export interface Pod extends PodDevice {
  readonly namespace: Namespace;
  readonly ipv4: IpAddress;
  readonly ipv6: IpAddress;
  readonly identity: number;
}

/**
 * A namespace with pods that it routes between: what a node is to its pods. As it is, packets meet
 * no program in it.
 */
export class Node implements AsyncDisposable {
  readonly namespace: Namespace;
  readonly pods: Pod[] = [];
  /** What putting programs on devices has taken so far. */
  attachingMs = 0;
  readonly #scope: AsyncScope;
  readonly #devices: PodDevices;
  readonly #random = new Random(1);

  constructor(scope: AsyncScope, datapath?: KernelDatapath) {
    this.#scope = scope;
    this.namespace = scope.use(createAnonymousNamespace("node"));
    const { namespace } = this;
    const netlink = scope.use(openNetlink({ namespace }));
    const { index: link } = assertDefined(netlink.links.get("lo"), "there is a loopback device");
    netlink.links.set(link, { isUp: true });
    netlink.addresses.add({ link, address: ROUTER.ipv4, prefixLength: 32 });
    const flags = AddressFlag.noDad;
    netlink.addresses.add({ link, address: ROUTER.ipv6, prefixLength: 128, flags });
    const programs = {
      attach: (slot: number) => {
        const began = performance.now();
        withNamespace(namespace, () => datapath?.attach(slot));
        this.attachingMs += performance.now() - began;
      },
      detach: (slot: number) => datapath?.detach(slot),
    };
    this.#devices = new PodDevices({ netlink, namespace, router: ROUTER, programs });
    this.#devices.prepareNode();
  }

  pod(at: number): Pod {
    return assertDefined(this.pods[at], `there is a pod ${at}`);
  }

  /** With namespaces of their own, and no devices yet. */
  describePods(count: number): Pod[] {
    return Array.from({ length: count }, (_, at): Pod => {
      const slot = FIRST_SLOT + this.pods.length + at;
      const namespace = this.#scope.use(createAnonymousNamespace(`pod-${slot}`));
      for (const [key, value] of POD_SETTINGS) writeSysctl(key, value, { namespace });
      return {
        slot,
        namespace,
        identity: FIRST_IDENTITY + slot,
        mac: MacAddress.random(this.#random),
        hostMac: MacAddress.random(this.#random),
        ipv4: assertDefined(PODS[4].nth(slot), "room for the slot"),
        ipv6: assertDefined(PODS[6].nth(slot), "room for the slot"),
      };
    });
  }

  async connect(pods: readonly Pod[]): Promise<void> {
    for (const { error } of await this.#devices.createAll(pods)) {
      if (error !== undefined) throw error;
    }
    this.pods.push(...pods);
    for (const pod of pods) meetRouter(pod);
  }

  async disconnect(pods: readonly Pod[]): Promise<void> {
    const slots = new Set(pods.map(({ slot }) => slot));
    await this.#devices.remove([...slots]);
    this.pods.splice(0, this.pods.length, ...this.pods.filter(({ slot }) => !slots.has(slot)));
    for (const { namespace } of pods) namespace.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }
}

/** Where no program answers, the host does not for an address of another device, asked by IPv6. */
function meetRouter({ namespace, hostMac }: Pod): void {
  using netlink = openNetlink({ namespace });
  const { index: link } = assertDefined(netlink.links.get("eth0"), "the pod has its device");
  for (const address of [ROUTER.ipv4, ROUTER.ipv6])
    netlink.neighbours.replace({ link, address, mac: hostMac });
}

/** A node with plain routing between so many pods. */
export async function openPlainNode(pods: number): Promise<Node> {
  await using scope = new AsyncScope();
  const node = scope.use(new Node(new AsyncScope()));
  await node.connect(node.describePods(pods));
  scope.move();
  return node;
}

/** A node with our datapath. */
export class DatapathNode extends Node {
  readonly datapath: KernelDatapath;
  readonly control: Control;

  private constructor(scope: AsyncScope, datapath: KernelDatapath) {
    super(scope, datapath);
    this.datapath = datapath;
    this.control = scope.use(new Control(datapath));
  }

  /** With pods that policy allows to talk to each other; or that none selects. */
  static async open(
    pods: number,
    settings: Partial<DatapathSettings> = {},
    hasPolicy = true,
  ): Promise<DatapathNode> {
    await using scope = new AsyncScope();
    const node = scope.use(DatapathNode.#openEmpty(settings));
    const described = node.describePods(pods);
    await node.connect(described);
    await node.control.addPods(described);
    if (hasPolicy) node.control.allowEachOther();
    scope.move();
    return node;
  }

  static #openEmpty(changes: Partial<DatapathSettings>): DatapathNode {
    if (findBpfFilesystem() === undefined) mountBpfFilesystem(BPF_FILESYSTEM);
    const folder = findBpfFilesystem() ?? BPF_FILESYSTEM;
    const pinFolder = join(folder, `ciliate-bench-${process.pid}-${opened++}`);
    mkdirSync(pinFolder);
    const scope = new AsyncScope();
    scope.defer(() => rmSync(pinFolder, { recursive: true, force: true }));
    const settings = { ...defaultDatapathSettings, ...changes };
    const datapath = openKernelDatapath({ pinFolder, settings });
    scope.defer(() => datapath.remove());
    return new DatapathNode(scope, datapath);
  }

  /** Reads and throws away what the programs tell; answers how many events that was. */
  drain(): number {
    return this.datapath.readEvents(() => {});
  }

  /** With a reader as an agent has one. */
  async observed<T>(body: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => this.drain(), EVENT_POLL_MS);
    try {
      return await body();
    } finally {
      clearInterval(timer);
      this.drain();
    }
  }

  /** Forgets all connections. */
  clearFlows(): void {
    const { tcpFlows } = this.datapath.maps;
    tcpFlows.deleteMany(Array.from(tcpFlows.entries(), ([key]) => key));
  }
}
