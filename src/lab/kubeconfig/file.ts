/** The file that kubectl reads: found as kubectl finds it, locked as kubectl locks it. */
import { closeSync, existsSync, openSync, realpathSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { AppError, type Clock, DecodeError } from "#base";
import { fileError, makeFolder, readIfThere, writeFileWhole } from "../state/files.ts";
import {
  addContext,
  type ContextEntry,
  currentContext,
  isEmptyKubeconfig,
  removeContext,
  unreadable,
} from "./edit.ts";

const LOCK_PATIENCE_MS = 3_000;
const LOCK_POLL_MS = 50;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Of several files in KUBECONFIG the first that is there, or else the last: what it says wins over
 * what the later ones say.
 */
export function kubeconfigPath(environment: Environment): string {
  const paths = (environment["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  return (
    paths.find((path) => existsSync(path)) ??
    paths.at(-1) ??
    join(environment["HOME"] ?? homedir(), ".kube", "config")
  );
}

/** Refuses a file that cannot be added to, before anything else is done. */
export function checkKubeconfig(path: string): void {
  decoded(path, () => currentContext(readIfThere(path) ?? ""));
}

/** Answers the context that was the current one before, where it was another. */
export async function writeContext(
  path: string,
  entry: ContextEntry,
  clock: Clock,
): Promise<string | undefined> {
  makeFolder(dirname(path), 0o750);
  return changeFile(path, clock, (text) => {
    const previous = currentContext(text);
    return [addContext(text, entry), previous === entry.name ? undefined : previous];
  });
}

/** A file with nothing in it any more goes too; one that is gone already is no error. */
export async function takeContextOut(
  path: string,
  name: string,
  previous: string | undefined,
  clock: Clock,
): Promise<void> {
  if (!existsSync(path)) return;
  await changeFile(path, clock, (text) => {
    const left = removeContext(text, name, previous);
    return [left !== text && isEmptyKubeconfig(left) ? undefined : left, undefined];
  });
}

/** `change` answers the new text, or undefined for none, and what is to be answered. */
async function changeFile<T>(
  path: string,
  clock: Clock,
  change: (text: string) => [string | undefined, T],
): Promise<T> {
  // The file that is meant, not the link to it, is replaced.
  const target = existsSync(path) ? realpathSync(path) : path;
  const unlock = await lock(target, clock);
  try {
    const text = readIfThere(target);
    const [changed, answer] = decoded(path, () => change(text ?? ""));
    if (changed === undefined) rmSync(target, { force: true });
    else if (changed !== text) writeFileWhole(target, changed, ownership(target));
    return answer;
  } finally {
    unlock();
  }
}

function decoded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof DecodeError ? unreadable(path, error) : error;
  }
}

/** As it was; a new file belongs to whoever the folder belongs to, also under sudo. */
function ownership(path: string): { mode: number; owner: { uid: number; gid: number } } {
  if (existsSync(path)) {
    const { mode, uid, gid } = statSync(path);
    return { mode: mode & 0o777, owner: { uid, gid } };
  }
  const { uid, gid } = statSync(dirname(path));
  return { mode: 0o600, owner: { uid, gid } };
}

/** Beside the file, made exclusively, as kubectl does. */
async function lock(path: string, clock: Clock): Promise<() => void> {
  const lockPath = `${path}.lock`;
  const endMs = clock.monotonicMs() + LOCK_PATIENCE_MS;
  for (;;) {
    try {
      closeSync(openSync(lockPath, "wx", 0o600));
      return () => rmSync(lockPath, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError(lockPath, error);
    }
    if (clock.monotonicMs() > endMs) {
      throw new AppError(
        "locked",
        `${path} is being written by another program: try again. If none does, remove ${lockPath}.`,
      );
    }
    await clock.sleep(LOCK_POLL_MS);
  }
}
