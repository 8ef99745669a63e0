import { randomBytes } from "node:crypto";
import { AppError, Random } from "#base";
import { openNetlink } from "#netlink";
import type { LabNetwork } from "../addresses.ts";
import { cableName, relayNames } from "./names.ts";
import { type RelayConditions, startRelay } from "./relay.ts";

/** How a node's way to everybody else is. */
export interface NodeConditions extends RelayConditions {
  /** Nothing goes through, in either direction. */
  readonly isPartitioned: boolean;
}

/** A longer delay than any way round the earth. */
const MAX_DELAY_MS = 10_000;

interface Relayed {
  readonly conditions: string;
  readonly relay: AsyncDisposable;
}

/**
 * The conditions of a lab's nodes, kept up by this process: when it ends, packets are no longer
 * delayed or lost. A partition stays until somebody ends it.
 */
export class ConditionKeeper implements AsyncDisposable {
  readonly #lab: LabNetwork;
  readonly #relays = new Map<number, Relayed>();
  /** One change after the other: two relays for one node would take each other's devices. */
  #turn: Promise<void> = Promise.resolve();

  constructor(lab: LabNetwork) {
    this.#lab = lab;
  }

  /** Nothing stays of what was set before. To be told again where the node was made again. */
  set(node: number, conditions: NodeConditions): Promise<void> {
    const made = this.#turn.then(() => this.#set(node, conditions));
    this.#turn = made.catch(() => {});
    return made;
  }

  async #end(node: number): Promise<void> {
    const known = this.#relays.get(node);
    this.#relays.delete(node);
    await known?.relay[Symbol.asyncDispose]();
  }

  async #set(node: number, conditions: NodeConditions): Promise<void> {
    checkConditions(conditions);
    const { isPartitioned, delayMs, jitterMs, lossPercent } = conditions;
    const wanted = `${delayMs} ${jitterMs} ${lossPercent}`;
    const known = this.#relays.get(node);
    setPartition(this.#lab, node, isPartitioned);
    // The cable may be a new one since: then the relay has to be, too.
    if (known?.conditions === wanted && isRelayed(this.#lab, node)) return;
    await this.#end(node);
    if (delayMs === 0 && lossPercent === 0) return;
    const random = new Random(randomBytes(4).readUInt32LE());
    const relay = startRelay(this.#lab, node, { conditions, random });
    this.#relays.set(node, { conditions: wanted, relay });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    const relays = [...this.#relays.values()];
    this.#relays.clear();
    await Promise.all(relays.map(({ relay }) => relay[Symbol.asyncDispose]()));
  }
}

function isRelayed(lab: LabNetwork, node: number): boolean {
  using root = openNetlink();
  const bridge = root.links.get(relayNames(lab, node).bridge);
  const master = root.links.get(cableName(lab, node))?.master;
  return bridge !== undefined && bridge.index === master;
}

function setPartition(lab: LabNetwork, node: number, isPartitioned: boolean): void {
  using root = openNetlink();
  const cable = cableName(lab, node);
  // Of a node that is gone, nothing is to be put right.
  if (!isPartitioned && root.links.get(cable) === undefined) return;
  root.links.set(cable, { isUp: !isPartitioned });
}

function checkConditions({ delayMs, jitterMs = 0, lossPercent }: NodeConditions): void {
  if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
    throw new AppError("delay", `a delay is 0 to ${MAX_DELAY_MS} ms, not ${delayMs}`);
  }
  if (!(jitterMs >= 0 && jitterMs <= delayMs)) {
    throw new AppError("delay", `jitter is at most the delay of ${delayMs} ms, not ${jitterMs}`);
  }
  if (!(lossPercent >= 0 && lossPercent <= 100)) {
    throw new AppError("loss", `loss is 0 to 100 percent, not ${lossPercent}`);
  }
}
