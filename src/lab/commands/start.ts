import { AppError, type Clock } from "#base";
import type { Places } from "../state/places.ts";
import { askSupervisor } from "../supervisor/control.ts";
import { readLogTail } from "../supervisor/log-file.ts";
import { isAlive } from "../supervisor/process-identity.ts";
import { startHidden, SUPERVISOR } from "../supervisor/program.ts";

const START_PATIENCE_MS = 20_000;
const POLL_MS = 50;
/** How much of a log is looked through for what went wrong. */
const LOG_TAIL_BYTES = 16_384;

/** Answers whether it was started; one that runs already is told to look again. */
export async function ensureSupervisor(places: Places, clock: Clock): Promise<boolean> {
  if ((await askSupervisor(places.controlSocket, "reconcile")) !== undefined) return false;
  const supervisor = await startHidden(places, SUPERVISOR);
  const endMs = clock.monotonicMs() + START_PATIENCE_MS;
  while ((await askSupervisor(places.controlSocket, "status")) === undefined) {
    if (!isAlive(supervisor) || clock.monotonicMs() > endMs) {
      const why = lastError(places, SUPERVISOR.name) ?? "it did not say why";
      throw new AppError("supervisor", `The lab's supervisor did not start: ${why}`);
    }
    await clock.sleep(POLL_MS);
  }
  return true;
}

/** The last sentence with which a process of the lab ended in failure, from its log. */
export function lastError(places: Places, process: string): string | undefined {
  const lines = readLogTail(places.logFile(process), LOG_TAIL_BYTES).text.split("\n");
  const told = lines.findLast((line) => line.startsWith("Error: "));
  if (told !== undefined) return told.slice("Error: ".length);
  // A mistake of the program: the message that Node prints before the stack.
  return lines.findLast((line) => /^\w*Error\b.*: /.test(line));
}
