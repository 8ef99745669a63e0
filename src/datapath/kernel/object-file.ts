import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError } from "#base";
import { CollectionSpec } from "#ebpf/spec";

const OBJECT = "bpf/obj/pod.bpf.o";
/** Deeper than any file of the sources or of the bundle stands below the folder with `bpf`. */
const MAX_FOLDERS_UP = 8;

/**
 * The programs as they are shipped: beside the sources, and beside the bundle. How deep this code
 * stands differs between the two, so that the folder is looked for from here upwards.
 */
export function readPodObject(): CollectionSpec {
  let folder = import.meta.dirname;
  for (let step = 0; step < MAX_FOLDERS_UP; step++) {
    const path = join(folder, OBJECT);
    if (existsSync(path)) return parsePodObject(readFileSync(path));
    folder = dirname(folder);
  }
  throw new AppError(
    "no-object",
    `${OBJECT} is not above ${import.meta.dirname}: reinstall, or say where the programs are`,
  );
}

export function parsePodObject(bytes: Uint8Array): CollectionSpec {
  return CollectionSpec.parse(bytes, "pod.bpf.o");
}
