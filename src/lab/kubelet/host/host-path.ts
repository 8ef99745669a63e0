import { mkdirSync, type Stats, statSync, writeFileSync } from "node:fs";
import { MountError } from "./mount-error.ts";

interface HostPathType {
  readonly noun: string;
  readonly fits: (found: Stats) => boolean;
}

/** What a path of the node must be, by the type of its volume; other types do not say. */
const HOST_PATH_TYPES: Readonly<Record<string, HostPathType>> = {
  Directory: { noun: "a directory", fits: (found) => found.isDirectory() },
  File: { noun: "a file", fits: (found) => found.isFile() },
  Socket: { noun: "a socket file", fits: (found) => found.isSocket() },
  CharDevice: { noun: "a character device", fits: (found) => found.isCharacterDevice() },
  BlockDevice: { noun: "a block device", fits: (found) => found.isBlockDevice() },
};
const OR_CREATE = "OrCreate";

/** Makes it where its type says so. */
export function checkHostPath(name: string, path: string, type: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    if (type === `File${OR_CREATE}`) {
      writeFileSync(path, "", { mode: 0o644 });
      return path;
    }
    if (type === "" || type.endsWith(OR_CREATE)) {
      mkdirSync(path, { recursive: true, mode: 0o755 });
      return path;
    }
  }
  const wanted = HOST_PATH_TYPES[type.replace(OR_CREATE, "")];
  if (wanted === undefined || (found !== undefined && wanted.fits(found))) return path;
  throw new MountError(name, `hostPath type check failed: ${path} is not ${wanted.noun}`);
}
