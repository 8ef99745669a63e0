/** The contract, as tests against one cluster. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { RESOURCES } from "#kube";
import { runScripts } from "#test";
import { defineClientContract } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { defineCniContract } from "./cni.ts";
import { Conversation } from "./conversation.ts";
import { defineKubectlChapters } from "./kubectl/chapters.ts";
import { defineStreamsContract } from "./streams.ts";

const CONVERSATIONS = join(import.meta.dirname, "conversations");
/** Most of a conversation is waiting. */
const CONCURRENCY = 4;

let namespaces = 0;

async function startConversation(cluster: Cluster) {
  namespaces += 1;
  const name = `contract-${process.pid.toString(36)}-${namespaces}`;
  const { client } = cluster;
  await client.create(RESOURCES.Namespace, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  });
  const conversation = new Conversation(cluster, await client.endpoint(), name);
  // Pods are refused until a controller has made it.
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await conversation.commands["GET"]?.([account, "--until", "status=200"], "");
  const stop = async () => {
    await conversation.end();
    conversation[Symbol.dispose]();
    await client.delete(RESOURCES.Namespace, { name });
  };
  return { commands: conversation.commands, stop };
}

/** `cluster` is asked when a test runs. Only the answers of the reference are ever recorded. */
export function defineContract(cluster: () => Cluster, { isReference = false } = {}): void {
  for (const area of readdirSync(CONVERSATIONS)) {
    describe(area, { concurrency: CONCURRENCY }, () => {
      runScripts(join(CONVERSATIONS, area), () => startConversation(cluster()), {
        mayUpdate: isReference,
      });
    });
  }
  defineClientContract(cluster);
  defineStreamsContract(cluster);
  defineCniContract(cluster);
  defineKubectlChapters(cluster);
}
