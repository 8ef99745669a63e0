/** What the contract asks of a cluster, whoever runs it. */
import type { KubeClient } from "#kube";

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A cluster of two nodes with a plain CNI, services and DNS, where the images `nginx`, `busybox`, `http-echo`
 * and `postgres:15` are to be had, and with our CRDs.
 */
export interface Cluster {
  /** As its administrator. */
  readonly client: KubeClient;
  /** A file with the same rights. */
  readonly kubeconfig: string;
  /** Their names, in order. */
  readonly nodes: readonly string[];
  /** Runs a program in a node's network and mounts. */
  inNode(node: string, command: readonly string[]): Promise<Outcome>;
  /** Where its runtime looks for the network's configuration, as a folder of this machine. */
  cniConfigFolder(node: string): string;
  /** Where its runtime looks for CNI plugins, as a folder of this machine. */
  cniProgramFolder(node: string): string;
}
