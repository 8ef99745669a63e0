/**
 * An API server in memory, as far as controllers can tell: versions and conflicts, generations,
 * status apart from the rest, finalizers and grace, and watches that tell what was written only a
 * moment later, in the order of versions.
 */
import { type Clock, Random } from "#base";
import { apiVersionOf, KubeError, type ObjectRef, type Resource, RESOURCES } from "#kube";

import type { Api, DeleteSettings, Follower } from "../engine/api.ts";
import { nameOfResource } from "../engine/resources.ts";
import { type ApiObject, joinKey, keyOf } from "../model/object.ts";
import { isSame } from "../model/same.ts";
import { timestamp } from "../model/time.ts";

interface Watcher {
  readonly resource: string;
  readonly follower: Follower;
}

type Loose = ApiObject & { spec?: Record<string, unknown>; status?: unknown };

const ALL_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"];
const KINDS: readonly Resource[] = Object.values(RESOURCES);

export class FakeApi implements Api {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #watchers = new Set<Watcher>();
  readonly #requests: string[] = [];
  #version = 100;
  #uid = 0;
  /** Answers a refusal for a request, to see how controllers take it. */
  refuse: (verb: string, resource: Resource, object?: ApiObject) => KubeError | undefined = () =>
    undefined;
  /** How many turns of the event loop a watch may be behind, drawn for every event. */
  maxLagTurns = 3;

  constructor(clock: Clock, seed = 1) {
    this.#clock = clock;
    this.#random = new Random(seed);
  }

