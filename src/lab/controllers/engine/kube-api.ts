/** The API of a real server, by the client of #kube. */
import type { Clock } from "#base";
import type { Logger } from "#base/log";
import { Informer, type KubeClient, type ObjectRef, pathOf, type Resource } from "#kube";

import type { ApiObject } from "../model/object.ts";
import type { Api, DeleteSettings, Follower } from "./api.ts";

/** Who is said to manage the fields that are written. */
const WRITER = { fieldManager: "kube-controller-manager" } as const;

export class KubeApi implements Api, AsyncDisposable {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #informers = new Set<Informer<ApiObject>>();

  constructor({ client, clock, logger }: { client: KubeClient; clock: Clock; logger: Logger }) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
  }

  get(resource: Resource, ref: ObjectRef): Promise<ApiObject> {
    return this.#client.get<ApiObject>(resource, ref);
  }

  async list(resource: Resource, namespace?: string): Promise<ApiObject[]> {
    const { items } = await this.#client.list<ApiObject>(resource, { namespace });
    return items;
  }

  create(resource: Resource, object: ApiObject): Promise<ApiObject> {
    return this.#client.create(resource, unnamed(object), WRITER);
  }

  update(resource: Resource, object: ApiObject): Promise<ApiObject> {
    return this.#client.update(resource, object, WRITER);
  }

  updateStatus(resource: Resource, object: ApiObject): Promise<ApiObject> {
    return this.#client.updateStatus(resource, object, WRITER);
  }

  patch(
    resource: Resource,
    ref: ObjectRef,
    patch: unknown,
    subresource?: string,
  ): Promise<ApiObject> {
    const options = { ...WRITER, type: "merge", subresource } as const;
    return this.#client.patch<ApiObject>(resource, ref, patch, options);
  }

  delete(resource: Resource, ref: ObjectRef, settings: DeleteSettings): Promise<unknown> {
    return this.#client.delete(resource, ref, settings);
  }

  deleteAll(resource: Resource, namespace: string): Promise<void> {
    return this.#client.deleteCollection(resource, { namespace });
  }

  send(
    method: "POST" | "PUT",
    resource: Resource,
    ref: ObjectRef,
    subresource: string,
    body: unknown,
  ): Promise<unknown> {
    return this.#client.raw(method, pathOf(resource, ref, subresource), { body });
  }

  read(path: string): Promise<unknown> {
    return this.#client.raw("GET", path);
  }

  async follow(resource: Resource, follower: Follower, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const informer = new Informer<ApiObject>({
      client: this.#client,
      resource,
      handlers: {
        onAdd: (object) => follower.changed(object),
        onUpdate: (object) => follower.changed(object),
        onDelete: (object) => follower.deleted(object),
      },
      clock: this.#clock,
      logger: this.#logger,
    });
    this.#informers.add(informer);
    signal.addEventListener("abort", () => void this.#stop(informer), { once: true });
    await informer.synced();
  }

  /** Ends every informer; the client stays its owner's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#informers].map((informer) => informer[Symbol.asyncDispose]()));
    this.#informers.clear();
  }

  async #stop(informer: Informer<ApiObject>): Promise<void> {
    await informer[Symbol.asyncDispose]();
    this.#informers.delete(informer);
  }
}

/** Cores leave the name of what the server names empty; a request leaves it out. */
function unnamed(object: ApiObject): ApiObject {
  if (object.metadata.name !== "") return object;
  const { name: _empty, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as ApiObject["metadata"] };
}
