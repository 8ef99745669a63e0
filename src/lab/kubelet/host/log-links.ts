import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** Makes a log known by the name under which collectors of logs look for it. */
export function linkLog(link: string, log: string): void {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(log, link);
}

/** Takes away the links whose names begin so, where the log is not there any more. */
export function removeDeadLinks(folder: string, prefix: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    if (name.startsWith(prefix) && !existsSync(link)) rmSync(link, { force: true });
  }
}
