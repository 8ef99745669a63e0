/** The nodes of one lab on this machine, brought in step with its settings by the supervisor. */
import { rmSync } from "node:fs";
import type { Clock } from "#base";
import type { Logger } from "#base/log";
import { ConditionKeeper, createNode, type LabNetwork, listNodes, removeNode } from "#lab/network";
import { createNodeMounts, inNodeMounts, removeNodeMounts } from "../node/mounts.ts";
import { removeNodePki } from "../state/cluster-pki.ts";
import type { Places } from "../state/places.ts";
import { type NodeSettings, type NodeTrouble, NO_TROUBLE } from "../state/settings-types.ts";
import { ManagedProcess, type ProcessStatus } from "../supervisor/managed-process.ts";
import { kubeletProcess, startHidden } from "../supervisor/program.ts";

interface NodesOptions {
  readonly places: Places;
  readonly network: LabNetwork;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Nodes implements AsyncDisposable {
  readonly #options: NodesOptions;
  readonly #kubelets = new Map<string, ManagedProcess>();
  readonly #keeper: ConditionKeeper;
  /** By node, what its keeper was told last. */
  readonly #set = new Map<string, string>();

  constructor(options: NodesOptions) {
    this.#options = options;
    this.#keeper = new ConditionKeeper(options.network);
  }

  get status(): ProcessStatus[] {
    return [...this.#kubelets.values()].map((kubelet) => kubelet.status);
  }

  /** Makes, changes and takes away; answers what went wrong, a sentence each. */
  async reconcile(wanted: readonly NodeSettings[]): Promise<string[]> {
    const problems: string[] = [];
    const attempt = async (name: string, action: () => Promise<void>): Promise<void> => {
      try {
        await action();
      } catch (error) {
        this.#options.logger.error(`${name} is not as it should be`, { error });
        problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    for (const { node, index } of listNodes(this.#options.network)) {
      const settings = wanted.find((each) => each.name === node);
      if (settings === undefined) await attempt(node, () => this.#remove(node, index));
    }
    for (const node of wanted) {
      await attempt(node.name, () => (node.isStopped ? this.#stop(node) : this.#start(node)));
    }
    return problems;
  }

  /** Stops the kubelets; nodes and pods stay as they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    const kubelets = [...this.#kubelets.values()];
    this.#kubelets.clear();
    await Promise.all(kubelets.map((kubelet) => kubelet[Symbol.asyncDispose]()));
    await this.#keeper[Symbol.asyncDispose]();
  }

  async #start({ name: node, index, trouble }: NodeSettings): Promise<void> {
    if (!this.#kubelets.has(node)) this.#kubelets.set(node, await this.#startKubelet(node, index));
    await this.#setTrouble(node, index, trouble);
  }

  async #startKubelet(node: string, index: number): Promise<ManagedProcess> {
    const { places, network, clock, logger } = this.#options;
    using place = createNode({ lab: network, node, index });
    await createNodeMounts(places, place);
    const hidden = kubeletProcess(place, inNodeMounts(places, node, []));
    return new ManagedProcess({
      name: hidden.name,
      pidFile: places.pidFile(hidden.name),
      start: () => startHidden(places, hidden),
      clock,
      logger,
    });
  }

  /** Setting what is set already would lose what is on its way. */
  async #setTrouble(node: string, index: number, trouble: NodeTrouble): Promise<void> {
    const text = JSON.stringify(trouble);
    if (this.#set.get(node) === text) return;
    await this.#keeper.set(index, trouble);
    this.#set.set(node, text);
  }

  /** As if its plug had been pulled: its pods' processes end, its disk stays. */
  async #stop({ name: node, index }: Pick<NodeSettings, "name" | "index">): Promise<void> {
    await this.#kubelets.get(node)?.[Symbol.asyncDispose]();
    this.#kubelets.delete(node);
    const { network, places } = this.#options;
    await this.#setTrouble(node, index, NO_TROUBLE);
    this.#set.delete(node);
    await removeNode({ lab: network, node, index });
    await removeNodeMounts(places, node);
  }

  async #remove(node: string, index: number): Promise<void> {
    await this.#stop({ name: node, index });
    const { places } = this.#options;
    removeNodePki(places.pkiFolder, node);
    rmSync(places.nodeStateFolder(node), { recursive: true, force: true });
  }
}
