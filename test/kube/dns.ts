/** The cluster's DNS: CoreDNS as pods, in front of no other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Clock } from "#base";
import { type KubeClient, type KubeObject, RESOURCES } from "#kube";
import { applyObject } from "#lab";
import { hasCondition, waitFor } from "./wait.ts";

const PATIENCE_MS = 90_000;

export async function applyDns(client: KubeClient): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, "dns.yaml"), "utf8");
  for (const document of parseAllDocuments(text)) {
    await applyObject(client, document.toJS() as KubeObject);
  }
}

export async function waitForDns(client: KubeClient, clock: Clock): Promise<void> {
  const place = { namespace: "kube-system", name: "coredns" };
  await waitFor("the cluster's DNS", PATIENCE_MS, clock, async () =>
    hasCondition(await client.get(RESOURCES.Deployment, place), "Available"),
  );
}
