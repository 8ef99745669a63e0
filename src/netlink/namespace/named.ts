import { closeSync, mkdirSync, openSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { AppError, assert, openResources } from "#base";
import { checkSyscall, linuxSyscalls } from "#sys";
import { OWN_NAMESPACE } from "./enter.ts";
import { makeNamespace, Namespace, openNamespace } from "./namespace.ts";

/** Where `ip netns` and container runtimes keep theirs. */
export const NAMESPACE_FOLDER = "/var/run/netns";

const MS_BIND = 4096;
const MS_REC = 16384;
const MS_SHARED = 1 << 20;
const MNT_DETACH = 2;
const EINVAL = 22;

export interface NamedNamespaceOptions {
  /** Where it is bound; /var/run/netns without it. */
  readonly folder?: string;
}

/** What this process made and has not deleted, by path. */
const created = new Map<string, number>();

/** Makes a namespace that stays until `deleteNamespace`, whoever holds it; as `ip netns add`. */
export function createNamespace(name: string, options: NamedNamespaceOptions = {}): Namespace {
  const { folder = NAMESPACE_FOLDER } = options;
  const path = pathOf(name, folder);
  prepareFolder(folder);
  try {
    // What it is bound on. Exclusive, so that of two with one name the second fails.
    closeSync(openSync(path, "wx", 0o444));
  } catch (cause) {
    throw AppError.wrap(`creating network namespace ${name}`, cause);
  }
  try {
    const namespace = makeNamespace(name, (fd) => {
      const bound = linuxSyscalls().mount(OWN_NAMESPACE, path, "none", MS_BIND, "");
      checkSyscall(bound, `binding network namespace ${name} at ${path}`, "CAP_SYS_ADMIN");
      return new Namespace(name, fd);
    });
    created.set(path, openResources.opened("namespace", path));
    return namespace;
  } catch (error) {
    unlinkSync(path);
    throw error;
  }
}

export function openNamedNamespace(name: string, options: NamedNamespaceOptions = {}): Namespace {
  return openNamespace(pathOf(name, options.folder ?? NAMESPACE_FOLDER));
}

/**
 * Takes away the name. The namespace and all in it go when nobody holds it any more, some
 * milliseconds later. Answers whether the name was there.
 */
export function deleteNamespace(name: string, options: NamedNamespaceOptions = {}): boolean {
  const path = pathOf(name, options.folder ?? NAMESPACE_FOLDER);
  const unbound = linuxSyscalls().umount(path, MNT_DETACH);
  // A file with nothing bound on it is what a crash leaves in the middle of creating.
  if (unbound < 0 && unbound !== -EINVAL && unbound !== -ENOENT) {
    checkSyscall(unbound, `unbinding network namespace ${name}`, "CAP_SYS_ADMIN");
  }
  openResources.closed(created.get(path) ?? 0);
  created.delete(path);
  if (unbound === -ENOENT) return false;
  unlinkSync(path);
  return true;
}

const ENOENT = 2;

/** The names in a folder; none where it is not there. */
export function listNamespaces(options: NamedNamespaceOptions = {}): string[] {
  try {
    return readdirSync(options.folder ?? NAMESPACE_FOLDER).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function pathOf(name: string, folder: string): string {
  const isFileName = name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
  assert(isFileName, `${JSON.stringify(name)} cannot be the name of a network namespace`);
  return join(folder, name);
}

/**
 * In the common folder, what is bound must show in all mount namespaces that there are, and what
 * is unbound must go from all: else a container started meanwhile would keep it.
 */
function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (folder !== NAMESPACE_FOLDER) return;
  const syscalls = linuxSyscalls();
  const share = (): number => syscalls.mount("", folder, "none", MS_SHARED | MS_REC, "");
  if (share() !== -EINVAL) return;
  // It must be a mount to be shared: of itself on itself.
  const bound = syscalls.mount(folder, folder, "none", MS_BIND | MS_REC, "");
  checkSyscall(bound, `binding ${folder} on itself`, "CAP_SYS_ADMIN");
  checkSyscall(share(), `sharing ${folder}`, "CAP_SYS_ADMIN");
}
