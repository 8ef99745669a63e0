import { setTimeout as sleep } from "node:timers/promises";
import { BoundedQueue } from "#base";
import { type KubeClient, KubeError, type KubeObject, type Resource, type WatchEvent } from "#kube";

type Json = Record<string, unknown>;

const LATE_MS = 50;
const MAX_EVENTS = 10_000;

/** As much of an API server as a kubelet talks to, in memory. */
export class FakeCluster {
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<{ plural: string; queue: BoundedQueue<WatchEvent> }>();
  #version = 1;

  /** A client of it; whatever else a real one has is missing. */
  get client(): KubeClient {
    return this as unknown as KubeClient;
  }

  async get(resource: Resource, ref: { namespace?: string; name: string }): Promise<KubeObject> {
    return structuredClone(this.#need(resource, ref));
  }

  async list(resource: Resource): Promise<unknown> {
    const items = [...this.#objects].filter(([key]) => key.startsWith(`${resource.plural}/`));
    return {
      items: items.map(([, object]) => structuredClone(object)),
      resourceVersion: String(this.#version),
      continue: undefined,
    };
  }

  async create(resource: Resource, object: KubeObject): Promise<KubeObject> {
    const key = keyOf(resource, object.metadata as { namespace?: string; name: string });
    if (this.#objects.has(key)) throw new KubeError(409, { reason: "AlreadyExists", message: key });
    const metadata = { uid: `uid-${this.#version}`, ...object.metadata };
    return this.#put("ADDED", resource, key, { ...object, metadata });
  }

  async patch(
    resource: Resource,
    ref: { namespace?: string; name: string },
    patch: Json,
  ): Promise<KubeObject> {
    const merged = merge(this.#need(resource, ref), patch) as KubeObject;
    return this.#put("MODIFIED", resource, keyOf(resource, ref), merged);
  }

  /** With a grace, as a person deletes; without, as a kubelet confirms. */
  async delete(
    resource: Resource,
    ref: { namespace?: string; name: string },
    { gracePeriodSeconds = 30 }: { gracePeriodSeconds?: number } = {},
  ): Promise<void> {
    const object = this.#need(resource, ref);
    const key = keyOf(resource, ref);
    if (resource.plural === "pods" && gracePeriodSeconds > 0) {
      const deletion = {
        deletionTimestamp: new Date().toISOString(),
        deletionGracePeriodSeconds: gracePeriodSeconds,
      };
      this.#put("MODIFIED", resource, key, {
        ...object,
        metadata: { ...object.metadata, ...deletion },
      });
      return;
    }
    this.#objects.delete(key);
    this.#tell("DELETED", resource, object);
    // Watchers may hear of it before whoever asked.
    await sleep(LATE_MS);
  }

  async createSubresource(): Promise<unknown> {
    return { status: { token: "a-token" } };
  }

  async *watch(
    resource: Resource,
    _options: unknown,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const queue = new BoundedQueue<WatchEvent>({ name: "watch", maxItems: MAX_EVENTS });
    const watcher = { plural: resource.plural, queue };
    this.#watchers.add(watcher);
    try {
      yield* queue.items(signal);
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  find(resource: Resource, name: string, namespace = "default"): KubeObject | undefined {
    const ref = resource.isNamespaced ? { namespace, name } : { name };
    return this.#objects.get(keyOf(resource, ref));
  }

  all(resource: Resource): KubeObject[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${resource.plural}/`))
      .map(([, object]) => object);
  }

  #need(resource: Resource, ref: { namespace?: string; name: string }): KubeObject {
    const found = this.#objects.get(keyOf(resource, ref));
    if (found === undefined)
      throw new KubeError(404, {
        reason: "NotFound",
        message: `${resource.plural} "${ref.name}" not found`,
      });
    return found;
  }

  #put(
    type: "ADDED" | "MODIFIED",
    resource: Resource,
    key: string,
    object: KubeObject,
  ): KubeObject {
    this.#version += 1;
    const stored = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    };
    this.#objects.set(key, stored);
    this.#tell(type, resource, stored);
    return structuredClone(stored);
  }

  #tell(type: "ADDED" | "MODIFIED" | "DELETED", resource: Resource, object: KubeObject): void {
    for (const { plural, queue } of this.#watchers) {
      if (plural === resource.plural) queue.push({ type, object: structuredClone(object) });
    }
  }
}

function keyOf(
  { plural }: Resource,
  { namespace = "", name }: { namespace?: string; name: string },
): string {
  return `${plural}/${namespace}/${name}`;
}

/** A merge patch: what is null goes, objects are merged, all else is replaced. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch))
    return structuredClone(patch);
  const result: Json = { ...(target as Json) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
