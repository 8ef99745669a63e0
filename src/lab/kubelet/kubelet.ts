import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { AsyncScope, systemClock } from "#base";
import { silentLogger } from "#base/log";
import { Informer, type KubeObject, RESOURCES } from "#kube";
import { warmThreadPool } from "#netlink";
import { hasNodeWishes, type Rejection, rejectionOf } from "./core/admission.ts";
import type { ServiceLink } from "./core/environment.ts";
import type { Pod } from "./core/pod.ts";
import type { KubeletContext, KubeletOptions } from "./context.ts";
import { attachmentOf, cniCollect, readCniConfig } from "./host/cni.ts";
import { readJson } from "./host/files.ts";
import { EventRecorder } from "./node/events.ts";
import { machineCapacity } from "./node/node-object.ts";
import { ObjectData } from "./node/object-data.ts";
import { Registration } from "./node/registration.ts";
import { PodFolders, podsFolder, skeletonFolder } from "./pod/folders.ts";
import { PodWorker } from "./pod/worker.ts";
import { KubeletServer } from "./server/server.ts";
import { writeTools } from "./tools/tools.ts";

/** A node's kubelet: keeps the pods that are bound to it. */
export class Kubelet implements AsyncDisposable {
  readonly #context: KubeletContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #scope = new AsyncScope();

  /** Takes over what `scope` owns. */
  constructor(context: KubeletContext, scope: AsyncScope) {
    this.#context = context;
    this.#scope.use(scope);
  }

  async start(): Promise<void> {
    const { client, node, folders, pki } = this.#context;
    mkdirSync(podsFolder(folders.state), { recursive: true });
    writeTools(skeletonFolder(folders.state));
    if (pki !== undefined) this.#scope.use(await KubeletServer.start(this.#context, pki, this));
    const pods = new Informer({
      client,
      resource: RESOURCES.Pod,
      fieldSelector: `spec.nodeName=${node}`,
      clock: this.#context.clock,
      logger: this.#context.logger,
      handlers: {
        onAdd: (pod) => this.#see(asPod(pod)),
        onUpdate: (pod) => this.#see(asPod(pod)),
        onDelete: (pod) => this.#forget(pod),
      },
    });
    this.#scope.use(pods);
    this.#scope.defer(() => this.#stopWorkers());
    this.#scope.use(this.#register());
    await pods.synced();
    await Promise.all(this.workers().map(({ adopted }) => adopted));
    this.#removeLeftovers();
    await this.#collect();
  }

  workers(): PodWorker[] {
    return [...this.#workers.values()];
  }

  worker(namespace: string, name: string): PodWorker | undefined {
    const isIt = ({ pod: { metadata } }: PodWorker): boolean =>
      metadata.namespace === namespace && metadata.name === name;
    // Of two with one name, as while one is being ended, the later.
    return this.workers().findLast(isIt);
  }

  #register(): Registration {
    const {
      client,
      node,
      addresses,
      labels = {},
      podCidrs = [],
      events,
      clock,
      logger,
    } = this.#context;
    const { cni, networkPath } = this.#context;
    const facts = { name: node, addresses, labels, podCidrs };
    return new Registration({ client, facts, cni: { ...cni, networkPath }, events, clock, logger });
  }

