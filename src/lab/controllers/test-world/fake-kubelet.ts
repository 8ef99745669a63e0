/** What kubelets do, as controllers see it: bound pods get addresses, become ready, and end. */
import { Random } from "#base";

import { LEASES, NODES, PODS } from "../engine/resources.ts";
import { isReady, type Pod } from "../model/pod.ts";
import { microTimestamp, timestamp } from "../model/time.ts";
import type { FakeApi } from "./fake-api.ts";
import { NOW_MS } from "./objects.ts";

export class FakeKubelet {
  readonly #api: FakeApi;
  readonly #random: Random;
  #lastAddress = 1;

  constructor(api: FakeApi, seed = 1) {
    this.#api = api;
    this.#random = new Random(seed);
  }

  async addNode(name: string): Promise<void> {
    await this.#api.create(NODES, { apiVersion: "v1", kind: "Node", metadata: { name } });
    await this.#api.patch(
      NODES,
      { name },
      {
        status: {
          allocatable: { cpu: "8", memory: "16Gi", pods: "110" },
          conditions: [{ type: "Ready", status: "True" }],
        },
      },
    );
  }

  /** Renews the node's lease. */
  async beat(name: string, nowMs: number): Promise<void> {
    const ref = { namespace: "kube-node-lease", name };
    if (this.#api.find(LEASES, `${ref.namespace}/${name}`) === undefined) {
      const metadata = { ...ref };
      await this.#api.create(LEASES, { apiVersion: "", kind: "", metadata });
    }
    await this.#api.patch(LEASES, ref, { spec: { renewTime: microTimestamp(nowMs) } });
  }

  /** One thing happens to one pod, by chance; false when nothing can. `isStuck` never gets ready. */
  async step(isStuck: (pod: Pod) => boolean = () => false): Promise<boolean> {
    const open = this.#api.all<Pod>(PODS).filter((pod) => {
      if ((pod.spec.nodeName ?? "") === "") return false;
      return pod.metadata.deletionTimestamp !== undefined || (!isReady(pod) && !isStuck(pod));
    });
    const pod = open[this.#random.below(Math.max(1, open.length))];
    if (pod === undefined) return false;
    const { namespace = "", name } = pod.metadata;
    if (pod.metadata.deletionTimestamp !== undefined) {
      await this.#api.delete(PODS, { namespace, name }, { gracePeriodSeconds: 0 });
      return true;
    }
    const ip = pod.status?.podIP ?? this.#address();
    const status = {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: timestamp(NOW_MS) }],
    };
    await this.#api.patch(PODS, { namespace, name }, { status }, "status");
    return true;
  }

  #address(): string {
    const number = ++this.#lastAddress;
    return `10.0.${Math.floor(number / 250)}.${number % 250}`;
  }
}