  /** What was asked for so far, as `create pods default/web`. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  all<T extends ApiObject>(resource: Resource): T[] {
    return structuredClone([...this.#of(resource).values()]) as T[];
  }

  find(resource: Resource, key: string): ApiObject | undefined {
    return structuredClone(this.#of(resource).get(key));
  }

  async get(resource: Resource, ref: ObjectRef): Promise<ApiObject> {
    await this.#turn("get", resource);
    return structuredClone(this.#existing(resource, ref));
  }

  async list(resource: Resource, namespace?: string): Promise<ApiObject[]> {
    await this.#turn("list", resource);
    return this.all(resource).filter(
      ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
    );
  }

  async create(resource: Resource, given: ApiObject): Promise<ApiObject> {
    await this.#turn("create", resource, given);
    const object = structuredClone(given);
    const { metadata } = object;
    if (metadata.name === "") metadata.name = `${metadata.generateName ?? ""}${this.#suffix()}`;
    if (this.#of(resource).has(keyOf(object))) {
      throw refusal(409, "AlreadyExists", `${metadata.name} already exists`);
    }
    this.#refuseWhereEnding(metadata.namespace);
    metadata.uid = `uid-${++this.#uid}`;
    metadata.creationTimestamp = timestamp(this.#clock.nowMs());
    metadata.generation = 1;
    object.apiVersion = apiVersionOf(resource);
    object.kind = resource.kind;
    if (resource.kind === "Namespace") {
      (object as Loose).spec = { finalizers: ["kubernetes"], ...(object as Loose).spec };
    }
    return this.#store(resource, object);
  }

  async update(resource: Resource, given: ApiObject): Promise<ApiObject> {
    await this.#turn("update", resource, given);
    const current = this.#unchanged(resource, given) as Loose;
    const object: Loose = structuredClone(given);
    if (current.status === undefined) delete object.status;
    else object.status = structuredClone(current.status);
    return this.#replace(resource, current, object);
  }

  async updateStatus(resource: Resource, given: ApiObject): Promise<ApiObject> {
    await this.#turn("updateStatus", resource, given);
    const current = this.#unchanged(resource, given);
    const object: Loose = { ...structuredClone(current), status: (given as Loose).status };
    return this.#replace(resource, current, object);
  }

  async patch(
    resource: Resource,
    ref: ObjectRef,
    patch: unknown,
    subresource?: string,
  ): Promise<ApiObject> {
    await this.#turn(subresource === undefined ? "patch" : `patch ${subresource}`, resource);
    const current = this.#existing(resource, ref);
    const { uid, resourceVersion } =
      (patch as { metadata?: Partial<ApiObject["metadata"]> }).metadata ?? {};
    const isOther = uid !== undefined && uid !== current.metadata.uid;
    const isOld =
      resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion;
    if (isOther || isOld) throw refusal(409, "Conflict", "the object has been modified");
    return this.#replace(resource, current, merged(current, patch) as ApiObject);
  }

  async delete(resource: Resource, ref: ObjectRef, settings: DeleteSettings): Promise<unknown> {
    await this.#turn("delete", resource);
    const current = this.#existing(resource, ref);
    const { uid, resourceVersion } = settings.preconditions ?? {};
    const isOther = uid !== undefined && uid !== current.metadata.uid;
    const isOld =
      resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion;
    if (isOther || isOld) throw refusal(409, "Conflict", "the precondition failed");
    return this.#end(resource, current, settings);
  }

  async deleteAll(resource: Resource, namespace: string): Promise<void> {
    await this.#turn("deleteAll", resource);
    for (const object of this.#of(resource).values()) {
      if (object.metadata.namespace === namespace) this.#end(resource, object, {});
    }
  }

  async send(
    method: string,
    resource: Resource,
    ref: ObjectRef,
    subresource: string,
    body: unknown,
  ): Promise<unknown> {
    await this.#turn(`${method} ${subresource}`, resource);
    const current: Loose = structuredClone(this.#existing(resource, ref));
    if (subresource === "binding") {
      const { target } = body as { target: { name: string } };
      if ((current.spec?.["nodeName"] ?? "") !== "") {
        throw refusal(409, "Conflict", `pod ${ref.name} is already assigned to a node`);
      }
      current.spec = { ...current.spec, nodeName: target.name };
      this.#replace(resource, this.#existing(resource, ref), current);
    } else if (subresource === "finalize") {
      current.spec = { ...(body as Loose).spec };
      this.#replace(resource, this.#existing(resource, ref), current);
    } else if (subresource === "token") return { status: { token: "a.b.c" } };
    return { kind: "Status", status: "Success" };
  }

  async read(path: string): Promise<unknown> {
    await Promise.resolve();
    if (path === "/apis") {
      const groups = [...new Set(KINDS.map(({ group }) => group))].filter((each) => each !== "");
      return {
        groups: groups.map((name) => {
          const version = KINDS.find(({ group }) => group === name)?.version ?? "";
          return { name, preferredVersion: { version } };
        }),
      };
    }
    const [, root = "", second = "", third = ""] = path.split("/");
    const [group, version] = root === "api" ? ["", second] : [second, third];
    const resources = KINDS.filter((each) => each.group === group && each.version === version);
    return {
      resources: resources.map(({ plural, kind, isNamespaced }) => {
        return { name: plural, kind, namespaced: isNamespaced, verbs: ALL_VERBS };
      }),
    };
  }

  async follow(resource: Resource, follower: Follower, signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    const watcher = { resource: nameOfResource(resource), follower };
    for (const object of this.all(resource)) follower.changed(object);
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
  }

  async #turn(verb: string, resource: Resource, object?: ApiObject): Promise<void> {
    await Promise.resolve();
    this.#requests.push(`${verb} ${nameOfResource(resource)}`);
    const refused = this.refuse(verb, resource, object);
    if (refused !== undefined) throw refused;
  }

  #of(resource: Resource): Map<string, ApiObject> {
    const name = nameOfResource(resource);
    const objects = this.#objects.get(name) ?? new Map<string, ApiObject>();
    this.#objects.set(name, objects);
    return objects;
  }

  #existing(resource: Resource, { namespace, name }: ObjectRef): ApiObject {
    const object = this.#of(resource).get(joinKey(namespace, name));
    if (object === undefined)
      throw refusal(404, "NotFound", `${resource.plural} "${name}" not found`);
    return object;
  }

  #refuseWhereEnding(namespace: string | undefined): void {
    const present = this.#of(RESOURCES.Namespace).get(namespace ?? "");
    if (present?.metadata.deletionTimestamp === undefined) return;
    throw new KubeError(403, {
      reason: "Forbidden",
      message: `unable to create new content in namespace ${namespace} because it is being terminated`,
      details: { causes: [{ reason: "NamespaceTerminating" }] },
    });
  }

  #unchanged(resource: Resource, given: ApiObject): ApiObject {
    const current = this.#existing(resource, given.metadata);
    const { resourceVersion } = given.metadata;
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw refusal(409, "Conflict", `${current.metadata.name}: the object has been modified`);
    }
    return current;
  }

  #replace(resource: Resource, current: ApiObject, object: ApiObject): ApiObject {
    const { uid, creationTimestamp, deletionTimestamp } = current.metadata;
    Object.assign(object.metadata, {
      uid,
      creationTimestamp,
      generation: current.metadata.generation,
    });
    if (deletionTimestamp !== undefined) object.metadata.deletionTimestamp = deletionTimestamp;
    if (!isSame((current as Loose).spec, (object as Loose).spec)) {
      object.metadata.generation = (current.metadata.generation ?? 0) + 1;
    }
    const { resourceVersion: _new, ...rest } = object.metadata;
    const { resourceVersion: _old, ...before } = current.metadata;
    if (isSame({ ...object, metadata: rest }, { ...current, metadata: before })) {
      return structuredClone(current);
    }
    if (deletionTimestamp !== undefined && isReleased(object) && resource.kind !== "Pod") {
      return this.#remove(resource, object);
    }
    return this.#store(resource, object);
  }

  #end(resource: Resource, current: ApiObject, settings: DeleteSettings): ApiObject {
    const object: Loose = structuredClone(current);
    const finalizers = object.metadata.finalizers ?? [];
    const policy = settings.propagationPolicy;
    if (policy === "Foreground") object.metadata.finalizers = [...finalizers, "foregroundDeletion"];
    if (policy === "Orphan") object.metadata.finalizers = [...finalizers, "orphan"];
    const isBound = resource.kind === "Pod" && (object.spec?.["nodeName"] ?? "") !== "";
    const hasGrace = isBound && settings.gracePeriodSeconds !== 0;
    object.metadata.deletionTimestamp ??= timestamp(this.#clock.nowMs());
    if (hasGrace || !isReleased(object)) return this.#store(resource, object);
    return this.#remove(resource, object);
  }

  #store(resource: Resource, object: ApiObject): ApiObject {
    object.metadata.resourceVersion = String(++this.#version);
    this.#of(resource).set(keyOf(object), object);
    this.#tell(resource, (follower, copy) => follower.changed(copy), object);
    return structuredClone(object);
  }

  #remove(resource: Resource, object: ApiObject): ApiObject {
    object.metadata.resourceVersion = String(++this.#version);
    this.#of(resource).delete(keyOf(object));
    this.#tell(resource, (follower, copy) => follower.deleted(copy), object);
    return structuredClone(object);
  }

  /** Each watcher has a queue of its own, so that events keep their order and watches differ. */
  readonly #tails = new Map<Watcher, Promise<void>>();

  #tell(
    resource: Resource,
    event: (follower: Follower, object: ApiObject) => void,
    object: ApiObject,
  ): void {
    for (const watcher of this.#watchers) {
      if (watcher.resource !== nameOfResource(resource)) continue;
      const copy = structuredClone(object);
      const turns = this.#random.below(this.maxLagTurns + 1);
      const tail = (this.#tails.get(watcher) ?? Promise.resolve()).then(async () => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        if (this.#watchers.has(watcher)) event(watcher.follower, copy);
      });
      this.#tails.set(watcher, tail);
    }
  }

  #suffix(): string {
    return this.#random.below(60_466_176).toString(36).padStart(5, "0");
  }
}

function isReleased(object: Loose): boolean {
  const held = object.metadata.finalizers ?? [];
  const spec = object.kind === "Namespace" ? (object.spec?.["finalizers"] as string[]) : [];
  return held.length === 0 && (spec ?? []).length === 0;
}

function refusal(status: number, reason: string, message: string): KubeError {
  return new KubeError(status, { code: status, reason, message });
}

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(typeof target === "object" ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merged(result[key], value);
  }
  return structuredClone(result);
}