  #see(pod: Pod): void {
    const { uid = "" } = pod.metadata;
    const known = this.#workers.get(uid);
    if (known !== undefined) known.update(pod);
    else this.#adopt(pod);
  }

  #adopt(pod: Pod): PodWorker {
    const { uid = "" } = pod.metadata;
    const worker = new PodWorker(this.#context, pod, (it) => this.#admit(it));
    this.#workers.set(uid, worker);
    void worker.done
      .then((isOver) => {
        if (isOver) this.#workers.delete(uid);
      })
      .catch((error: unknown) =>
        this.#context.logger.error("a pod's worker has failed", { pod: pod.metadata.name, error }),
      );
    return worker;
  }

  /** By what the node is and by the pods that it was given before. */
  async #admit(pod: Pod): Promise<Rejection | undefined> {
    const { client, node: name, capacity } = this.#context;
    const labels = hasNodeWishes(pod)
      ? ((await client.get(RESOURCES.Node, { name })).metadata.labels ?? {})
      : {};
    const all = this.workers();
    const before = all.slice(
      0,
      all.findIndex((worker) => worker.pod.metadata.uid === pod.metadata.uid),
    );
    const others = before.filter((worker) => !worker.isOutside && !hasEnded(worker.pod));
    return rejectionOf(
      pod,
      others.map((worker) => worker.pod),
      { name, labels, capacity },
    );
  }

  #forget(pod: KubeObject): void {
    this.#workers.get(pod.metadata.uid ?? "")?.remove();
  }

  /** Pods that were deleted while no kubelet ran. */
  #removeLeftovers(): void {
    const { state } = this.#context.folders;
    for (const uid of readdirSync(podsFolder(state))) {
      if (this.#workers.has(uid)) continue;
      const pod = readJson<Pod>(join(podsFolder(state), uid, "pod.json"));
      if (pod !== undefined) this.#adopt(pod).remove();
    }
  }

  /** What plugins keep of pods that are not there any more, as after a crash of the machine. */
  async #collect(): Promise<void> {
    const { cni, networkPath, logger, folders } = this.#context;
    const config = readCniConfig(cni);
    if (config === undefined) return;
    const sandboxes = this.workers().flatMap(({ pod }) => {
      const file = readJson<{ sandbox: { id: string }; isRemoved?: boolean }>(
        new PodFolders(folders, pod).sandbox,
      );
      const isThere = file !== undefined && file.isRemoved !== true;
      return isThere ? [attachmentOf(file.sandbox.id)] : [];
    });
    try {
      await cniCollect({ ...cni, networkPath }, config, sandboxes);
    } catch (error) {
      logger.warn("the CNI plugin did not collect what is left over", { error });
    }
  }

  async #stopWorkers(): Promise<void> {
    for (const worker of this.#workers.values()) worker.stop();
    await Promise.all(this.workers().map(({ done }) => done));
  }

  /** Stops keeping pods, which go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
    await this.#context.events.flush();
  }
}

function asPod(object: KubeObject): Pod {
  return object as unknown as Pod;
}

/**
 * Starts a node's kubelet: registers the node and keeps its pods. Pods that an earlier kubelet of
 * this node ran, and that still run, are found again. Disposal stops it and leaves its pods alone.
 */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, node, namespace, clock = systemClock, logger = silentLogger } = options;
  warmThreadPool();
  const scope = new AsyncScope();
  const services = scope.use(new Informer({ client, resource: RESOURCES.Service, clock, logger }));
  const kubelet = new Kubelet(
    {
      ...options,
      clock,
      logger,
      events: new EventRecorder(client, node, clock, logger),
      data: new ObjectData(client, clock),
      networkPath: `/proc/${process.pid}/fd/${namespace.fd}`,
      capacity: machineCapacity(),
      services: (of) => serviceLinks(services.list(), of),
    },
    scope,
  );
  try {
    await services.synced();
    await kubelet.start();
    return kubelet;
  } catch (error) {
    await kubelet[Symbol.asyncDispose]();
    throw error;
  }
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === "Failed" || status?.phase === "Succeeded";
}

/** Those of the namespace, and the API server's, which every pod is told of. */
function serviceLinks(services: readonly KubeObject[], namespace: string): ServiceLink[] {
  return services
    .filter(({ metadata }) => metadata.namespace === namespace || isApiServer(metadata))
    .map(({ metadata, spec }) => {
      const { clusterIP = "", ports = [] } = (spec ?? {}) as Partial<Omit<ServiceLink, "name">>;
      return { name: metadata.name ?? "", clusterIP, ports };
    });
}

function isApiServer({
  name,
  namespace,
}: {
  name?: string | undefined;
  namespace?: string | undefined;
}): boolean {
  return name === "kubernetes" && namespace === "default";
}
