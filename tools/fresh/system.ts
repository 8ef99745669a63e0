import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { AppError } from "#base";
import { root } from "../lib/files.ts";
import { run } from "../lib/process.ts";
import { CLONE, inNamespaces } from "./enter.ts";
import { type Host, missingLibraries } from "./host.ts";

const SUITE = "bookworm";
/** What stands on any machine on which somebody would clone this: nothing else is installed. */
const PACKAGES = ["ca-certificates", "git"];
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

const cache: string = join(root, ".cache/fresh");

interface MustOptions {
  signal: AbortSignal;
  environment?: NodeJS.ProcessEnv;
}

async function must(
  action: string,
  command: readonly [string, ...string[]],
  { signal, environment }: MustOptions,
): Promise<void> {
  const path = `${process.env["PATH"]}:/usr/sbin:/sbin`;
  const env = { ...process.env, PATH: path, ...environment };
  const { status, output } = await run(command, { env, signal });
  if (signal.aborted) throw new AppError("interrupted", `${action} was interrupted.`);
  if (status === 0) return;
  const lines = output.trim().split("\n");
  throw new AppError("fresh", `${action} failed: ${lines.slice(-3).join("; ")}`);
}

/** Removes what runs have left that were killed before they could do so. */
export function removeAbandoned(): void {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    const pid = /(?:^run-|\.)(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeSystem(join(cache, name));
  }
}

/** The folder of a pristine system, made by the first call and kept for the next. */
export async function pristineSystem(mirror: string, signal: AbortSignal): Promise<string> {
  const folder = join(cache, `${SUITE}-${process.arch}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    // It mounts things in the folder, and leaves them there when it fails.
    const command = inNamespaces(
      "debootstrap",
      "--variant=minbase",
      `--include=${PACKAGES.join(",")}`,
      ...(existsSync(KEYRING) ? [`--keyring=${KEYRING}`] : []),
      SUITE,
      unfinished,
      mirror,
    );
    await must(`Installing Debian ${SUITE} from ${mirror}`, command, { signal });
    rmSync(join(unfinished, "var/cache/apt/archives"), { recursive: true, force: true });
    renameSync(unfinished, folder);
  } finally {
    removeSystem(unfinished);
  }
  return folder;
}

/** A name for a system of this run; only those of kind "run" are ever removed unasked. */
export function newFolder(kind: "run" | "kept"): string {
  return join(cache, `${kind}-${process.pid}`);
}

/** Makes `folder` a copy of the pristine system, with places for the host's Node, and a clone. */
export async function copySystem(
  pristine: string,
  folder: string,
  host: Host,
  signal: AbortSignal,
): Promise<void> {
  // cp knows of file systems that share blocks between copies; Node's does not.
  await must("Copying the system", ["cp", "-a", "--reflink=auto", pristine, folder], { signal });
  mkdirSync(join(folder, "var/cache/apt/archives/partial"), { recursive: true });
  writeFileSync(join(folder, "etc/apt/apt.conf.d/90host"), host.aptConfig);
  writeFileSync(join(folder, "etc/hostname"), "fresh\n");
  for (const { from, to } of host.binds) makeMountPoint(from, join(folder, to));
  mkdirSync(join(folder, "usr/local/bin"), { recursive: true });
  for (const name of ["npm", "npx"]) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(folder, "usr/local/bin", name));
  }
  for (const path of missingLibraries(folder)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(path, join(folder, path));
    chmodSync(join(folder, path), 0o755);
  }
  await cloneHead(join(folder, CLONE), signal);
}

function makeMountPoint(from: string, target: string): void {
  if (statSync(from).isDirectory()) {
    mkdirSync(target, { recursive: true });
    return;
  }
  mkdirSync(dirname(target), { recursive: true });
  // Debian's own file may be a link that leads out of the system.
  rmSync(target, { force: true });
  writeFileSync(target, "");
}

async function cloneHead(target: string, signal: AbortSignal): Promise<void> {
  // The tree may belong to another user than root. Git believes only its own files about that:
  // the other end of a clone does not hear what was said by "-c".
  const config = join(cache, "gitconfig");
  writeFileSync(config, "[safe]\n\tdirectory = *\n");
  await must("Cloning HEAD", ["git", "clone", "--quiet", "--depth=1", `file://${root}`, target], {
    signal,
    environment: { GIT_CONFIG_GLOBAL: config },
  });
}

/**
 * Removes a system, unless something is mounted in it: then a mistake has let a mount out of its
 * namespace, and removing would reach into this machine's own folders.
 */
export function removeSystem(folder: string): void {
  if (!existsSync(folder)) return;
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  if (mounts.includes(` ${folder.replaceAll(" ", "\\040")}/`)) {
    throw new AppError(
      "fresh",
      `${folder} is left behind, because something is mounted in it: unmount that, then remove it.`,
    );
  }
  // Processes that were killed a moment ago may still be at work in it.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
