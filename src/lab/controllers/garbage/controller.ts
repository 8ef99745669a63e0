/** Follows every resource that can be deleted, those of CRDs too, and judges owned objects. */
import { AppError } from "#base";
import { type Resource, RESOURCES } from "#kube";

import { isNotFound, messageOf } from "../engine/api.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { canAll } from "../engine/discovery.ts";
import { NOTHING_TO_DO, type Operation, type Plan, warning } from "../engine/operations.ts";
import { nameOfResource } from "../engine/resources.ts";
import { type ApiObject, type OwnerReference } from "../model/object.ts";
import { isWaitingForDependents, metadataOf, OwnerGraph } from "./graph.ts";
import { planGarbage } from "./plan.ts";

/** Resources are asked for anew so often, and at once when a CRD changes. */
const DISCOVER_EVERY_MS = 30_000;
/** Events own nothing and are owned by nobody, and there are many. */
const IGNORED: ReadonlySet<string> = new Set(["events", "events.events.k8s.io"]);
const DISCOVER = "discover";

export class GarbageCollector implements AsyncDisposable {
  readonly #context: Context;
  readonly #graph = new OwnerGraph();
  readonly #followed = new Map<string, AbortController>();
  readonly #controller: Controller;
  readonly #discoverer: Controller;
  #isReady = false;

