import type { Command } from "commander";
import { AppError } from "#base";
import { type KubeClient, KubeError, type ObjectRef, type Resource } from "#kube";
import { needResource, resourceOf } from "#lab";
import { ExitStatus, type Streams } from "../../program.ts";
import { readObjects } from "./apply.ts";
import { addNameOption, addNamespaceOption, collect, withClient } from "./call.ts";

interface DeleteOptions {
  readonly name: string;
  readonly namespace: string;
  readonly filename: readonly string[];
}

interface Target {
  readonly resource: Resource;
  readonly ref: ObjectRef;
}

export function define(command: Command, streams: Streams): void {
  addNamespaceOption(addNameOption(command))
    .argument("[resource]", "such as pods")
    .argument("[objects...]", "their names")
    .option("-f, --filename <file>", "objects by their manifests", collect, [])
    .action((word: string | undefined, names: readonly string[], options: DeleteOptions) =>
      withClient(options.name, async (client) => {
        const targets =
          word === undefined
            ? await targetsOfFiles(client, options, streams)
            : targetsOf(needResource(word), names, options.namespace);
        if (targets.length === 0) throw new AppError("usage", "Say what to delete, or -f FILE.");
        await deleteAll(client, targets, streams);
      }),
    );
}

function targetsOf(resource: Resource, names: readonly string[], namespace: string): Target[] {
  const place = resource.isNamespaced ? { namespace } : {};
  return names.map((name) => ({ resource, ref: { ...place, name } }));
}

async function targetsOfFiles(
  client: KubeClient,
  { filename, namespace }: DeleteOptions,
  streams: Streams,
): Promise<Target[]> {
  if (filename.length === 0) return [];
  const targets: Target[] = [];
  for (const object of await readObjects(filename, streams)) {
    const resource = await resourceOf(client, object);
    const own = object.metadata.namespace ?? namespace;
    targets.push(...targetsOf(resource, [object.metadata.name ?? ""], own));
  }
  return targets;
}

async function deleteAll(
  client: KubeClient,
  targets: readonly Target[],
  streams: Streams,
): Promise<void> {
  let hasFailed = false;
  for (const { resource, ref } of targets) {
    try {
      await client.delete(resource, ref, { propagationPolicy: "Background" });
      streams.out(`${resource.kind.toLowerCase()} "${ref.name}" deleted\n`);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      hasFailed = true;
      streams.err(`Error: ${error.message}\n`);
    }
  }
  if (hasFailed) throw new ExitStatus(1);
}
