import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "#base";

/** Where version 2's tree is, alone or beside those of version 1. */
const CGROUP_ROOTS = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/** Those whose command line is as asked. */
export function processesBy(isWanted: (words: readonly string[]) => boolean): number[] {
  const pids = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return pids.filter((pid) => isWanted((readOf(pid, "cmdline") ?? "").split("\0")));
}

/** Those of a cgroup of this name and of all below it. */
export function processesBelow(cgroup: string): number[] {
  return CGROUP_ROOTS.flatMap((root) => processesIn(join(root, cgroup)));
}

function processesIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return processesIn(path);
    if (entry.name !== "cgroup.procs") return [];
    return readFileSync(path, "utf8").split("\n").filter(Boolean).map(Number);
  });
}

/** Of all of them; a page that several processes of the machine share counts in parts. */
export function memoryMiB(pids: readonly number[]): number {
  const sizes = [...new Set(pids)].map((pid) => {
    const text = readOf(pid, "smaps_rollup");
    return text === undefined ? 0 : pssKibibytes(text);
  });
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

export function pssKibibytes(rollup: string): number {
  const kibibytes = Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1]);
  assert(Number.isSafeInteger(kibibytes), "smaps_rollup tells the proportional set size");
  return kibibytes;
}

/** Undefined for a process that has ended; the dead have no memory. */
function readOf(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
