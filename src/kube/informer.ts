import { Backoff, type Clock, Random, systemClock } from "#base";
import { type Logger, silentLogger } from "#base/log";
import type { StateDb, Table } from "#statedb";

import type { KubeClient } from "./client.ts";
import { KubeError } from "./error.ts";
import { InformerCache, type InformerHandlers } from "./informer-cache.ts";
import type { KubeObject } from "./object.ts";
import type { ObjectList, SelectorOptions, WatchEvent } from "./requests.ts";
import type { Resource } from "./resource.ts";

export interface InformerOptions<T extends object> extends SelectorOptions {
  client: KubeClient;
  resource: Resource;
  /** What rows and handlers get of an object; undefined leaves it out. The object itself without it. */
  parse?: (object: KubeObject) => T | undefined;
  /** Kept equal to the server's state. It counts as initialized when the first list is in it. */
  table?: { db: StateDb; table: Table<T, never> };
  handlers?: InformerHandlers<T>;
  clock?: Clock;
  random?: Random;
  logger?: Logger;
}

/** As other clients ask for. */
const PAGE_OBJECTS = 500;
/** Servers end watches after so long, each at its own time, so that they do not all come back together. */
const MIN_WATCH_SECONDS = 300;
const MAX_WATCH_SECONDS = 600;
/** A watch that ends sooner and told nothing is a server in trouble. */
const SHORT_WATCH_MS = 1_000;
const MIN_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 10_000;

/**
 * The objects of a resource, kept in step with the server: lists in pages, watches from there,
 * resumes after a disconnect, lists again (with a backoff) where the server has forgotten.
 * It runs from its construction until it is disposed of.
 */
export class Informer<T extends object = KubeObject> implements AsyncDisposable {
  readonly #options: InformerOptions<T>;
  readonly #cache: InformerCache<T>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  readonly #synced: Promise<void>;
  #onSynced: () => void = () => {};
  /** Where a watch goes on; undefined until there is a list to go on from. */
  #resourceVersion: string | undefined;
  /** A server that forgets a list before its last page is asked for all of it at once. */
  #isPaged = true;

  constructor(options: InformerOptions<T>) {
    const { resource, clock = systemClock, random, logger = silentLogger } = options;
    this.#options = options;
    this.#clock = clock;
    this.#random = random ?? new Random(Math.floor(clock.nowMs()));
    this.#logger = logger.with({ resource: resource.plural });
    this.#cache = new InformerCache(options, this.#logger);
    this.#backoff = new Backoff({
      minMs: MIN_BACKOFF_MS,
      maxMs: MAX_BACKOFF_MS,
      random: this.#random,
    });
    this.#synced = new Promise((resolve, reject) => {
      this.#onSynced = resolve;
      this.#abort.signal.addEventListener("abort", () => reject(this.#abort.signal.reason));
    });
    // Not everybody asks.
    this.#synced.catch(() => {});
    this.#running = this.#run();
  }

  /** Resolves once the first list is in; rejects when it is stopped before. */
  synced(): Promise<void> {
    return this.#synced;
  }

  get isSynced(): boolean {
    return this.#cache.isSynced;
  }

  /** By `namespace/name`, or `name`. */
  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  /** In no order. */
  list(): T[] {
    return this.#cache.list();
  }

  /** Stops, and waits until no handler runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new KubeError(0, { reason: "Stopped", message: "the informer was stopped" }));
    await this.#running;
  }

  async #run(): Promise<void> {
    // Nobody hears of anything before the constructor has returned.
    await Promise.resolve();
    while (!this.#abort.signal.aborted) {
      const isGoingWell = await this.#listAndWatch();
      if (isGoingWell || this.#abort.signal.aborted) continue;
      try {
        await this.#clock.sleep(this.#backoff.next(), this.#abort.signal);
      } catch {
        // Stopped: the loop ends.
      }
    }
  }

  /** One turn: a list where one is needed, and a watch until it ends. False when to wait now. */
  async #listAndWatch(): Promise<boolean> {
    try {
      if (this.#resourceVersion === undefined) await this.#list();
      return await this.#watch();
    } catch (error) {
      if (this.#abort.signal.aborted) return false;
      if (isForgotten(error)) this.#resourceVersion = undefined;
      this.#logger.warn("the watch of a resource failed and is tried again", { error });
      return false;
    }
  }

  async #list(): Promise<void> {
    const objects: KubeObject[] = [];
    let token: string | undefined;
    for (;;) {
      const page = await this.#listPage(token);
      objects.push(...page.items);
      token = page.continue;
      if (token !== undefined) continue;
      this.#isPaged = true;
      this.#cache.replace(objects);
      this.#resourceVersion = page.resourceVersion;
      this.#onSynced();
      return;
    }
  }

  async #listPage(token: string | undefined): Promise<ObjectList> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    try {
      return await client.list(resource, {
        namespace,
        labelSelector,
        fieldSelector,
        limit: this.#isPaged ? PAGE_OBJECTS : undefined,
        continue: token,
        signal: this.#abort.signal,
      });
    } catch (error) {
      if (token !== undefined && isForgotten(error)) this.#isPaged = false;
      throw error;
    }
  }

  /** Until the server ends it. False when that was so soon that something is wrong. */
  async #watch(): Promise<boolean> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    const startedMs = this.#clock.monotonicMs();
    let hasHeard = false;
    const options = {
      namespace,
      labelSelector,
      fieldSelector,
      resourceVersion: this.#resourceVersion,
      allowBookmarks: true,
      timeoutSeconds: this.#random.between(MIN_WATCH_SECONDS, MAX_WATCH_SECONDS),
    };
    for await (const event of client.watch(resource, options, this.#abort.signal)) {
      this.#apply(event);
      this.#backoff.reset();
      hasHeard = true;
    }
    const isShort = this.#clock.monotonicMs() - startedMs < SHORT_WATCH_MS;
    if (!isShort) this.#backoff.reset();
    return hasHeard || !isShort;
  }

  #apply(event: WatchEvent): void {
    if (event.type === "BOOKMARK") {
      this.#resourceVersion = event.resourceVersion;
      return;
    }
    if (event.type === "DELETED") this.#cache.delete(event.object);
    else this.#cache.put(event.object);
    this.#resourceVersion = event.object.metadata.resourceVersion;
  }
}

/** Whether the server no longer has what was asked from. */
function isForgotten(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 410 || error.reason === "Expired");
}
