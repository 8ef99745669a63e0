/**
 * The cluster's processes, known by their cgroups: each program has one of its own, below one for
 * all. Nothing has to be remembered to find them, a number is never taken for another process's,
 * and the kernel ends all of them at once with whatever they have started.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { AppError, NotSupportedError, systemClock } from "#base";
import { FOLDER, NAME } from "./places.ts";

const REMOVAL_TURNS = 500;
const REMOVAL_TURN_MS = 10;
const JOINING_MS = 2;
const SETTING_FILES = ["cpuset.cpus", "cpuset.mems"];

interface CgroupTree {
  readonly folder: string;
  readonly isVersion2: boolean;
}

/** The mounted trees: that of version 2, and beside it those of version 1, where there are. */
function cgroupTrees(): CgroupTree[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.flatMap((line) => {
    const [place = "", rest = ""] = line.split(" - ");
    const folder = place.split(" ")[4] ?? "";
    const kind = rest.split(" ")[0];
    if (kind !== "cgroup" && kind !== "cgroup2") return [];
    return [{ folder, isVersion2: kind === "cgroup2" }];
  });
}

/** Where our processes are, by the tree of version 2. */
function ownCgroup(): string {
  const tree = cgroupTrees().find(({ isVersion2 }) => isVersion2);
  if (tree !== undefined) return join(tree.folder, NAME);
  throw new NotSupportedError("a cgroup of version 2 (mount -t cgroup2 none /sys/fs/cgroup)");
}

/** Also in the trees of version 1, in which kubelets limit their pods and expect their root. */
export function makeCgroups(name: string): void {
  for (const { folder } of cgroupTrees()) {
    for (const path of [join(folder, NAME), join(folder, NAME, name)]) {
      mkdirSync(path, { recursive: true });
      inheritSettings(path);
    }
  }
}

/** A cpuset of version 1 is made without processors, and takes nobody before it has some. */
function inheritSettings(path: string): void {
  for (const file of SETTING_FILES) {
    const target = join(path, file);
    if (!existsSync(target) || readFileSync(target, "utf8").trim() !== "") continue;
    const value = readFileSync(join(dirname(path), file), "utf8").trim();
    if (value !== "") writeFileSync(target, value);
  }
}

/** A program of the cluster, and the cgroup of it and of what it starts. */
export interface Program {
  readonly cgroup: string;
  readonly log: string;
  /** As the kernel calls its process: the file's name, or as much of it as there is room for. */
  readonly command: string;
}

const COMMAND_LENGTH = 15;

export function controlPlaneProgram(name: string, command = name): Program {
  const cgroup = `control-plane/${name}`;
  return { cgroup, log: join(FOLDER, `${name}.log`), command: command.slice(0, COMMAND_LENGTH) };
}

/** Beside the pods of the node, whose cgroups its kubelet makes. */
export function nodeProgram(node: string, name: string, command = name): Program {
  const log = join(FOLDER, node, `${name}.log`);
  return { cgroup: `${node}/system/${name}`, log, command: command.slice(0, COMMAND_LENGTH) };
}

/**
 * Starts it in a session of its own, to go on when this process ends, and waits until it is what it
 * is to be: shells on the way to it are not.
 */
export async function start(
  program: Program,
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const cgroup = join(ownCgroup(), program.cgroup);
  mkdirSync(cgroup, { recursive: true });
  const log = openSync(program.log, "a");
  const enter = `echo 0 > "$0/cgroup.procs" && exec "$@"`;
  const child: ChildProcess = spawn("/bin/sh", ["-c", enter, cgroup, ...command], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { ...environment(), ...env },
  });
  closeSync(log);
  await once(child, "spawn");
  while (pidOf(program) === undefined && child.exitCode === null) {
    await systemClock.sleep(JOINING_MS);
  }
  child.unref();
}

/** What all programs find others by; nothing of who has started the cluster. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
}

/** Its process; undefined where it does not run. What it has started may still do so. */
export function pidOf({ cgroup, command }: Program): number | undefined {
  const pids = readIfThere(join(ownCgroup(), cgroup, "cgroup.procs")) ?? "";
  const isOurs = (pid: string): boolean =>
    pid !== "" && readIfThere(`/proc/${pid}/comm`)?.trim() === command;
  const found = pids.split("\n").find(isOurs);
  return found === undefined ? undefined : Number(found);
}

/** What went away while it was read was not there either. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENODEV", "ESRCH"].includes(code)) return undefined;
    throw error;
  }
}

/** Ends everything of the cluster and takes all its cgroups away. Fine where nothing is there. */
export async function endAll(): Promise<void> {
  const kill = join(ownCgroup(), "cgroup.kill");
  if (existsSync(kill)) writeFileSync(kill, "1");
  for (const { folder } of cgroupTrees()) await removeTree(join(folder, NAME));
}

async function removeTree(path: string): Promise<void> {
  for (let turn = 1; existsSync(path); turn++) {
    try {
      removeFolders(path);
    } catch (cause) {
      // Killed processes leave their cgroups some moments later.
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "ENOENT") continue;
      if (code !== "EBUSY" || turn === REMOVAL_TURNS) {
        throw AppError.wrap(`removing cgroup ${path}`, cause);
      }
      await systemClock.sleep(REMOVAL_TURN_MS);
    }
  }
}

function removeFolders(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeFolders(join(path, entry.name));
  }
  rmdirSync(path);
}

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a command to its end, whatever its status. */
export function outcomeOf([program = "", ...args]: readonly string[]): Promise<Outcome> {
  const options = { maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === "string") {
        return reject(AppError.wrap(`running ${program}`, error));
      }
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 128;
      return resolve({ status, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** Runs a command that must succeed, and answers what it printed. */
export async function need(command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await outcomeOf(command);
  if (status === 0) return stdout;
  const why = (stderr.trim() || stdout.trim()).split("\n").slice(-3).join(" ");
  throw new AppError("command", `${command.slice(0, 3).join(" ")} failed: ${why}`);
}
