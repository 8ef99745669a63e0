/** Asks the Go program beside this file, which judges with Cilium's own packages. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AppError } from "#base";
import { type Cluster, type ClusterPod, ENTITIES, NAMES } from "./clusters.ts";

export interface CiliumVerdict {
  readonly verdict: "allowed" | "denied";
  readonly egress: "allowed" | "denied";
  readonly ingress: "allowed" | "denied";
  readonly l7: boolean;
  readonly auth?: Readonly<Record<string, string>>;
  /** Cilium cannot compute the policy of a side, so there is nothing to compare. */
  readonly error?: string;
}

export interface CiliumAnswer {
  readonly invalid: readonly {
    kind: string;
    namespace: string;
    name: string;
    error: string;
  }[];
  readonly verdicts: readonly CiliumVerdict[];
  readonly filters?: Readonly<Record<string, readonly string[]>>;
  readonly error?: string;
}

const FIRST_POD_IDENTITY = 1000;
const CLUSTER = "default";
/** Of the labels that these clusters have, what Cilium's default filter leaves out. */
const UNIMPORTANT = new Set(["pod-template-hash"]);

const folder = import.meta.dirname;
const root = join(folder, "../../..");
const binary = join(root, ".cache/cilium-policy");

/** Takes minutes the first time, and needs the Go module proxy. */
export function build(): void {
  try {
    execFileSync("go", ["build", "-o", binary, "."], { cwd: folder, stdio: "inherit" });
  } catch (error) {
    throw AppError.wrap("building the Go program in test/conformance/cilium-policy", error);
  }
}

function identityLabels(cluster: Cluster, pod: ClusterPod): string[] {
  const namespace = cluster.namespaces.find((each) => each.name === pod.namespace);
  const ofNamespace = Object.entries({
    ...namespace?.labels,
    "kubernetes.io/metadata.name": pod.namespace,
  });
  return [
    ...Object.entries(pod.labels)
      .filter(([key]) => !UNIMPORTANT.has(key))
      .map(([key, value]) => `k8s:${key}=${value}`),
    ...ofNamespace.map(([key, value]) => `k8s:io.cilium.k8s.namespace.labels.${key}=${value}`),
    `k8s:io.kubernetes.pod.namespace=${pod.namespace}`,
    `k8s:io.cilium.k8s.policy.cluster=${CLUSTER}`,
    `k8s:io.cilium.k8s.policy.serviceaccount=${pod.serviceAccount}`,
  ];
}

/** A cluster in the form that the Go program reads. */
function question(cluster: Cluster, isDump = false): object {
  const ids = new Map<string, number>(Object.entries(ENTITIES));
  cluster.pods.forEach((pod, at) => {
    ids.set(`${pod.namespace}/${pod.name}`, FIRST_POD_IDENTITY + at);
  });
  const party = (name: string): number | string => ids.get(name) ?? NAMES[name] ?? name;
  return {
    identities: cluster.pods.map((pod, at) => ({
      id: FIRST_POD_IDENTITY + at,
      labels: identityLabels(cluster, pod),
      namedPorts: Object.fromEntries(
        pod.ports.map(({ name, port, protocol }) => [name, { port, protocol }]),
      ),
    })),
    policies: cluster.policies,
    names: Object.fromEntries(Object.entries(NAMES).map(([name, address]) => [name, [address]])),
    probes: cluster.probes.map(({ from, to, protocol, port }) => ({
      from: party(from),
      to: party(to),
      protocol,
      port,
    })),
    ...(isDump ? { dump: true } : {}),
  };
}

interface Waiting {
  resolve: (answer: CiliumAnswer) => void;
  reject: (error: Error) => void;
}

/** The running program. `ask` may be called again before it has answered. */
export class CiliumOracle {
  readonly #child = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
  readonly #waiting: Waiting[] = [];

  constructor() {
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line) as CiliumAnswer);
    });
    const fail = (cause?: unknown): void => {
      const error = AppError.wrap("asking the Go program", cause ?? new Error("it ended"));
      for (const each of this.#waiting.splice(0)) each.reject(error);
    };
    this.#child.on("error", fail).on("exit", () => fail());
    this.#child.stdin.on("error", fail);
  }

  ask(cluster: Cluster, isDump = false): Promise<CiliumAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(question(cluster, isDump))}\n`);
    });
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}
