/** Files that are whole or not there, and what is wrong with a disk in plain words. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { AppError } from "#base";

/** What a lab of a few hundred objects and its logs need with room to spare. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;

interface WriteOptions {
  readonly mode?: number;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Readers see the old text or the new, also when the machine stops in between. */
export function writeFileWhole(path: string, text: string, options: WriteOptions = {}): void {
  const { mode = 0o600, owner } = options;
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const file = openSync(temporary, "wx", mode);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(temporary, mode);
    if (owner !== undefined) chownSync(temporary, owner.uid, owner.gid);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fileError(path, error);
  }
}

/** With those above it. One by one: Node's `recursive` says of a read-only disk that it is not there. */
export function makeFolder(path: string, mode = 0o755): void {
  if (isFolder(path)) return;
  if (!existsSync(dirname(path))) makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(path)) throw fileError(path, error);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Undefined where there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileError(path, error);
  }
}

/** Makes sure that a folder is there and takes files, before anything depends on it. */
export function checkWritable(folder: string): void {
  makeFolder(folder);
  const probe = `${folder}/.writable`;
  writeFileWhole(probe, "");
  rmSync(probe, { force: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= MIN_FREE_BYTES) return;
  throw new AppError("disk-full", fullDisk(folder));
}

/** A failure of the file system as a sentence that says what to do. */
export function fileError(path: string, cause: unknown): AppError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const told: Partial<Record<string, string>> = {
    ENOSPC: fullDisk(path),
    EDQUOT: fullDisk(path),
    EROFS: `${path} cannot be written: its file system is read-only. Mount it for writing and try again.`,
    EACCES: `${path} cannot be written: its permissions forbid it. Run this as root.`,
    EPERM: `${path} cannot be written: it is not permitted. Run this as root.`,
    ENOTDIR: `${path} cannot be made: something on the way to it is a file. Move that away.`,
    EEXIST: `${dirname(path)} cannot be used: there is a file where a folder is needed. Move it away.`,
    EISDIR: `${path} cannot be written: it is a folder. Move it away.`,
  };
  return new AppError("file", told[code] ?? `${path}: ${message}`, { cause });
}

function fullDisk(path: string): string {
  const mebibytes = MIN_FREE_BYTES / 1024 / 1024;
  return `The disk under ${path} is full: make room (a lab wants ${mebibytes} MiB) and try again.`;
}
