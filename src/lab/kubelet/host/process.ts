import { readFileSync } from "node:fs";

/** A process that cannot be taken for another one that got its number later. */
export interface ProcessId {
  readonly pid: number;
  /** In clock ticks since the machine started, and which start of the machine that was. */
  readonly startedAt: string;
}

let boot: string | undefined;

/** Undefined where there is no such process, or only what is left of one until it is waited for. */
export function identify(pid: number): ProcessId | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The program's name stands in brackets and may hold anything, brackets and spaces among it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  if (state === "Z" || state === "X") return undefined;
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return { pid, startedAt: `${fields[19]}@${boot}` };
}

export function isAlive({ pid, startedAt }: ProcessId): boolean {
  return identify(pid)?.startedAt === startedAt;
}

/** Answers whether it was there to be told. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    process.kill(id.pid, name);
    return true;
  } catch {
    return false;
  }
}
