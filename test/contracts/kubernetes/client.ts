/**
 * The client of #kube against a cluster: what its tests' small server claims of servers holds for
 * this one too.
 */
import { describe } from "node:test";
import { defineDefinitions } from "./client/definitions.ts";
import { defineInformers } from "./client/informers.ts";
import { defineLeaders } from "./client/leaders.ts";
import { defineWrites } from "./client/writes.ts";
import type { Cluster } from "./cluster.ts";

export function defineClientContract(cluster: () => Cluster): void {
  void describe("client", () => {
    defineInformers(cluster);
    defineLeaders(cluster);
    defineWrites(cluster);
    defineDefinitions(cluster);
  });
}
