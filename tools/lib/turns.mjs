// One process at a time, among those that name the same folder.
//
// Whoever wants his turn makes an entry in the folder, named by his pid, and has it when no other
// live process has one. The entry first, then the look: of two at least one sees the other.
//
// Plain Node that old versions can parse too: the bootstrap stands on it.
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const LOOK_EVERY_MS = 200;
const LONGEST_WAIT_MS = 30 * 60 * 1000;

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is there, and may not be signalled.
    return error.code === "EPERM";
  }
}

function removeEntry(folder, pid) {
  try {
    rmdirSync(join(folder, String(pid)));
  } catch (error) {
    // Somebody else cleared it up.
    if (error.code !== "ENOENT") throw error;
  }
}

/** A live process, not this one, that has an entry; those of killed ones are cleared up. */
function otherIn(folder) {
  const pids = readdirSync(folder).map(Number);
  for (const pid of pids.filter((each) => each !== process.pid)) {
    if (isRunning(pid)) return pid;
    removeEntry(folder, pid);
  }
  return undefined;
}

/** Whom to wait for; nobody, where the turn is ours now. */
function tryEnter(folder) {
  const before = otherIn(folder);
  if (before !== undefined) return before;
  const own = join(folder, String(process.pid));
  // It may be there, of a killed process that had our pid.
  if (!existsSync(own)) mkdirSync(own);
  const meanwhile = otherIn(folder);
  if (meanwhile !== undefined) removeEntry(folder, process.pid);
  return meanwhile;
}

/** Does the work when no other process of the folder does; `onWait` is told once of a wait. */
export async function inTurn(folder, onWait, work) {
  mkdirSync(folder, { recursive: true });
  const began = Date.now();
  let isTold = false;
  for (let other = tryEnter(folder); other !== undefined; other = tryEnter(folder)) {
    if (!isTold) onWait(other);
    isTold = true;
    if (Date.now() - began > LONGEST_WAIT_MS) {
      throw new Error(
        `process ${other} is not done after 30 minutes: end it, or remove ${folder} if it is something else`,
      );
    }
    // By chance, so that two who got in each other's way do not go on so.
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS * (0.5 + Math.random())));
  }
  try {
    return await work();
  } finally {
    removeEntry(folder, process.pid);
  }
}
