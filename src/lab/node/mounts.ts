/**
 * A node's mount namespace: its own view of the machine's files, as on a host of its own. It is
 * bound to a file, by which everybody finds it, and outlives the node's processes.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import type { NodePlace } from "#lab/network";
import { makeFolder } from "../state/files.ts";
import type { Places } from "../state/places.ts";
import { DISK_FOLDERS, mountsFile, mountsFolder } from "./folders.ts";
import { MOUNT_SCRIPT } from "./mount-script.ts";

/** Makes it where it is not there; what was left half made is made anew. The rest of the node is there. */
export async function createNodeMounts(places: Places, place: NodePlace): Promise<void> {
  const { node, namespaceName, bpfFolder } = place;
  const file = mountsFile(places, node);
  const [state, run] = [places.nodeStateFolder(node), places.nodeRunFolder(node)];
  if (hasNodeMounts(places, node)) return;
  await removeNodeMounts(places, node);
  for (const folder of [state, run]) makeFolder(folder);
  await prepareFolder(mountsFolder(places));
  writeFileSync(file, "");
  await must([
    "nsenter",
    `--net=/var/run/netns/${namespaceName}`,
    "unshare",
    `--mount=${file}`,
    "--propagation",
    "slave",
    "sh",
    "-c",
    MOUNT_SCRIPT,
    "sh",
    state,
    run,
    bpfFolder,
    ...DISK_FOLDERS,
  ]);
  writeFileSync(wholeMark(places, node), "");
}

export function hasNodeMounts(places: Places, node: string): boolean {
  return isMountPoint(mountsFile(places, node)) && existsSync(wholeMark(places, node));
}

/** It goes with the last process that is in it. Fine where there is none. */
export async function removeNodeMounts(places: Places, node: string): Promise<void> {
  const file = mountsFile(places, node);
  rmSync(wholeMark(places, node), { force: true });
  if (isMountPoint(file)) await must(["umount", "--lazy", file]);
  rmSync(file, { force: true });
}

/**
 * The words that run a command in a node's mounts, from anywhere on this machine; in its network
 * too, where its name is given.
 */
export function inNodeMounts(
  places: Places,
  node: string,
  command: readonly string[],
  namespaceName?: string,
): string[] {
  const network = namespaceName === undefined ? [] : [`--net=/var/run/netns/${namespaceName}`];
  return ["nsenter", `--mount=${mountsFile(places, node)}`, ...network, "--", ...command];
}

/** Beside the mounts, and gone with the machine's memory as they are. */
function wholeMark(places: Places, node: string): string {
  return join(places.nodeRunFolder(node), "mounts-are-whole");
}

/** A mount of a mount namespace must not come back to that namespace: its folder is private. */
async function prepareFolder(folder: string): Promise<void> {
  makeFolder(folder, 0o700);
  if (!isMountPoint(folder)) await must(["mount", "--bind", folder, folder]);
  await must(["mount", "--make-private", folder]);
}

/** No path of a lab has a character that the kernel would escape here. */
function isMountPoint(path: string): boolean {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts.some((line) => line.split(" ")[4] === path);
}

function must([program = "", ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: "/" }, (error, _out, notes) => {
      if (error === null) resolve();
      else {
        const why = notes.trim() === "" ? error.message : notes.trim();
        reject(new AppError("mounts", `a node's mounts cannot be changed: ${program}: ${why}`));
      }
    });
  });
}
