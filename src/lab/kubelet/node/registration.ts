import { type KubeClient, KubeError, type KubeObject, RESOURCES } from "#kube";
import type { Clock } from "#base";
import type { Logger } from "#base/log";
import { type CniNode, cniStatus, readCniConfig } from "../host/cni.ts";
import type { EventRecorder } from "./events.ts";
import { newNode, type NodeFacts, nodeStatus } from "./node-object.ts";

const LEASE_SECONDS = 40;
const LEASE_INTERVAL_MS = 10_000;
/** So often the status is looked at, and so often it is told where nothing has changed. */
const STATUS_INTERVAL_MS = 10_000;
const REPORT_INTERVAL_MS = 60_000;
/** While the network is not there, and after a failure. */
const EAGER_MS = 1_000;
const LEASE_NAMESPACE = "kube-node-lease";

interface NodeObject extends KubeObject {
  status?: { conditions?: { type: string; status: string; lastTransitionTime?: string }[] };
}

interface RegistrationOptions {
  readonly client: KubeClient;
  readonly facts: NodeFacts;
  readonly cni: CniNode;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Makes the node known, and keeps saying how it is and that its kubelet lives. */
export class Registration implements AsyncDisposable {
  readonly #options: RegistrationOptions;
  readonly #abort = new AbortController();
  readonly #loops: Promise<void>[];
  #uid: string | undefined;
  #wasReady: boolean | undefined;
  #toldAtMs = 0;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#loops = [
      this.#repeat("the node's status is not told", () => this.#tellStatus()),
      this.#repeat("the node's lease is not renewed", () => this.#renewLease()),
    ];
  }

  async #repeat(what: string, act: () => Promise<number>): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      let waitMs = EAGER_MS;
      try {
        waitMs = await act();
      } catch (error) {
        logger.warn(what, { error });
      }
      await clock.sleep(waitMs, signal).catch(() => {});
    }
  }

  async #register(): Promise<NodeObject> {
    const { client, facts } = this.#options;
    try {
      return await client.get<NodeObject>(RESOURCES.Node, { name: facts.name });
    } catch (error) {
      if (!KubeError.is(error, "NotFound")) throw error;
    }
    return await client.create<NodeObject>(RESOURCES.Node, newNode(facts));
  }

  async #tellStatus(): Promise<number> {
    const { client, facts, cni, clock, events } = this.#options;
    const node = await this.#register();
    this.#uid = node.metadata.uid;
    const isReady = await isNetworkReady(cni);
    const againMs = isReady ? STATUS_INTERVAL_MS : EAGER_MS;
    const known = node.status?.conditions?.find(({ type }) => type === "Ready")?.status;
    const isKnown = this.#wasReady === isReady && known === (isReady ? "True" : "False");
    if (isKnown && clock.monotonicMs() < this.#toldAtMs + REPORT_INTERVAL_MS) return againMs;
    const status = nodeStatus(facts, isReady, node.status?.conditions ?? [], clock.nowMs());
    const patch = { status };
    await client.patch(RESOURCES.Node, { name: facts.name }, patch, {
      type: "strategic",
      subresource: "status",
    });
    if (this.#wasReady !== isReady) {
      const subject = {
        kind: "Node" as const,
        name: facts.name,
        namespace: undefined,
        uid: facts.name,
      };
      if (this.#wasReady === undefined)
        events.record(subject, "Normal", "Starting", "Starting kubelet.");
      const reason = isReady ? "NodeReady" : "NodeNotReady";
      events.record(subject, "Normal", reason, `Node ${facts.name} status is now: ${reason}`);
    }
    this.#wasReady = isReady;
    this.#toldAtMs = clock.monotonicMs();
    return againMs;
  }

  async #renewLease(): Promise<number> {
    const { client, facts, clock } = this.#options;
    const ref = { namespace: LEASE_NAMESPACE, name: facts.name };
    const renewTime = new Date(clock.nowMs()).toISOString().replace("Z", "000Z");
    const spec = { holderIdentity: facts.name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    try {
      await client.patch(RESOURCES.Lease, ref, { spec }, { type: "merge" });
    } catch (error) {
      if (!KubeError.is(error, "NotFound")) throw error;
      if (this.#uid === undefined) return EAGER_MS;
      const owner = { apiVersion: "v1", kind: "Node", name: facts.name, uid: this.#uid };
      const lease: KubeObject = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { ...ref, ownerReferences: [owner] },
        spec,
      };
      await client.create(RESOURCES.Lease, lease);
    }
    return LEASE_INTERVAL_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#loops);
  }
}

async function isNetworkReady(cni: CniNode): Promise<boolean> {
  const config = readCniConfig(cni);
  if (config === undefined) return false;
  try {
    await cniStatus(cni, config);
    return true;
  } catch {
    return false;
  }
}
