/** LMDB as the store uses it: ordered keys, bytes as values, and a few facts about the store. */
import { mkdirSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

import type * as Lmdb from "lmdb" with { "resolution-mode": "require" };

import { StoreError } from "./errors.ts";

// Its types as a module are those of CommonJS only.
const lmdb = createRequire(import.meta.url)("lmdb") as typeof Lmdb;

export type Database = Lmdb.RootDatabase<Buffer, string>;

/** The revision of the last write on disk, as decimal digits. */
export const REVISION_KEY = "meta/revision";
/** Who may write: the process that opened the folder last. */
export const OWNER_KEY = "meta/owner";

/** On a disk with less, LMDB's lock file has no place, and touching it ends the process. */
const MIN_FREE_BYTES = 4 * 1024 * 1024;

export function openDatabase(folder: string): Database {
  try {
    mkdirSync(folder, { recursive: true });
    checkFreeBytes(folder);
    const database = lmdb.open<Buffer, string>({
      path: folder,
      encoding: "binary",
      // A folder with a dot in its name is a folder all the same.
      noSubdir: false,
      // The writer makes batches of its own; one of lmdb around it fails with no one to hear of it.
      eventTurnBatching: false,
      // A commit is over when it is on disk. Otherwise it would be over before, and a write that
      // was acknowledged could be lost with the machine's power.
      overlappingSync: false,
    });
    // What killed processes were reading keeps old pages from being used again.
    database.readerCheck();
    return database;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      "unavailable",
      `opening the objects in ${folder}: ${reason}; check that the folder can be written and its disk has room`,
      { cause: error },
    );
  }
}

function checkFreeBytes(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < MIN_FREE_BYTES) throw new Error("no space left on device");
}

/** How long the reason of a failed commit is waited for, which comes right after the failure. */
const REASON_TIMEOUT_MS = 1_000;

/** What a failed transaction says, with the reason that lmdb keeps apart in a promise. */
export async function reasonOf(failure: unknown): Promise<string> {
  const { commitError } = failure as { commitError?: Promise<never> };
  const reason: unknown =
    commitError === undefined
      ? failure
      : await Promise.race([
          commitError.catch((cause: unknown) => cause),
          sleep(REASON_TIMEOUT_MS, failure, { ref: false }),
        ]);
  return reason instanceof Error ? reason.message : String(reason);
}

/** The keys that start with `prefix`, which ends in a slash, from after `afterKey` on. */
export function rangeOf(
  prefix: string,
  afterKey: string | undefined,
): { start: string; end: string; exclusiveStart: boolean } {
  return {
    start: afterKey ?? prefix,
    // What follows the slash in the order of bytes.
    end: `${prefix.slice(0, -1)}0`,
    exclusiveStart: afterKey !== undefined,
  };
}
