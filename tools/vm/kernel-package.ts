import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { AppError } from "#base";
import { root } from "../lib/files.ts";
import { run } from "../lib/process.ts";
import { announce } from "../lib/progress.ts";

/** A Debian kernel, unpacked. */
export interface KernelFiles {
  /** As `uname -r` says it. */
  release: string;
  image: string;
  modules: string;
}

const CACHE = join(root, ".cache/kernels");

/** The newest cloud kernel of a series that Debian offers, downloaded once and kept. */
export async function fetchKernel(series: string): Promise<KernelFiles> {
  const folder = join(CACHE, series);
  if (!existsSync(folder))
    await announce(`Fetching Debian's Linux ${series}`, () => download(series, folder));
  const [release] = readdirSync(join(folder, "lib/modules"));
  if (release === undefined)
    throw new AppError("no-kernel", `${folder} has no modules: remove it and run this again.`);
  return {
    release,
    image: join(folder, `boot/vmlinuz-${release}`),
    modules: join(folder, "lib/modules", release),
  };
}

async function download(series: string, folder: string): Promise<void> {
  const name = await packageOf(series);
  const work = `${folder}.part`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const fetched = await run(["apt-get", "download", name], { cwd: work });
  const [archive] = readdirSync(work);
  if (fetched.status !== 0 || archive === undefined) {
    throw new AppError(
      "no-kernel",
      `apt-get could not download ${name}: ${lastLine(fetched.output)}`,
    );
  }
  const unpacked = await run(["dpkg-deb", "-x", join(work, archive), work]);
  if (unpacked.status !== 0)
    throw new AppError("no-kernel", `${archive} cannot be unpacked: ${lastLine(unpacked.output)}`);
  rmSync(join(work, archive));
  // Newer packages compress each module, which the VM's small insmod cannot read.
  const decompressed = await run([
    "find",
    work,
    "-name",
    "*.ko.xz",
    "-exec",
    "xz",
    "-d",
    "{}",
    "+",
  ]);
  if (decompressed.status !== 0)
    throw new AppError("no-kernel", `xz failed: ${lastLine(decompressed.output)}`);
  // Only whole ones are ever seen in the cache.
  renameSync(work, folder);
}

async function packageOf(series: string): Promise<string> {
  // 6.1 is not the beginning of 6.12.
  const pattern = `^linux-image-${series.replaceAll(".", "\\.")}[.-][.0-9+a-z-]*-cloud-amd64$`;
  const search = async (): Promise<string[]> => {
    const { output } = await run(["apt-cache", "search", "--names-only", pattern]);
    return output.split("\n").flatMap((line) => line.split(" - ")[0]?.trim() || []);
  };
  let names = await search();
  if (names.length === 0) {
    await announce("Reading Debian's package lists", () => run(["apt-get", "update"]));
    names = await search();
  }
  const newest = names.toSorted(new Intl.Collator("en", { numeric: true }).compare).at(-1);
  if (newest === undefined) {
    throw new AppError("no-kernel", `Debian has no cloud kernel ${series} here: try 6.1, or 6.12.`);
  }
  return newest;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/**
 * The files of some modules with all that they need, in the order in which they are loaded.
 * What a kernel has built in, or lacks, is left out: tests then say what is missing.
 */
export function moduleFiles(kernel: KernelFiles, names: readonly string[]): string[] {
  const paths = new Map<string, string>();
  for (const path of readdirSync(kernel.modules, { recursive: true, encoding: "utf8" })) {
    if (path.endsWith(".ko")) paths.set(moduleName(path), join(kernel.modules, path));
  }
  const ordered = new Set<string>();
  const add = (name: string): void => {
    const path = paths.get(name);
    if (path === undefined || ordered.has(path)) return;
    for (const needed of neededBy(path)) add(needed);
    ordered.add(path);
  };
  for (const name of names) add(name);
  return [...ordered];
}

function moduleName(path: string): string {
  return basename(path, ".ko").replaceAll("-", "_");
}

/** A module says itself what it needs: `depends=udp_tunnel,ip6_udp_tunnel` among its strings. */
function neededBy(path: string): string[] {
  const text = readFileSync(path, "latin1");
  const list = /\0depends=([a-z0-9_,-]*)\0/.exec(text)?.[1] ?? "";
  return list
    .split(",")
    .filter(Boolean)
    .map((name) => name.replaceAll("-", "_"));
}
