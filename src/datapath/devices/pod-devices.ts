import { AppError } from "#base";
import {
  Batch,
  type ChangeOutcome,
  isNotThere,
  type NamespaceRef,
  type Netlink,
  openNetlink,
  RouteTable,
  throwFirst,
} from "#netlink";
import type { Datapath } from "../datapath.ts";
import {
  cableSpec,
  type ExistingPodDevice,
  existingDevice,
  hostChanges,
  hostLinkName,
  type PodDevice,
  podChanges,
  podLinkName,
  REMOVAL_GROUP,
  type RouterAddresses,
} from "./pod-device.ts";
import {
  hostSettings,
  NODE_SETTINGS,
  podSettings,
  writeKernelSettings,
  type WriteSettings,
} from "./settings.ts";

/** The kernel takes a few milliseconds from "both sides are up" to "packets go". */
const POLL_MS = 1;
const MAX_POLLS = 2000;

export interface PodDevicesOptions {
  /** The node's, borrowed. */
  readonly netlink: Netlink;
  /** The node's, for settings; without it, that of the calling thread. */
  readonly namespace?: NamespaceRef;
  /** Must be the node's own when pods come. */
  readonly router: RouterAddresses;
  /** Of both sides; the kernel's own without it. */
  readonly mtu?: number;
  /** Are on a device before it is up, and taken off after it is gone. */
  readonly programs: Pick<Datapath, "attach" | "detach">;
  readonly openPod?: (namespace: NamespaceRef) => Netlink;
  readonly writeSettings?: WriteSettings;
}

/** What became of one of many. */
export interface PodDeviceOutcome {
  readonly device: PodDevice;
  /** Undefined where it is ready; else nothing is left of it. */
  readonly error: AppError | undefined;
}

/** The cables between a node and its pods. */
export class PodDevices {
  readonly #netlink: Netlink;
  readonly #options: PodDevicesOptions;
  readonly #openPod: (namespace: NamespaceRef) => Netlink;
  readonly #writeSettings: WriteSettings;

  constructor(options: PodDevicesOptions) {
    this.#netlink = options.netlink;
    this.#options = options;
    this.#openPod = options.openPod ?? ((namespace) => openNetlink({ namespace }));
    this.#writeSettings = options.writeSettings ?? writeKernelSettings;
  }

  /** Has the node pass packets on. Once, before pods come. */
  prepareNode(): void {
    this.#writeSettings(this.#options.namespace, NODE_SETTINGS);
  }

  /** Those that are there, from whichever process. */
  list(): ExistingPodDevice[] {
    const links = this.#netlink.links.list({ kind: "veth" });
    return links.map(existingDevice).filter((device) => device !== undefined);
  }

  /** Indexes that devices have which are not pods' cables: no slots. */
  foreignIndexes(): number[] {
    const foreign = this.#netlink.links.list().filter((link) => existingDevice(link) === undefined);
    return foreign.map(({ index }) => index);
  }

  /** A cable that packets go through when this is done. */
  async create(device: PodDevice): Promise<void> {
    const [outcome] = await this.createAll([device]);
    if (outcome?.error !== undefined) throw outcome.error;
  }

  /** Many, for fewer ways to the kernel. One that fails leaves nothing, and hinders no other. */
  async createAll(devices: readonly PodDevice[]): Promise<PodDeviceOutcome[]> {
    const batch = new Batch();
    for (const device of devices) batch.links.create(cableSpec(device, this.#options.mtu));
    const made = await this.#netlink.applyAsync(batch.changes);
    const outcomes: PodDeviceOutcome[] = [];
    for (const [at, device] of devices.entries()) {
      // Refused, it is not there, or is somebody else's: nothing to take back.
      const error = made[at]?.error ?? (await this.#attempt(device, () => this.#connect(device)));
      outcomes.push({ device, error });
    }
    const ready = outcomes.map(async ({ device, error }) => ({
      device,
      error: error ?? (await this.#attempt(device, () => this.#waitUntilReady(device))),
    }));
    return Promise.all(ready);
  }

  /** Takes cables away; fine where some are gone already. The kernel takes 20 ms, not this thread. */
  async remove(slots: readonly number[]): Promise<void> {
    if (slots.length === 1) {
      await this.#netlink.async.links.delete(hostLinkName(slots[0] as number)).catch(passMissing);
    } else if (slots.length > 1) {
      const batch = new Batch();
      for (const slot of slots) batch.links.set(hostLinkName(slot), { group: REMOVAL_GROUP });
      throwPresent(await this.#netlink.applyAsync(batch.changes));
      await this.#netlink.async.links.deleteGroup(REMOVAL_GROUP).catch(passMissing);
    }
    for (const slot of slots) this.#options.programs.detach(slot);
  }

  /** What is done to a cable that is there, and is taken back whole when it fails. */
  async #attempt(device: PodDevice, work: () => Promise<void>): Promise<AppError | undefined> {
    const { slot } = device;
    try {
      await work();
      return undefined;
    } catch (cause) {
      const error = AppError.wrap(`connecting ${device.alias ?? "a pod"} by device ${slot}`, cause);
      try {
        await this.remove([slot]);
      } catch (second) {
        const what = `${error.message}; and taking device ${slot} back failed too`;
        return AppError.wrap(what, second);
      }
      return error;
    }
  }

  /**
   * The host's side first, with all that guards it, then the pod's: a device that comes up with
   * its other end up already can send at once.
   */
  async #connect(device: PodDevice): Promise<void> {
    const { namespace, router, programs } = this.#options;
    this.#writeSettings(namespace, hostSettings(hostLinkName(device.slot)));
    programs.attach(device.slot);
    throwFirst(await this.#netlink.applyAsync(hostChanges(device, router)));
    await this.#connectPod(device, router);
  }

  async #connectPod(device: PodDevice, router: RouterAddresses): Promise<void> {
    const name = podLinkName(device);
    this.#writeSettings(device.namespace, podSettings(name, device.ipv6 !== undefined));
    using pod = this.#openPod(device.namespace);
    const link = pod.links.get(name);
    if (link === undefined) throw gone(device);
    throwFirst(await pod.applyAsync(podChanges(device, link.index, router)));
  }

  /** What is sent before is lost, and tried again only a second later. */
  async #waitUntilReady(device: PodDevice): Promise<void> {
    const { slot, ipv6 } = device;
    await pollFor(`device ${slot} is not up`, async () => {
      const link = await this.#netlink.async.links.get(slot);
      if (link === undefined) throw gone(device);
      return link.operationalState === "up";
    });
    if (ipv6 === undefined) return;
    using pod = this.#openPod(device.namespace);
    // A pod's kernel takes nothing for its own before, not even what its neighbours answer.
    await pollFor(
      `the pod at device ${slot} has not taken its address ${ipv6.toString()}`,
      async () => {
        const local = { family: 6, table: RouteTable.local } as const;
        const routes = await pod.async.routes.list(local);
        return routes.some(({ destination }) => destination.first.equals(ipv6));
      },
    );
  }
}

async function pollFor(what: string, isThere: () => Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    if (await isThere()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
  throw new AppError("pod-not-ready", `${what} after two seconds`);
}

function gone({ slot }: PodDevice): AppError {
  return new AppError("device-gone", `device ${slot} went while it was made, as did the pod's end`);
}

function throwPresent(outcomes: readonly ChangeOutcome[]): void {
  for (const { error } of outcomes) {
    if (error !== undefined) passMissing(error);
  }
}

function passMissing(error: unknown): void {
  if (!isNotThere(error)) throw error;
}
