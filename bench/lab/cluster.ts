import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "#base";
import { KubeClient, type KubeObject, RESOURCES } from "#kube";

/** A cluster as benches use it: the lab, or a real Kubernetes on this machine. */
export interface Cluster extends AsyncDisposable {
  /** As rows call it. */
  readonly name: string;
  /** Where `up` writes how to reach it. */
  readonly kubeconfig: string;
  /** Answers when the API server answers and all nodes are ready. */
  up(nodes: number): Promise<void>;
  down(): Promise<void>;
  /** All its processes, those of its pods too. */
  processIds(): number[];
}

const POLL_MS = 50;
const READY_PATIENCE_MS = 120_000;
/** Both kinds of cluster have it, and make it a program that sleeps. */
const IDLE_IMAGE = "registry.k8s.io/pause:3.10";
const IDLE = { namespace: "default", name: "idle" };

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Until disposed of: a signal, as by Ctrl-C, ends this process after taking the clusters away. */
export function takenAwayAtSignals(clusters: readonly Cluster[]): Disposable {
  const end = (signal: keyof typeof SIGNALS): void => {
    const all = clusters.map((cluster) => cluster[Symbol.asyncDispose]());
    void Promise.allSettled(all).then(() => process.exit(128 + SIGNALS[signal]));
  };
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  for (const signal of signals) process.on(signal, end);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, end);
    },
  };
}

/** Runs with the cluster up, and takes it away again whatever happens. */
export async function withCluster<T>(
  cluster: Cluster,
  nodes: number,
  run: (client: KubeClient) => Promise<T>,
): Promise<T> {
  try {
    await cluster.up(nodes);
    using client = await KubeClient.fromKubeconfig(cluster.kubeconfig);
    return await run(client);
  } finally {
    await cluster.down();
  }
}

/** Makes a Deployment of pods that do nothing have so many, and waits until all are ready. */
export async function idlePods(client: KubeClient, replicas: number): Promise<void> {
  await client.patch(RESOURCES.Deployment, IDLE, idleDeployment(replicas), {
    type: "apply",
    fieldManager: "bench",
    isForced: true,
  });
  const endMs = performance.now() + READY_PATIENCE_MS;
  for (;;) {
    const { status } = await client.get(RESOURCES.Deployment, IDLE);
    const { readyReplicas = 0 } = Object(status) as { readyReplicas?: number };
    if (readyReplicas === replicas) return;
    if (performance.now() > endMs) {
      const why = `only ${readyReplicas} of ${replicas} pods became ready`;
      throw new AppError("timeout", `${why}: "kubectl describe pods" would say why.`);
    }
    await sleep(POLL_MS);
  }
}

function idleDeployment(replicas: number): KubeObject {
  const labels = { app: IDLE.name };
  const container = { name: IDLE.name, image: IDLE_IMAGE, imagePullPolicy: "IfNotPresent" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: IDLE,
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [container] },
      },
    },
  };
}
