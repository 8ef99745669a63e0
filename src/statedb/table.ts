import { assert } from "#base";

/**
 * What a table holds and how it is found. A definition is a constant with no contents: contents
 * live in a StateDb.
 */
export interface Table<T extends object, Index extends string = string> {
  /** Unique in the database, lower case with dashes; shown to people. */
  readonly name: string;
  /** The primary key: unique in the table, and fixed for as long as the object is the same. */
  readonly key: (object: T) => string;
  /** Secondary indexes: each gives any number of keys for an object, unique or not. */
  readonly indexes: Readonly<Record<Index, (object: T) => readonly string[]>>;
}

const NAME = /^[a-z][a-z0-9-]*(\/[a-z][a-z0-9-]*)*$/;

/**
 *     export const pods: Table<Pod, "node"> = defineTable({
 *       name: "pods",
 *       key: (pod) => `${pod.namespace}/${pod.name}`,
 *       indexes: { node: (pod) => [pod.node] },
 *     });
 */
export function defineTable<T extends object, Index extends string>(
  definition: Table<T, Index>,
): Table<T, Index> {
  assert(
    NAME.test(definition.name),
    `a table's name is lower case with dashes: ${definition.name}`,
  );
  return definition;
}

/** Between the key of an index and the primary key; in neither of them. */
const SEPARATOR = "\0";

/** The place of an object in a secondary index: sorts by index key, then by primary key. */
export function indexEntry(indexKey: string, primaryKey: string): string {
  assert(!indexKey.includes(SEPARATOR), `an index key holds no NUL: ${JSON.stringify(indexKey)}`);
  return indexKey + SEPARATOR + primaryKey;
}

/** What all entries of one index key start with. */
export function indexPrefix(indexKey: string): string {
  return indexKey + SEPARATOR;
}

/** A number as a key that sorts by value: whole, from 0 to 2^53 - 1. */
export function numberKey(value: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, `not a whole number from 0: ${value}`);
  return value.toString().padStart(16, "0");
}
