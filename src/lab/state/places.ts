import { readdirSync } from "node:fs";
import { join } from "node:path";
import { AppError, quote } from "#base";

/** Objects, keys and settings of all labs, a folder each: they outlive a reboot. */
export const STATE_ROOT = "/var/lib/ciliate/lab";
/** Sockets, process ids and logs of all labs, a folder each. */
export const RUN_ROOT = "/run/ciliate/lab";

/** A label of DNS, short enough for the names of namespaces and of cgroups that have it in them. */
const NAME = /^[a-z0-9](?:[-a-z0-9]{0,30}[a-z0-9])?$/;

/** Where one lab keeps what. */
export interface Places {
  readonly name: string;
  readonly stateFolder: string;
  readonly settingsFile: string;
  /** The API server's objects. */
  readonly objectsFolder: string;
  readonly pkiFolder: string;
  /** Whom programs in pods trust. */
  readonly trustFile: string;
  readonly runFolder: string;
  readonly logFolder: string;
  /** Where the supervisor takes orders. */
  readonly controlSocket: string;
  nodeStateFolder(node: string): string;
  nodeRunFolder(node: string): string;
  pidFile(process: string): string;
  logFile(process: string): string;
}

export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new AppError(
    "name",
    `${quote(name)} cannot name a lab: a name is 1 to 32 of a-z, 0-9 and - (neither first nor last).`,
  );
}

export function placesOf(name: string): Places {
  checkName(name);
  const stateFolder = join(STATE_ROOT, name);
  const runFolder = join(RUN_ROOT, name);
  const logFolder = join(runFolder, "logs");
  return {
    name,
    stateFolder,
    settingsFile: join(stateFolder, "cluster.json"),
    objectsFolder: join(stateFolder, "objects"),
    pkiFolder: join(stateFolder, "pki"),
    trustFile: join(stateFolder, "pki", "trusted.crt"),
    runFolder,
    logFolder,
    controlSocket: join(runFolder, "control.sock"),
    nodeStateFolder: (node) => join(stateFolder, "nodes", node),
    nodeRunFolder: (node) => join(runFolder, "nodes", node),
    pidFile: (process) => join(runFolder, `${process}.pid`),
    logFile: (process) => join(logFolder, `${process}.log`),
  };
}

/** The names of all labs that left anything on this machine, whether they run or not. */
export function knownLabs(): string[] {
  const names = [...foldersIn(STATE_ROOT), ...foldersIn(RUN_ROOT)];
  return [...new Set(names)].filter((name) => NAME.test(name)).toSorted();
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
