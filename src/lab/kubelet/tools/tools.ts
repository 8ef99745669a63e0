import { accessSync, chmodSync, constants, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { CURL } from "./curl.ts";
import { DIG, NC, NSLOOKUP, WGET } from "./sources.ts";

/** Programs that people expect in a container, where this machine lacks them: by Node's means. */
const TOOLS: Readonly<Record<string, string>> = {
  curl: CURL,
  nc: NC,
  dig: DIG,
  nslookup: NSLOOKUP,
  wget: WGET,
};
const FOLDER = "usr/local/bin";

/** Lays out what containers see over the machine's own files. */
export function writeTools(skeleton: string): void {
  rmSync(skeleton, { recursive: true, force: true });
  const folder = join(skeleton, FOLDER);
  mkdirSync(folder, { recursive: true });
  for (const [name, source] of Object.entries(TOOLS)) {
    if (isOnMachine(name)) continue;
    const path = join(folder, name);
    writeFileSync(path, `#!${process.execPath}\n${source}`);
    chmodSync(path, 0o755);
  }
}

function isOnMachine(name: string): boolean {
  const folders = (process.env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
