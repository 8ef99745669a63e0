import type { Logger } from "#base/log";
import type { StateDb, Table, WriteTransaction } from "#statedb";

import { type KubeObject, objectKey } from "./object.ts";
import type { Resource } from "./resource.ts";

/** Called in the order of events, after the informer and its table have them. Errors are logged. */
export interface InformerHandlers<T> {
  onAdd?(object: T): void;
  onUpdate?(object: T, previous: T): void;
  /** With the last state that is known. */
  onDelete?(object: T): void;
  /** Once, when the first list has been handed over. */
  onSynced?(): void;
}

interface CacheOptions<T extends object> {
  resource: Resource;
  parse?: (object: KubeObject) => T | undefined;
  table?: { db: StateDb; table: Table<T, never> };
  handlers?: InformerHandlers<T>;
}

interface Entry<T> {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  /** Undefined where `parse` left it out. */
  readonly object: T | undefined;
}

/** What becomes of one object. Both present: it was changed. */
interface Step<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** What an informer knows, and those who are told of it: each state of each object once. */
export class InformerCache<T extends object> {
  readonly #options: CacheOptions<T>;
  readonly #logger: Logger;
  readonly #initializer: string;
  readonly #entries = new Map<string, Entry<T>>();
  #isSynced = false;

  constructor(options: CacheOptions<T>, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.#initializer = `informer of ${options.resource.plural}`;
    options.table?.db.addInitializer(options.table.table, this.#initializer);
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.object;
  }

  list(): T[] {
    return [...this.#entries.values()].flatMap(({ object }) => object ?? []);
  }

  /** All there is, as listed. What is not in it is gone. */
  replace(objects: readonly KubeObject[]): void {
    const gone = new Set(this.#entries.keys());
    const steps: Step<T>[] = [];
    for (const object of objects) {
      gone.delete(objectKey(object));
      steps.push(...this.#stepsTo(object));
    }
    for (const key of gone) steps.push({ before: this.#take(key), after: undefined });
    const isFirst = !this.#isSynced;
    this.#isSynced = true;
    this.#commit(steps, isFirst);
    if (isFirst) this.#tell(() => this.#options.handlers?.onSynced?.());
  }

  put(object: KubeObject): void {
    this.#commit([...this.#stepsTo(object)], false);
  }

  delete(object: KubeObject): void {
    const key = objectKey(object);
    if (!this.#entries.has(key)) return;
    const before = this.#take(key);
    this.#commit([{ before, after: undefined }], false, this.#parse(object));
  }

  /** What brings the cache to this state of an object: nothing where it has it already. */
  *#stepsTo(object: KubeObject): Generator<Step<T>, void> {
    const key = objectKey(object);
    const { uid, resourceVersion } = object.metadata;
    const known = this.#entries.get(key);
    if (known !== undefined && known.uid === uid && known.resourceVersion === resourceVersion) {
      return;
    }
    const after = this.#parse(object);
    this.#entries.set(key, { uid, resourceVersion, object: after });
    if (known?.object !== undefined && known.uid !== uid) {
      // Another object of the same name: the old one was deleted while nobody looked.
      yield { before: known.object, after: undefined };
      yield { before: undefined, after };
    } else yield { before: known?.object, after };
  }

  #take(key: string): T | undefined {
    const object = this.get(key);
    this.#entries.delete(key);
    return object;
  }

  /** `last` is what handlers get of a deleted object, where it is known. */
  #commit(steps: readonly Step<T>[], isFirst: boolean, last?: T): void {
    const target = this.#options.table;
    if (target !== undefined && (steps.length > 0 || isFirst)) {
      target.db.write((transaction) => {
        for (const step of steps) write(transaction, target.table, step);
        if (isFirst) transaction.finishInitializer(target.table, this.#initializer);
      });
    }
    const { handlers = {} } = this.#options;
    for (const { before, after } of steps) {
      this.#tell(() => {
        if (after === undefined) {
          if (before !== undefined) handlers.onDelete?.(last ?? before);
        } else if (before === undefined) handlers.onAdd?.(after);
        else handlers.onUpdate?.(after, before);
      });
    }
  }

  #parse(object: KubeObject): T | undefined {
    const { parse } = this.#options;
    if (parse === undefined) return object as object as T;
    try {
      return parse(object);
    } catch (error) {
      this.#logger.error("an object could not be read and is left out", {
        error,
        object: objectKey(object),
      });
      return undefined;
    }
  }

  #tell(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#logger.error("a handler of an informer failed", { error });
    }
  }
}

function write<T extends object>(
  transaction: WriteTransaction,
  table: Table<T, never>,
  { before, after }: Step<T>,
): void {
  // What is read of an object may change its key.
  const isMoved = before && (after === undefined || table.key(after) !== table.key(before));
  if (isMoved === true) transaction.delete(table, table.key(before));
  if (after !== undefined) transaction.insert(table, after);
}