  constructor(context: Context) {
    this.#context = context;
    this.#controller = new Controller(context, {
      name: "garbage-collector-controller",
      plan: (uid) => this.#plan(uid),
    });
    this.#discoverer = new Controller(context, {
      name: "garbage-collector-discovery",
      workers: 1,
      plan: async () => {
        await this.#discover();
        return { operations: [], againInMs: DISCOVER_EVERY_MS };
      },
    });
    context.cache<ApiObject>(RESOURCES.CustomResourceDefinition).onChange(() => {
      context.discovery.forget();
      this.#discoverer.add(DISCOVER);
    });
  }

  start(): void {
    this.#discoverer.add(DISCOVER);
    this.#discoverer.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#followed.values()) end.abort();
    await this.#discoverer[Symbol.asyncDispose]();
    await this.#controller[Symbol.asyncDispose]();
  }

  async #discover(): Promise<void> {
    const served = (await this.#context.discovery.served()).filter(
      (each) =>
        canAll(each, ["list", "watch", "delete", "patch"]) && !IGNORED.has(nameOfResource(each)),
    );
    const names = new Set(served.map(nameOfResource));
    for (const [name, end] of this.#followed) {
      if (names.has(name)) continue;
      end.abort();
      this.#followed.delete(name);
      this.#graph.removeAll((resource) => nameOfResource(resource) === name);
    }
    const fresh = served.filter((each) => !this.#followed.has(nameOfResource(each)));
    await Promise.all(fresh.map((resource) => this.#follow(resource)));
    if (this.#isReady) return;
    // Only with the whole graph can an owner be said to be missing without asking for each.
    this.#isReady = true;
    this.#controller.start();
  }

  async #follow(resource: Resource): Promise<void> {
    const end = new AbortController();
    this.#followed.set(nameOfResource(resource), end);
    if (this.#share(resource)) return;
    const { signal } = this.#context;
    const follower = {
      changed: (object: ApiObject) => this.#changed(resource, object),
      deleted: (object: ApiObject) => this.#deleted(object),
    };
    try {
      await this.#context.api.follow(resource, follower, AbortSignal.any([signal, end.signal]));
    } catch (error) {
      this.#followed.delete(nameOfResource(resource));
      const fields = { resource: nameOfResource(resource), error: messageOf(error) };
      this.#context.logger.debug("a resource could not be followed", fields);
    }
  }

  /** What another controller follows is not followed twice. */
  #share(resource: Resource): boolean {
    const cache = this.#context.knownCache(resource);
    if (cache === undefined) return false;
    for (const object of cache.all()) this.#changed(resource, object);
    cache.onChange(({ before, after }) => {
      const isOther = before?.metadata.uid !== after?.metadata.uid;
      if (before !== undefined && isOther) this.#deleted(before);
      if (after !== undefined) this.#changed(resource, after);
    });
    return true;
  }

  #changed(resource: Resource, object: ApiObject): void {
    const uid = object.metadata.uid ?? "";
    const before = this.#graph.get(uid)?.object;
    this.#graph.put(resource, metadataOf(object));
    const { ownerReferences = [], deletionTimestamp, finalizers = [] } = object.metadata;
    if (ownerReferences.length > 0 || (deletionTimestamp !== undefined && finalizers.length > 0)) {
      this.#controller.add(uid);
    }
    this.#tellWaitingOwners(object);
    // Those that it had before may have waited for just this.
    if (before !== undefined) this.#tellWaitingOwners(before);
    if (isWaitingForDependents(object)) this.#tellDependents(uid);
  }

  #deleted(object: ApiObject): void {
    const uid = object.metadata.uid ?? "";
    this.#graph.remove(uid);
    this.#tellDependents(uid);
    this.#tellWaitingOwners(object);
  }

  #tellDependents(uid: string): void {
    for (const { object } of this.#graph.dependentsOf(uid)) {
      this.#controller.add(object.metadata.uid ?? "");
    }
  }

  #tellWaitingOwners({ metadata }: ApiObject): void {
    for (const { uid } of metadata.ownerReferences ?? []) {
      const owner = this.#graph.get(uid);
      if (owner !== undefined && isWaitingForDependents(owner.object)) this.#controller.add(uid);
    }
  }

  async #plan(uid: string): Promise<Plan> {
    const item = this.#graph.get(uid);
    if (item === undefined) return NOTHING_TO_DO;
    const owners = new Map<string, ApiObject | undefined>();
    const references = item.object.metadata.ownerReferences ?? [];
    for (const reference of references) {
      owners.set(reference.uid, await this.#owner(item.object, reference));
    }
    const dependents = this.#graph.dependentsOf(uid);
    return {
      operations: [
        ...references
          .filter((reference) => this.#isElsewhere(item.object, reference))
          .map((reference) => elsewhere(item.object, reference)),
        ...planGarbage({ item, owners, dependents }),
      ],
    };
  }

  /** An owner of that uid is there, and in another namespace, or in one where the object is in none. */
  #isElsewhere({ metadata }: ApiObject, { uid }: OwnerReference): boolean {
    const namespace = this.#graph.get(uid)?.object.metadata.namespace;
    return namespace !== undefined && namespace !== metadata.namespace;
  }

  /** From the graph; what is not in it is asked for, so that nothing goes by mistake. */
  async #owner(dependent: ApiObject, reference: OwnerReference): Promise<ApiObject | undefined> {
    const { namespace } = dependent.metadata;
    const known = this.#graph.get(reference.uid);
    if (known !== undefined && !this.#isElsewhere(dependent, reference)) return known.object;
    const resource =
      known?.resource ?? (await this.#context.discovery.find(reference.apiVersion, reference.kind));
    if (resource === undefined) {
      // Of a kind that nobody serves: it may be served again, and nothing is deleted for it.
      throw new AppError(
        "unknown-owner",
        `nobody serves ${reference.kind} of ${reference.apiVersion}, owner of ${dependent.metadata.name}`,
      );
    }
    // Where to look for it cannot be told: it is left in peace.
    if (resource.isNamespaced && namespace === undefined) return standIn(reference);
    if (known !== undefined) return undefined;
    const { name } = reference;
    const ref = resource.isNamespaced && namespace !== undefined ? { namespace, name } : { name };
    try {
      const owner = await this.#context.api.get(resource, ref);
      return owner.metadata.uid === reference.uid ? owner : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function standIn({ apiVersion, kind, name, uid }: OwnerReference): ApiObject {
  return { apiVersion, kind, metadata: { name, uid } };
}

function elsewhere(about: ApiObject, { apiVersion, kind, name, uid }: OwnerReference): Operation {
  const { namespace = "" } = about.metadata;
  const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
  const message = `ownerRef ${owner} does not exist in namespace "${namespace}"`;
  return { verb: "event", about, event: warning("OwnerRefInvalidNamespace", message) };
}
