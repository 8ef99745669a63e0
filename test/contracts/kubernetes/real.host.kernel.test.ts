/**
 * The contract against a real Kubernetes, whose answers are the right ones: the one that is up, or
 * one for this run, where its programs are built ("npm run kube -- up" builds them).
 */
import { after, before, describe } from "node:test";
import { AppError } from "#base";
import { installCrds, KubeClient } from "#kube";
import { bringUp, tearDown } from "../../kube/cluster.ts";
import { checkMachine } from "../../kube/machine.ts";
import { missingPrograms } from "../../kube/programs.ts";
import { type RealCluster, readState } from "../../kube/running.ts";
import { attributed } from "#test";
import type { Cluster } from "./cluster.ts";
import { defineContract } from "./suite.ts";

const UP_TIMEOUT_MS = 120_000;
const SHAPE = { nodes: 2, cni: "bridge", hasProxy: true } as const;

function whyNot(): string | false {
  const missing = missingPrograms();
  if (missing.length > 0)
    return `${missing.join(", ")} are not built: "npm run kube -- up" does it`;
  try {
    checkMachine();
    return false;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

function clusterOf(real: RealCluster, client: KubeClient): Cluster {
  return {
    client,
    kubeconfig: real.kubeconfigPath,
    nodes: real.nodePlaces.map(({ name }) => name),
    inNode: (node, command) => real.inNode(node, command),
    cniConfigFolder: (node) => real.cniConfFolder(node),
    cniProgramFolder: (node) => real.cniBinFolder(node),
  };
}

describe(attributed("a real Kubernetes keeps the contract"), { skip: whyNot() }, () => {
  const isOurs = readState() === undefined;
  let cluster: Cluster | undefined;
  before(
    async () => {
      const real = await bringUp(SHAPE, { report: () => {} });
      const client = await KubeClient.fromKubeconfig(real.kubeconfigPath);
      await installCrds(client);
      cluster = clusterOf(real, client);
    },
    { timeout: UP_TIMEOUT_MS },
  );
  after(
    async () => {
      cluster?.client[Symbol.dispose]();
      if (isOurs) await tearDown();
    },
    { timeout: UP_TIMEOUT_MS },
  );
  defineContract(
    () => {
      if (cluster === undefined) throw new AppError("no-cluster", "the cluster is not up");
      return cluster;
    },
    { isReference: true },
  );
});
