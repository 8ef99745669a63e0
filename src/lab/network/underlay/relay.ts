import { readSync, writeSync } from "node:fs";
import { AsyncScope, type Random, systemClock } from "#base";
import { createTun, type Netlink, openNetlink, type TunDevice } from "#netlink";
import { linuxSyscalls } from "#sys";
import type { LabNetwork } from "../addresses.ts";
import { bridgeName, cableName, relayNames } from "./names.ts";
import { existing, quietIpv6 } from "./underlay.ts";

/** What happens to each packet, in either direction. */
export interface RelayConditions {
  readonly delayMs: number;
  /** The delay is that much longer or shorter, by chance. Packets keep their order. */
  readonly jitterMs?: number;
  /** Of a hundred packets. */
  readonly lossPercent: number;
}

/** Packets on their way at once; a longer queue would be a longer delay than was asked for. */
const MAX_ON_THE_WAY = 10_000;
/** Taken in one go, so that timers get their turn. */
const MAX_BATCH = 64;
const MAX_FRAME_BYTES = 65_550;

/**
 * Stands between a node's cable and the underlay and carries frames over by hand: kernels without
 * netem, which many are, do it too. It is far slower than a cable. When its process ends, its
 * devices go and the node is cut off until it is given its place again.
 */
export function startRelay(
  lab: LabNetwork,
  node: number,
  options: { readonly conditions: RelayConditions; readonly random: Random },
): AsyncDisposable {
  const { bridge, inner, outer } = relayNames(lab, node);
  const scope = new AsyncScope();
  try {
    using root = openNetlink();
    if (root.links.get(bridge) !== undefined) root.links.delete(bridge);
    root.links.create({ name: bridge, details: { kind: "bridge", isStp: false } });
    scope.defer(() => endRelay(lab, node));
    quietIpv6(bridge);
    const near = openTap(scope, root, { name: inner, master: bridge });
    const far = openTap(scope, root, { name: outer, master: bridgeName(lab) });
    root.links.set(bridge, { isUp: true });
    root.links.set(cableName(lab, node), { master: existing(root, bridge).index });
    scope.use(carry(near, far, options));
    scope.use(carry(far, near, options));
  } catch (error) {
    void scope[Symbol.asyncDispose]().catch(() => {});
    throw error;
  }
  return scope;
}

/** The cable goes back into the underlay first. */
async function endRelay(lab: LabNetwork, node: number): Promise<void> {
  using root = openNetlink();
  const underlay = root.links.get(bridgeName(lab));
  const cable = cableName(lab, node);
  if (underlay !== undefined && root.links.get(cable) !== undefined) {
    root.links.set(cable, { master: underlay.index });
  }
  const { bridge } = relayNames(lab, node);
  if (root.links.get(bridge) !== undefined) await root.async.links.delete(bridge);
}

function openTap(
  scope: AsyncScope,
  root: Netlink,
  { name, master }: { readonly name: string; readonly master: string },
): TunDevice {
  const tap = scope.use(createTun({ name, mode: "tap" }));
  quietIpv6(name);
  root.links.set(name, { master: existing(root, master).index, isUp: true });
  return tap;
}

interface Waiting {
  readonly dueMs: number;
  readonly frame: Uint8Array;
}

/** Frames from one device to the other, in order. */
function carry(
  from: TunDevice,
  to: TunDevice,
  { conditions, random }: { readonly conditions: RelayConditions; readonly random: Random },
): Disposable {
  const { delayMs, jitterMs = 0, lossPercent } = conditions;
  const queue: Waiting[] = [];
  const buffer = new Uint8Array(MAX_FRAME_BYTES);
  let lastMs = 0;
  let timer: Disposable | undefined;
  const deliver = (): void => {
    timer = undefined;
    const nowMs = systemClock.monotonicMs();
    let count = 0;
    while (count < queue.length && (queue[count]?.dueMs ?? 0) <= nowMs) {
      write(to, queue[count]?.frame);
      count += 1;
    }
    queue.splice(0, count);
    const [next] = queue;
    if (next !== undefined) timer = systemClock.setTimer(next.dueMs - nowMs, deliver);
  };
  const take = (frame: Uint8Array): void => {
    if (random.float() * 100 < lossPercent || queue.length >= MAX_ON_THE_WAY) return;
    const wantedMs = delayMs + (random.float() * 2 - 1) * jitterMs;
    lastMs = Math.max(lastMs, systemClock.monotonicMs() + wantedMs);
    queue.push({ dueMs: lastMs, frame });
  };
  const watch = linuxSyscalls().watchReadable(from.fd.number, () => {
    for (let count = 0; count < MAX_BATCH; count++) {
      const length = read(from, buffer);
      if (length <= 0) break;
      take(buffer.slice(0, length));
    }
    if (timer === undefined) deliver();
  });
  return {
    [Symbol.dispose]() {
      watch[Symbol.dispose]();
      timer?.[Symbol.dispose]();
    },
  };
}

/** 0 where there is nothing now, or nothing any more. */
function read({ fd }: TunDevice, buffer: Uint8Array): number {
  try {
    return readSync(fd.number, buffer);
  } catch {
    return 0;
  }
}

function write({ fd }: TunDevice, frame: Uint8Array | undefined): void {
  if (frame === undefined) return;
  try {
    writeSync(fd.number, frame);
  } catch {
    // A device that takes no more loses it, as networks do.
  }
}
