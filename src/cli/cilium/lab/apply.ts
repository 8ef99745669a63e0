import type { Command } from "commander";
import { AppError } from "#base";
import type { KubeClient, KubeObject } from "#kube";
import { applyObject } from "#lab";
import { ExitStatus, type Streams } from "../../program.ts";
import { badInputText, isRecord, readManifests } from "../policy/manifests.ts";
import { addNameOption, addNamespaceOption, collect, withClient } from "./call.ts";

interface ApplyOptions {
  readonly name: string;
  readonly namespace: string;
  readonly filename: readonly string[];
}

export function define(command: Command, streams: Streams): void {
  addNamespaceOption(addNameOption(command))
    .requiredOption(
      "-f, --filename <file>",
      "a file, a folder, or - for standard input",
      collect,
      [],
    )
    .action(async ({ name, namespace, filename }: ApplyOptions) => {
      const objects = await readObjects(filename, streams);
      await withClient(name, (client) => applyAll(client, objects, namespace, streams));
    });
}

/** All objects of the files, or an error that tells what is wrong with them. */
export async function readObjects(
  files: readonly string[],
  streams: Streams,
): Promise<KubeObject[]> {
  const { objects, bad, unreadable } = await readManifests(files, streams);
  const [wrong] = [...unreadable, ...bad.map(badInputText)];
  if (wrong !== undefined) throw new AppError("manifest", wrong);
  return objects.map((manifest) => {
    const { value, file } = manifest;
    if (isObject(value)) return value;
    throw new AppError(
      "manifest",
      `${file}:${manifest.lineOf("")}: this has no apiVersion, kind and name.`,
    );
  });
}

function isObject(value: unknown): value is KubeObject {
  if (!isRecord(value) || !isRecord(value["metadata"])) return false;
  const { apiVersion, kind } = value;
  const isNamed = typeof value["metadata"]["name"] === "string";
  return typeof apiVersion === "string" && typeof kind === "string" && isNamed;
}

/** As kubectl does: one that is refused does not keep the others from being applied. */
async function applyAll(
  client: KubeClient,
  objects: readonly KubeObject[],
  namespace: string,
  streams: Streams,
): Promise<void> {
  let hasFailed = false;
  for (const object of objects) {
    try {
      const { resource, name, outcome } = await applyObject(client, object, namespace);
      const group = resource.group === "" ? "" : `.${resource.group}`;
      streams.out(`${resource.kind.toLowerCase()}${group}/${name} ${outcome}\n`);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      hasFailed = true;
      streams.err(`Error: ${error.message}\n`);
    }
  }
  if (hasFailed) throw new ExitStatus(1);
}
