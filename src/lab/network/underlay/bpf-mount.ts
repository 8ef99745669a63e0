import { mkdirSync, readFileSync } from "node:fs";
import { checkSyscall, linuxSyscalls } from "#sys";

const MNT_DETACH = 2;

/** A file system for pinned BPF objects of its own, so that nodes do not find each other's. */
export function mountBpf(path: string): void {
  mkdirSync(path, { recursive: true });
  if (isMounted(path)) return;
  const mounted = linuxSyscalls().mount("bpf", path, "bpf", 0, "mode=0700");
  checkSyscall(mounted, `mounting bpffs at ${path}`, "CAP_SYS_ADMIN");
}

/** What is pinned there goes with it. */
export function unmountBpf(path: string): void {
  // One may lie over another where two processes mounted at once.
  while (isMounted(path)) {
    const gone = linuxSyscalls().umount(path, MNT_DETACH);
    checkSyscall(gone, `unmounting ${path}`, "CAP_SYS_ADMIN");
  }
}

function isMounted(path: string): boolean {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts.some((line) => line.split(" ")[4] === path);
}
