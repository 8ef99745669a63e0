import { mkdirSync, readFileSync, renameSync, rmSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, openResources } from "#base";
import { checkSyscall, Fd, linuxSyscalls } from "#sys";
import { Attributes, bpf, Command, pathBytes } from "./bpf-call.ts";

const BPF_FS_MAGIC = 0xcafe4a11;
/** Pins of this process by path, for the ledger; what another process pinned is not ours to tell. */
const tokens = new Map<string, number>();

/** Puts an object into bpffs, where it outlives this process. Makes the folders on the way. */
export function pinObject(fd: number, path: string, what: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  requireBpfFilesystem(folder);
  const attributes = new Attributes(24).pointer(0, pathBytes(path)).u32(8, fd);
  bpf(Command.pin, attributes, `pinning ${what} at ${path}`);
  tokens.set(path, openResources.opened("pin", path));
}

/** Opens what is pinned at a path. */
export function openPinned(path: string, what: string): Fd {
  const attributes = new Attributes(24).pointer(0, pathBytes(path));
  return new Fd(bpf(Command.openPin, attributes, `opening ${what} pinned at ${path}`), what);
}

/** Takes a pin away; fine when there is none. What nobody else holds is then gone. */
export function unpin(path: string): void {
  rmSync(path, { force: true });
  openResources.closed(tokens.get(path) ?? 0);
  tokens.delete(path);
}

/** Puts a pin in the place of another at once: whoever opens the path finds the old or the new. */
export function renamePin(from: string, to: string): void {
  renameSync(from, to);
  openResources.closed(tokens.get(to) ?? 0);
  const token = tokens.get(from);
  tokens.delete(to);
  tokens.delete(from);
  if (token === undefined) return;
  openResources.closed(token);
  tokens.set(to, openResources.opened("pin", to));
}

/** Where bpffs is mounted, as this process sees it. */
export function findBpfFilesystem(): string | undefined {
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    if (right.startsWith("bpf ")) return left.split(" ")[4];
  }
  return undefined;
}

/** Mounts a bpffs of one's own at a folder, unless there is one. Answers whether it did. */
export function mountBpfFilesystem(folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  if (isBpfFilesystem(folder)) return false;
  const answer = linuxSyscalls().mount("bpf", folder, "bpf", 0, "");
  checkSyscall(answer, `mounting bpffs at ${folder}`, "CAP_SYS_ADMIN");
  return true;
}

export function unmountBpfFilesystem(folder: string): void {
  checkSyscall(linuxSyscalls().umount(folder, 0), `unmounting ${folder}`, "CAP_SYS_ADMIN");
}

function isBpfFilesystem(folder: string): boolean {
  return statfsSync(folder).type === BPF_FS_MAGIC;
}

function requireBpfFilesystem(folder: string): void {
  if (isBpfFilesystem(folder)) return;
  const message = `${folder} is not in a bpffs: pin below ${findBpfFilesystem() ?? "one (mount -t bpf bpf /sys/fs/bpf)"}`;
  throw new AppError("not-bpffs", message, { fields: { folder } });
}
