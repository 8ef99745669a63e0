/** Lists in pages, all pages of one list of the same revision. */
import { assert } from "#base";

import { StoreError } from "./errors.ts";
import { type Database, rangeOf } from "./lmdb.ts";
import { Stored } from "./stored.ts";
import type { ListOptions, ListPage, StoredObject } from "./types.ts";
import type { EventWindow, WindowEvent } from "./window.ts";

/** What a list reads. */
interface ListSource {
  readonly database: Database;
  readonly window: EventWindow;
  /** That of the state which readers are to see. */
  readonly revision: number;
  /** Writes on their way to disk: the database may show them already, or not yet. */
  pending(): Iterable<WindowEvent>;
}

/** In a token: of the newest state, and not of the one that its list began with. */
const LATEST = -1;

interface Place {
  revision: number;
  /** The last key of the page before. */
  afterKey: string | undefined;
}

export function listPage(source: ListSource, prefix: string, options: ListOptions): ListPage {
  assert(prefix.endsWith("/"), "a list's prefix ends in a slash");
  const { limit = Infinity, filter } = options;
  const { revision, afterKey } = placeOf(source, prefix, options);
  source.window.check(revision);
  const items: StoredObject[] = [];
  let hasMore = false;
  for (const stored of statesAt(source, prefix, revision, afterKey)) {
    if (filter !== undefined && !filter(stored)) continue;
    hasMore = items.length >= limit;
    if (hasMore) break;
    items.push(stored);
  }
  const last = items.at(-1);
  if (!hasMore || last === undefined) {
    return { items, revision, continue: undefined, remaining: undefined };
  }
  return {
    items,
    revision,
    continue: tokenOf({ revision, afterKey: last.key }),
    remaining: filter === undefined ? countAfter(source.database, prefix, last.key) : undefined,
  };
}

/** About right where the list is older than the database, as clients are told it may be. */
function countAfter(database: Database, prefix: string, key: string): number {
  const { start, end } = rangeOf(prefix, key);
  return Math.max(1, database.getKeysCount({ start, end }) - 1);
}

/** The objects of a prefix as they were at `revision`, by key. */
function* statesAt(
  source: ListSource,
  prefix: string,
  revision: number,
  afterKey: string | undefined,
): Generator<Stored, void> {
  const undone = statesBefore(source, prefix, revision);
  const restored = restoredStates(undone, afterKey);
  let next = 0;
  for (const { key, value } of source.database.getRange(rangeOf(prefix, afterKey))) {
    for (let state = restored[next]; state && isBefore(state.key, key); state = restored[next]) {
      yield state;
      next += 1;
    }
    if (!undone.has(key)) yield new Stored(key, value);
  }
  yield* restored.slice(next);
}

/** What the keys held that were written after `revision`: undefined for what was not there. */
function statesBefore(
  source: ListSource,
  prefix: string,
  revision: number,
): ReadonlyMap<string, Stored | undefined> {
  const states = new Map<string, Stored | undefined>();
  const undo = ({ stored: { key }, previous }: WindowEvent): void => {
    // The first write after the revision is the one that replaced the state of then.
    if (key.startsWith(prefix) && !states.has(key)) states.set(key, previous);
  };
  for (const event of source.window.after(revision)) undo(event);
  for (const event of source.pending()) undo(event);
  return states;
}

function restoredStates(
  undone: ReadonlyMap<string, Stored | undefined>,
  afterKey: string | undefined,
): Stored[] {
  return [...undone.values()]
    .filter((state) => state !== undefined)
    .filter(({ key }) => afterKey === undefined || isBefore(afterKey, key))
    .toSorted((one, other) => (isBefore(one.key, other.key) ? -1 : 1));
}

/** In the order of the database, which is that of bytes and not of UTF-16. */
function isBefore(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) < 0;
}

function placeOf(source: ListSource, prefix: string, options: ListOptions): Place {
  if (options.continue !== undefined) {
    const given = parseToken(options.continue);
    const isLatest = given.revision === LATEST;
    const place = isLatest ? { ...given, revision: source.revision } : given;
    const isOurs = place.afterKey?.startsWith(prefix) === true;
    if (isOurs && place.revision <= source.revision) return place;
    throw badToken();
  }
  const { revision = source.revision } = options;
  if (revision <= source.revision) return { revision, afterKey: undefined };
  throw new StoreError(
    "too-new",
    `Too large resource version: ${revision}, current: ${source.revision}`,
  );
}

/** From the same place on, whatever has happened since. */
export function latestToken(token: string): string {
  return tokenOf({ ...parseToken(token), revision: LATEST });
}

function tokenOf({ revision, afterKey }: Place): string {
  return Buffer.from(JSON.stringify([revision, afterKey])).toString("base64url");
}

/** Throws StoreError `bad-token`, whatever the text. */
export function parseToken(token: string): Place {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    if (Array.isArray(parts) && Number.isSafeInteger(parts[0]) && typeof parts[1] === "string") {
      return { revision: parts[0] as number, afterKey: parts[1] };
    }
  } catch {
    // Falls through to the same answer.
  }
  throw badToken();
}

function badToken(): StoreError {
  return new StoreError("bad-token", "continue key is not valid: it is no token of this list");
}
