import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AppError, NotSupportedError, systemClock } from "#base";

/** What a killed process needs until its cgroup is empty; most need one turn. */
const MAX_REMOVAL_TURNS = 200;
const REMOVAL_TURN_MS = 10;

/** Where the tree of version 2 is: on machines with version 1 it stands beside the others. */
export function cgroupRoot(mountInfo = readFileSync("/proc/self/mountinfo", "utf8")): string {
  for (const line of mountInfo.split("\n")) {
    const [place = "", kind = ""] = line.split(" - ");
    const path = place.split(" ")[4];
    if (kind.startsWith("cgroup2 ") && path !== undefined) return path;
  }
  throw new NotSupportedError("a cgroup of version 2 (mount -t cgroup2 none /sys/fs/cgroup)");
}

export function createCgroup(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw AppError.wrap(`creating cgroup ${path}`, cause);
  }
}

/** Ends what still runs in it and below it, and takes it away. */
export async function removeCgroup(path: string): Promise<void> {
  if (!existsSync(path)) return;
  writeFileSync(join(path, "cgroup.kill"), "1");
  for (let turn = 1; ; turn++) {
    try {
      removeTree(path);
      return;
    } catch (cause) {
      const isBusy = (cause as NodeJS.ErrnoException).code === "EBUSY";
      if (!isBusy || turn === MAX_REMOVAL_TURNS) throw AppError.wrap(`removing ${path}`, cause);
      await systemClock.sleep(REMOVAL_TURN_MS);
    }
  }
}

function removeTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(path, entry.name));
  }
  rmdirSync(path);
}
