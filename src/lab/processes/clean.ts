/** Takes away what a lab has on this machine, whoever was to do it and did not. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { AppError, type Clock } from "#base";
import { openNetlink } from "#netlink";
import {
  type LabNetwork,
  listNodes,
  removeInternet,
  removeLabFolders,
  removeNode,
  removeUnderlay,
} from "#lab/network";
import { type Places, RUN_ROOT, STATE_ROOT } from "../state/places.ts";
import {
  endProcess,
  identify,
  type ProcessIdentity,
  readPidFile,
} from "../supervisor/process-identity.ts";

const STOP_PATIENCE_MS = 10_000;
const HIDDEN = new Set(["run", "control-plane", "kubelet"]);

/** Ends the supervisor first, so that it starts nothing again, and then all others. */
export async function endProcesses(places: Places, clock: Clock): Promise<void> {
  const supervisor = readPidFile(places.pidFile("supervisor"));
  if (supervisor !== undefined) await endProcess(supervisor, STOP_PATIENCE_MS, clock);
  // Also those whose pid file is gone; twice, for one may have been starting another.
  for (let turn = 0; turn < 2; turn++) {
    const left = hiddenProcesses(places.name);
    await Promise.all(left.map((identity) => endProcess(identity, STOP_PATIENCE_MS, clock)));
  }
}

/** Processes of this lab by their command line, which ours alone have. */
function hiddenProcesses(name: string): ProcessIdentity[] {
  const pids = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return pids.flatMap((pid) => {
    if (pid === process.pid || !isHidden(commandLine(pid), name)) return [];
    return identify(pid) ?? [];
  });
}

export function isHidden(words: readonly string[], name: string): boolean {
  const place = words.indexOf("lab");
  const [, command = "", option, value] = words.slice(place);
  return place > 0 && HIDDEN.has(command) && option === "--name" && value === name;
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Whose bridge it is, for labs that have lost their files; the supervisor writes it on. */
export function labNameOfBridge(index: number): string | undefined {
  using root = openNetlink();
  return root.links.get(`ciliate-${index}`)?.alias;
}

export function nameBridge({ name, index }: LabNetwork): void {
  using root = openNetlink();
  root.links.set(`ciliate-${index}`, { alias: name });
}

interface KnownNode {
  readonly name: string;
  readonly index: number;
}

/** All of the network, with every process in it; `nodes` are those that the settings tell of. */
export async function removeNetwork(
  network: LabNetwork,
  nodes: readonly KnownNode[],
): Promise<void> {
  const plugged = listNodes(network).map(({ node, index }) => ({ name: node, index }));
  const all = new Map([...nodes, ...plugged].map((node) => [node.name, node]));
  for (const { name: node, index } of all.values()) {
    await removeNode({ lab: network, node, index });
  }
  await removeInternet(network);
  await removeUnderlay(network);
  await removeLabFolders(network);
}

/** Both folders of the lab, and those above them where no other lab is in them. */
export function removeFolders(places: Places): void {
  for (const folder of [places.runFolder, places.stateFolder]) {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  for (const root of [RUN_ROOT, STATE_ROOT]) {
    removeIfEmpty(root);
    removeIfEmpty(root.slice(0, root.lastIndexOf("/")));
  }
}

/** What is mounted under a folder would be emptied with it, wherever it comes from. */
function unmountBelow(folder: string): void {
  const below = mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), folder);
  for (const path of below) spawnSync("umount", ["--lazy", path], { stdio: "ignore" });
  const [left] = mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), folder);
  if (left === undefined) return;
  throw new AppError(
    "mounted",
    `${left} is mounted and cannot be unmounted: "umount ${left}", and try again.`,
  );
}

/** The last mounted first. */
export function mountsBelow(mountInfo: string, folder: string): string[] {
  return mountInfo
    .split("\n")
    .map((line) => unescapeOctal(line.split(" ")[4] ?? ""))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .toReversed();
}

/** As the kernel writes spaces and the like in paths: \040. */
function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOENT", "ENOTEMPTY", "EBUSY"].includes(code)) throw error;
  }
}
