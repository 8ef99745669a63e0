import { existsSync } from "node:fs";
import { AppError } from "#base";
import { bringUp, tearDown } from "../../test/kube/cluster.ts";
import { FOLDER, KUBECONFIG, NAME } from "../../test/kube/places.ts";
import { checkMachine } from "../../test/kube/machine.ts";
import { missingPrograms } from "../../test/kube/programs.ts";
import type { Cluster } from "./cluster.ts";
import { processesBelow } from "./processes.ts";

const IS_UP =
  'a cluster is up on this machine, and may be in use: "npm run kube -- down" takes it away';

/** What `bringUp` says of a cluster that somebody else makes or has made. */
const OTHERS = new Set(["busy", "other-cluster"]);

/** Why there is nothing to measure, and what to do about it. */
export interface Missing {
  readonly missing: string;
}

/** A real Kubernetes on this machine, where its programs are built and nobody uses one. */
export function findReal(): RealKubernetes | Missing {
  if (missingPrograms().length > 0) return { missing: "its programs are not built: npm run kube" };
  if (existsSync(FOLDER)) return { missing: IS_UP };
  try {
    checkMachine();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { missing: error.message };
  }
  return new RealKubernetes();
}

/** With kube-proxy and its DNS, as the lab has them too. Takes away only what it has made. */
class RealKubernetes implements Cluster {
  readonly name = "the real Kubernetes";
  readonly kubeconfig = KUBECONFIG;
  #isOurs = false;

  async up(nodes: number): Promise<void> {
    if (existsSync(FOLDER)) throw new AppError("in-use", `In the middle of this, ${IS_UP}.`);
    this.#isOurs = true;
    try {
      await bringUp({ nodes, cni: "bridge", hasProxy: true }, { report: () => {} });
    } catch (error) {
      // Somebody else was faster.
      if (error instanceof AppError && OTHERS.has(error.code)) this.#isOurs = false;
      throw error;
    }
  }

  async down(): Promise<void> {
    if (!this.#isOurs) return;
    await tearDown();
    this.#isOurs = false;
  }

  processIds(): number[] {
    return processesBelow(NAME);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }
}
