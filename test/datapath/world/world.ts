/**
 * A node with pods, each in a namespace of its own: real devices, real programs, real packets; and
 * the policies of a cluster, as people write them.
 */
import { type FlowEvent, flowEventCodec } from "#abi";
import { assertDefined, AsyncScope, Cidr, type IpAddress, MacAddress, Random } from "#base";
import {
  type DatapathSettings,
  defaultDatapathSettings,
  type KernelDatapath,
  NodeDatapath,
  openKernelDatapath,
  PodDevices,
  SlotAllocator,
} from "#datapath";
import { worldIdentity } from "#identity";
import {
  AddressFlag,
  createAnonymousNamespace,
  type Namespace,
  type Netlink,
  openNetlink,
  withNamespace,
  writeSysctl,
} from "#netlink";
import type { ObjectRef, RuleRef } from "#policy";
import { bpfFolder } from "#test";
import { type DesiredChange, DesiredState, parseObjects, policyOptions } from "./desired.ts";
import { makeTables, writeRows } from "./node-tables.ts";
import { nodeRows, podObject } from "./node-rows.ts";
import { connectRemote } from "./remote.ts";
import { ROUTER } from "./router.ts";

const PODS = { ipv4: Cidr.parse("10.10.1.0/24"), ipv6: Cidr.parse("fd10:1::/64") };
const MTU = 1500;
/** Groups that may use sockets for ping; everybody's is 0 here. */
const PING_GROUPS = "0 0";

/** Somewhere packets can be sent from and to. */
export interface Place {
  readonly name: string;
  readonly namespace: Namespace;
  readonly ipv4: IpAddress;
  readonly ipv6: IpAddress;
}

export interface WorldPod extends Place {
  readonly slot: number;
  readonly mac: MacAddress;
  readonly hostMac: MacAddress;
}

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly ports?: readonly { name?: string; containerPort: number; protocol?: string }[];
  /** Of a pod that is gone: its addresses. */
  readonly heirOf?: WorldPod;
  /** What happens once it has its device, and policies do not know it yet. */
  readonly beforePolicy?: (pod: WorldPod) => Promise<void>;
}

interface WorldOptions {
  readonly settings?: Partial<DatapathSettings>;
  readonly objects?: string;
  /** One that goes with the tests of the file, if not said. */
  readonly pinFolder?: string;
}

/** Of a change, when nobody tells the policies of it. */
const UNSAID = { enter: (): void => {}, leave: (): void => {} };

/** What ends with a process, and what a new one makes anew. */
interface Process {
  readonly datapath: KernelDatapath;
  readonly node: NodeDatapath;
}

export class World implements AsyncDisposable {
  readonly netlink: Netlink;
  readonly devices: PodDevices;
  /** The node itself, at its router addresses. */
  readonly node: Place;
  readonly pods: Map<string, WorldPod> = new Map();
  /** Pods of other nodes. */
  readonly remotes: Map<string, Place> = new Map();
  readonly pinFolder: string;
  readonly settings: DatapathSettings;
  readonly desired = new DesiredState();
  readonly #scope: AsyncScope;
  readonly #slots = new SlotAllocator();
  /** Of policies, by the slots of pods. */
  #subjects: ReadonlyMap<number, string> = new Map();
  readonly #random = new Random(7);
  #process: Process;

