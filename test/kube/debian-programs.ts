/**
 * Programs for images that this machine has no need of itself: unpacked from Debian's packages into
 * the cache and not installed, for nginx's package would start a server here and busybox's would
 * push out the static one.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import { need } from "./processes.ts";
import { cacheFolder, findOnPath } from "./programs.ts";
import { announce } from "../../tools/lib/progress.ts";

/** By the name in an image: where the package has it, and the packages with its libraries. */
const PROGRAMS = {
  // The static one cannot look up names.
  busybox: { path: "bin/busybox", packages: ["busybox"] },
  nginx: { path: "usr/sbin/nginx", packages: ["nginx", "libpcre2-8-0"] },
  nc: { path: "bin/nc.openbsd", packages: ["netcat-openbsd", "libbsd0", "libmd0"] },
} as const;

type DebianProgram = keyof typeof PROGRAMS;

function folderOf(): string {
  return join(cacheFolder(), "debian");
}

/** Where the libraries of unpacked programs are, for the linker to look. */
export function libraryFolders(): string[] {
  const folder = join(folderOf(), "usr/lib");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => join(folder, name));
}

/** Where the program is; fetches it first where it has to. */
export async function ensureDebianProgram(name: DebianProgram): Promise<string> {
  const path = join(folderOf(), PROGRAMS[name].path);
  if (!existsSync(path)) await announce("Fetching programs for images", fetchAll);
  return path;
}

async function fetchAll(): Promise<void> {
  if (findOnPath("apt-get") === undefined || findOnPath("dpkg-deb") === undefined) {
    throw new AppError(
      "no-apt",
      `The images' programs come from Debian's packages, and there is no apt-get here: copy the folder ${folderOf()} from a machine that has it.`,
    );
  }
  const packages = Object.values(PROGRAMS).flatMap((program) => program.packages);
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), "unpack-"));
  try {
    await download(packages, folder);
    const root = join(folder, "root");
    for (const file of readdirSync(folder).filter((each) => each.endsWith(".deb"))) {
      await need(["dpkg-deb", "--extract", join(folder, file), root]);
    }
    rmSync(folderOf(), { recursive: true, force: true });
    renameSync(root, folderOf());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The package lists of a fresh machine are empty or old. */
async function download(packages: readonly string[], folder: string): Promise<void> {
  // It writes to where it is called.
  const get = ["sh", "-c", `cd "$0" && apt-get --quiet download "$@"`, folder, ...packages];
  try {
    await need(get);
  } catch {
    await need(["apt-get", "--quiet", "update"]);
    await need(get);
  }
}
