/** What all controllers share: the API, one cache a resource, the recorder of events, time. */
import { setMaxListeners } from "node:events";

import type { Clock } from "#base";
import type { Logger } from "#base/log";
import { type ApiObject, controllerOf, splitKey } from "../model/object.ts";
import type { ControllerOptions } from "../options.ts";
import { type Api, isNotFound, messageOf, type Resource } from "./api.ts";
import { ObjectCache } from "./cache.ts";
import { Discovery } from "./discovery.ts";
import { EventRecorder } from "./recorder.ts";
import { nameOfResource } from "./resources.ts";

/** How often own writes that no watch has confirmed are asked for. */
const CONFIRM_EVERY_MS = 10_000;

export class Context implements AsyncDisposable {
  readonly api: Api;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: ControllerOptions;
  readonly recorder: EventRecorder;
  readonly discovery: Discovery;
  readonly #caches = new Map<string, { resource: Resource; cache: ObjectCache<ApiObject> }>();
  readonly #end = new AbortController();
  #confirming: Promise<void> = Promise.resolve();

  constructor(api: Api, options: ControllerOptions) {
    this.api = api;
    this.options = options;
    this.clock = options.clock;
    this.logger = options.logger;
    this.discovery = new Discovery(api, this.clock);
    // Every watch listens to it: that is no leak.
    setMaxListeners(0, this.#end.signal);
    this.recorder = new EventRecorder({ api, clock: this.clock, logger: this.logger });
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The type is the caller's word: each resource has one. */
  cache<T extends ApiObject>(resource: Resource): ObjectCache<T> {
    const name = nameOfResource(resource);
    let entry = this.#caches.get(name);
    if (entry === undefined) {
      entry = { resource, cache: new ObjectCache<ApiObject>(this.clock) };
      entry.cache.addIndex("namespace", ({ metadata }) => [metadata.namespace ?? ""]);
      entry.cache.addIndex("owner", (object) => {
        const uid = controllerOf(object)?.uid;
        return uid === undefined ? [] : [uid];
      });
      this.#caches.set(name, entry);
    }
    return entry.cache as unknown as ObjectCache<T>;
  }

  /** The cache of a resource if some controller has one. */
  knownCache(resource: Resource): ObjectCache<ApiObject> | undefined {
    return this.#caches.get(nameOfResource(resource))?.cache;
  }

  /** Begins to follow every resource that has a cache; resolves once all are listed. */
  async follow(): Promise<void> {
    await Promise.all(
      [...this.#caches.values()].map(({ resource, cache }) =>
        this.api.follow(
          resource,
          {
            changed: (object) => cache.told(object),
            deleted: (object) => cache.toldDeleted(object),
          },
          this.#end.signal,
        ),
      ),
    );
    this.#confirming = this.#confirmForever();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#confirming;
    await this.recorder[Symbol.asyncDispose]();
  }

  async #confirmForever(): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        await this.clock.sleep(CONFIRM_EVERY_MS, this.#end.signal);
      } catch {
        return;
      }
      for (const { resource, cache } of this.#caches.values()) {
        for (const key of cache.takeOverdue()) await this.#confirm(resource, cache, key);
      }
    }
  }

  async #confirm(resource: Resource, cache: ObjectCache<ApiObject>, key: string): Promise<void> {
    try {
      cache.told(await this.api.get(resource, splitKey(key)));
    } catch (error) {
      if (isNotFound(error)) cache.forget(key);
      else this.logger.debug("a write could not be confirmed", { key, error: messageOf(error) });
    }
  }
}