  private constructor(scope: AsyncScope, { settings, pinFolder }: WorldOptions) {
    this.#scope = scope;
    this.pinFolder = pinFolder ?? bpfFolder();
    const namespace = this.#scope.use(createAnonymousNamespace("node"));
    this.node = { name: "node", namespace, ...ROUTER };
    this.netlink = this.#scope.use(openNetlink({ namespace }));
    this.#addRouter();
    this.settings = {
      ...defaultDatapathSettings,
      worldIdentities: {
        ipv4: worldIdentity(4, policyOptions.families),
        ipv6: worldIdentity(6, policyOptions.families),
      },
      // As small as will do: large ones take their time to make.
      tables: {
        tcpFlows: 4096,
        otherFlows: 4096,
        policyEntries: 16_384,
        ipcache: 4096,
        eventRingBytes: 1 << 20,
      },
      ...settings,
    };
    this.devices = new PodDevices({
      netlink: this.netlink,
      namespace,
      router: ROUTER,
      mtu: MTU,
      programs: {
        attach: (slot) => withNamespace(namespace, () => this.datapath.attach(slot)),
        detach: (slot) => this.datapath.detach(slot),
      },
    });
    this.devices.prepareNode();
    allowPing(namespace);
    this.#process = this.#begin();
    scope.defer(() => this.#end());
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const scope = new AsyncScope();
    try {
      const world = new World(scope, options);
      await world.apply(options.objects ?? "");
      world.#process.node.declareFull();
      return world;
    } catch (error) {
      await scope[Symbol.asyncDispose]();
      throw error;
    }
  }

  get datapath(): KernelDatapath {
    return this.#process.datapath;
  }

  get control(): NodeDatapath {
    return this.#process.node;
  }

  pod(key: string): WorldPod {
    return assertDefined(this.pods.get(key), `pod ${key}`);
  }

  /** Ready when packets go. First the node knows who it is: its first packet is its kernel's own. */
  async addPod(key: string, options: PodOptions = {}): Promise<WorldPod> {
    this.#slots.avoid(this.devices.foreignIndexes());
    const slot = this.#slots.take();
    const { ipv4 = PODS.ipv4.nth(slot), ipv6 = PODS.ipv6.nth(slot) } = options.heirOf ?? {};
    const pod: WorldPod = {
      name: key,
      slot,
      namespace: createAnonymousNamespace(key),
      mac: MacAddress.random(this.#random),
      hostMac: MacAddress.random(this.#random),
      ipv4: assertDefined(ipv4, "an address"),
      ipv6: assertDefined(ipv6, "an address"),
    };
    this.pods.set(key, pod);
    this.desired.upsert(podObject(pod, options));
    const change = this.desired.change();
    await this.#bring(options.beforePolicy === undefined ? change : { ...change, ...UNSAID });
    await this.devices.create({ ...pod, alias: key });
    allowPing(pod.namespace);
    await options.beforePolicy?.(pod);
    if (options.beforePolicy !== undefined) await this.#bring(change);
    return pod;
  }

  async removePod(key: string): Promise<void> {
    const { slot, namespace: own } = this.pod(key);
    this.pods.delete(key);
    const [namespace = "", name = ""] = key.split("/");
    await this.remove({ kind: "Pod", namespace, name });
    await this.devices.remove([slot]);
    this.#slots.free(slot);
    own.close();
  }

  /** A pod of another node, which is as far from here as a cable is long. */
  async addRemote(key: string, labels: Readonly<Record<string, string>>): Promise<Place> {
    const remote = await connectRemote(this.#scope, this.node, key, this.remotes.size + 1);
    allowPing(remote.namespace);
    this.remotes.set(key, remote);
    await this.relabel(key, labels);
    return remote;
  }

  async relabel(key: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const place = this.remotes.get(key) ?? this.pod(key);
    this.desired.upsert(podObject(place, { labels }));
    await this.sync();
  }

  /** Objects in YAML; done when packets meet what they say. */
  async apply(text: string): Promise<void> {
    for (const object of parseObjects(text)) this.desired.upsert(object);
    await this.sync();
  }

  async remove(ref: ObjectRef): Promise<void> {
    this.desired.remove(ref);
    await this.sync();
  }

  /** As when the agent ends and begins anew, and learns everything a while later. */
  async restartAgent(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await this.#process.node[Symbol.asyncDispose]();
    this.#process.datapath[Symbol.dispose]();
    await meanwhile();
    this.desired.restart();
    this.#process = this.#begin();
    await meanwhile();
    await this.sync();
    this.#process.node.declareFull();
    await this.#process.node.settled();
  }

  async sync(): Promise<void> {
    await this.#bring(this.desired.change());
  }

  async #bring(change: DesiredChange): Promise<void> {
    const { enter, leave } = change;
    const rows = nodeRows(change, [...this.pods.values()], [...this.remotes.values()]);
    this.#subjects = new Map(rows.endpoints.map(({ slot, subject }) => [slot, subject]));
    const { node } = this.#process;
    await node.change(this.desired.engine, {
      enter,
      write: (transaction) => writeRows(transaction, rows),
      leave,
    });
    await node.settled();
  }

  subjectAt(slot: number): string {
    return this.#subjects.get(slot) ?? "";
  }

  /** What the programs told since this was asked last. */
  takeEvents(): FlowEvent[] {
    const events: FlowEvent[] = [];
    this.datapath.readEvents((bytes) => events.push(flowEventCodec.decode(bytes)));
    return events;
  }

  /** Of the rules that decided, in one direction: their policies, as `namespace/name`. */
  policiesBehind({ cookie }: Pick<FlowEvent, "cookie">, direction: "egress" | "ingress"): string[] {
    const origin = this.desired.engine.cookies.resolve(cookie[direction === "egress" ? 0 : 1] ?? 0);
    if (origin === undefined) return [];
    const names = (refs: readonly RuleRef[]): string[] =>
      refs.map(({ policy }) => `${policy.namespace}/${policy.name}`);
    return [...names(origin.deniedBy), ...names(origin.allowedBy)];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }

  async #end(): Promise<void> {
    await this.devices.remove([...this.pods.values()].map(({ slot }) => slot));
    for (const { namespace } of this.pods.values()) namespace.close();
    await this.#process.node[Symbol.asyncDispose]();
    this.#process.datapath.remove();
  }

  #begin(): Process {
    const open = (): KernelDatapath =>
      openKernelDatapath({ pinFolder: this.pinFolder, settings: this.settings });
    const datapath = withNamespace(this.node.namespace, open);
    const node = new NodeDatapath({ datapath, db: makeTables() });
    node.start();
    return { datapath, node };
  }

  /** The loopback device has room for addresses that are of the node and of no other device. */
  #addRouter(): void {
    const link = assertDefined(this.netlink.links.get("lo"), "a loopback device").index;
    this.netlink.links.set(link, { isUp: true });
    this.netlink.addresses.add({ link, address: ROUTER.ipv4, prefixLength: 32 });
    const flags = AddressFlag.noDad;
    this.netlink.addresses.add({ link, address: ROUTER.ipv6, prefixLength: 128, flags });
  }
}

function allowPing(namespace: Namespace): void {
  writeSysctl("net.ipv4.ping_group_range", PING_GROUPS, { namespace });
}
