import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { RawObject } from "../oracles/policy/raw.ts";

const FOLDER = join(import.meta.dirname, "manifests");

export const manifestNames: readonly string[] = readdirSync(FOLDER)
  .map((file) => file.replace(/\.yaml$/, ""))
  .toSorted();

function read(path: string): RawObject[] {
  return parseAllDocuments(readFileSync(path, "utf8")).map(
    (document) => document.toJS() as RawObject,
  );
}

export function readManifest(name: string): RawObject[] {
  return read(join(FOLDER, `${name}.yaml`));
}

/** The pods that are there whatever the policies. */
export function readCluster(): RawObject[] {
  return read(join(import.meta.dirname, "cluster.yaml"));
}
