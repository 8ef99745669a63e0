/**
 * Processes by more than their number: the kernel gives numbers out again, and a stranger who has
 * got one must never be taken for ours.
 */
import { readFileSync, rmSync } from "node:fs";
import type { Clock } from "#base";
import { readIfThere, writeFileWhole } from "../state/files.ts";

const POLL_MS = 20;
/** Where /proc/PID/stat says what, counted after the name in parentheses. */
const StatField = { state: 0, startTicks: 19 } as const;

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks since the machine did. */
  readonly startTicks: number;
  /** Of which start of the machine this is told. */
  readonly boot: string;
}

/** Undefined where there is no process of this number, or only what is left of one. */
export function identify(pid: number): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const startTicks = parseStartTicks(text);
  return startTicks === undefined ? undefined : { pid, startTicks, boot: bootId() };
}

/** Of /proc/PID/stat, in which the name may have anything in it; undefined for a dead process. */
export function parseStartTicks(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[StatField.startTicks]);
  const isDead = ["Z", "X", undefined].includes(fields[StatField.state]);
  return isDead || !Number.isSafeInteger(ticks) ? undefined : ticks;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now?.startTicks === identity.startTicks && now.boot === identity.boot;
}

/** Answers whether it was there to get the signal. */
function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Asks it to end, and ends it where it has not after `patienceMs`. Answers when it is gone. */
export async function endProcess(
  identity: ProcessIdentity,
  patienceMs: number,
  clock: Clock,
): Promise<void> {
  if (!signalProcess(identity, "SIGTERM")) return;
  const endMs = clock.monotonicMs() + patienceMs;
  while (isAlive(identity)) {
    if (clock.monotonicMs() > endMs) signalProcess(identity, "SIGKILL");
    await clock.sleep(POLL_MS);
  }
}

export function writePidFile(path: string, identity: ProcessIdentity): void {
  writeFileWhole(path, `${JSON.stringify(identity)}\n`, { mode: 0o644 });
}

/** The process that the file tells of, where it still runs. */
export function readPidFile(path: string): ProcessIdentity | undefined {
  const text = readIfThere(path);
  const identity = text === undefined ? undefined : decodeIdentity(text);
  return identity !== undefined && isAlive(identity) ? identity : undefined;
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

/** Undefined for anything that is not such a file: nobody is signalled on a guess. */
export function decodeIdentity(text: string): ProcessIdentity | undefined {
  try {
    const { pid, startTicks, boot } = JSON.parse(text) as Partial<Record<string, unknown>>;
    const isWhole = [pid, startTicks].every((value) => Number.isSafeInteger(value));
    // 1 is the machine's first process, and what is below means groups.
    if (!isWhole || Number(pid) <= 1 || typeof boot !== "string") return undefined;
    return { pid: Number(pid), startTicks: Number(startTicks), boot };
  } catch {
    return undefined;
  }
}
