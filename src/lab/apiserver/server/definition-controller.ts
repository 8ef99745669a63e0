/**
 * What follows of CustomResourceDefinitions: their resources are served, their conditions say so,
 * and when one goes, its objects go first.
 */
import type { JsonObject, KubeObject, ServedResource } from "../schema/types.ts";
import { listPrefix } from "../store/keys.ts";
import type { StoredObject, StoreWatch } from "../store/types.ts";
import type { ApiContext } from "./context.ts";
import { ANONYMOUS } from "./authentication.ts";
import { toStatusError } from "./errors.ts";
import { acceptNames, type Conflict } from "./definition-names.ts";
import { asRecord, at, isEqualJson, recordsAt, textAt } from "./json.ts";
import { CLEANUP_FINALIZER, type Condition, withCondition } from "./kinds/definitions.ts";
import { commit, type Place, Removal } from "./resources/commit.ts";
import { deleteObject } from "./resources/delete-object.ts";
import { isFinished } from "./resources/write-object.ts";
import { Write } from "./write.ts";

const GROUP = "apiextensions.k8s.io";
const PLURAL = "customresourcedefinitions";
const PREFIX = listPrefix(GROUP, PLURAL);
/** How long objects with finalizers of their own are waited for before looking again. */
const CLEANUP_RETRY_MS = 500;
const WRITER = {
  isDryRun: false,
  fieldManager: "kube-apiserver",
  fieldValidation: "Ignore",
  user: ANONYMOUS,
} as const;

export class DefinitionController implements AsyncDisposable {
  readonly #context: ApiContext;
  readonly #watch: StoreWatch;
  readonly #running: Promise<void>;
  /** Of what the registry knows: what its definition was counted at. */
  readonly #defined = new Map<string, string>();
  readonly #timers = new Set<Disposable>();
  #isClosed = false;

  /** Serves at once what the store has. */
  constructor(context: ApiContext) {
    this.#context = context;
    const page = context.store.list(PREFIX);
    this.#watch = context.store.watch(PREFIX, page.revision);
    for (const stored of page.items) this.#define(objectOf(stored));
    this.#running = this.#run(page.items);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#watch.close();
    for (const timer of this.#timers) timer[Symbol.dispose]();
    await this.#running;
  }

  async #run(first: readonly StoredObject[]): Promise<void> {
    for (const stored of first) await this.#settle(objectOf(stored));
    for (;;) {
      const events = await this.#watch.next();
      if (events === undefined) return;
      for (const { type, stored } of events) {
        const definition = objectOf(stored);
        if (type === "DELETED") {
          this.#undefine(definition);
          await this.#settleOthers(definition);
        } else {
          this.#define(definition);
          await this.#settle(definition);
        }
      }
    }
  }

  #define(definition: KubeObject): void {
    const { name = "", uid, generation, deletionTimestamp } = definition.metadata;
    const names = JSON.stringify(at(definition, "status", "acceptedNames") ?? {});
    const state = [uid, generation, deletionTimestamp, names].join(" ");
    if (this.#defined.get(name) === state || !isEstablished(definition)) return;
    this.#defined.set(name, state);
    this.#context.schemas.registry.define(definition);
  }

  #undefine({ metadata: { name = "" } }: KubeObject): void {
    if (this.#defined.delete(name)) this.#context.schemas.registry.undefine(name);
  }

  /** The other definitions of the group, as the store has them. */
  #others(definition: KubeObject): KubeObject[] {
    const group = textAt(definition, "spec", "group");
    return this.#context.store
      .list(PREFIX)
      .items.map(objectOf)
      .filter((one) => textAt(one, "spec", "group") === group)
      .filter((one) => one.metadata.name !== definition.metadata.name);
  }

  /** Brings status and finalizer to where they should be. Failures are logged and tried again. */
  async #settle(definition: KubeObject): Promise<void> {
    try {
      if (definition.metadata.deletionTimestamp === undefined) await this.#establish(definition);
      else await this.#cleanUp(definition);
    } catch (error) {
      if (this.#isClosed || toStatusError(error).status === 404) return;
      const name = definition.metadata.name ?? "";
      this.#context.log.warn("a CustomResourceDefinition cannot be settled", {
        name,
        why: toStatusError(error).message,
      });
      this.#later(name);
    }
  }

  async #establish(definition: KubeObject): Promise<void> {
    const { accepted, conflict } = acceptNames(definition, this.#others(definition));
    const wanted = conditionsOf(definition, conflict);
    const isSame = wanted.every((one) => hasCondition(definition, one));
    if (isSame && isEqualJson(accepted, at(definition, "status", "acceptedNames"))) return;
    await this.#change(definition, (old, now) => {
      const status = asRecord(old["status"]) ?? {};
      const named: KubeObject = { ...old, status: { ...status, acceptedNames: accepted } };
      const next = wanted.reduce((one, each) => withCondition(one, each, now), named);
      // Who reads that it is established finds it served.
      this.#define(next);
      return next;
    });
  }

  /** Names that have become free may be what other definitions wait for. */
  async #settleOthers(definition: KubeObject): Promise<void> {
    for (const other of this.#others(definition)) await this.#settle(other);
  }

  async #cleanUp(definition: KubeObject): Promise<void> {
    const { name = "", finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) return;
    if (!hasCondition(definition, IN_PROGRESS)) {
      // What this changes comes back as an event.
      await this.#change(definition, (old, now) => withCondition(old, IN_PROGRESS, now));
      return;
    }
    if ((await this.#deleteObjects(definition)) > 0) {
      this.#later(name);
      return;
    }
    await this.#change(definition, (old) => {
      const left = (old.metadata.finalizers ?? []).filter((one) => one !== CLEANUP_FINALIZER);
      const metadata = { ...old.metadata, finalizers: left };
      if (left.length === 0) delete (metadata as JsonObject)["finalizers"];
      return { ...old, metadata };
    });
  }

  /** Answers how many are left, held by finalizers of their own. */
  async #deleteObjects(definition: KubeObject): Promise<number> {
    const { store, schemas } = this.#context;
    const group = textAt(definition, "spec", "group");
    const plural = textAt(definition, "spec", "names", "plural");
    const resource = schemas.registry
      .resources()
      .find((one) => one.group === group && one.plural === plural);
    if (resource === undefined) return 0;
    const prefix = listPrefix(group, plural);
    for (const stored of store.list(prefix).items) {
      const { metadata } = objectOf(stored);
      if (metadata.deletionTimestamp !== undefined) continue;
      await this.#delete(resource, metadata.namespace ?? "", metadata.name ?? "");
    }
    return store.list(prefix).items.length;
  }

  async #delete(resource: ServedResource, namespace: string, name: string): Promise<void> {
    const options = {
      gracePeriodSeconds: undefined,
      propagation: undefined,
      uid: undefined,
      resourceVersion: undefined,
      isDryRun: false,
    };
    const write = new Write(this.#context, WRITER);
    await deleteObject(this.#context, { resource, namespace, name }, options, write);
  }

  async #change(
    definition: KubeObject,
    change: (old: KubeObject, now: string) => KubeObject,
  ): Promise<void> {
    const resource = this.#context.schemas.registry.find(GROUP, "v1", PLURAL);
    if (resource === undefined) return;
    const place: Place = { resource, namespace: "", name: definition.metadata.name ?? "" };
    const write = new Write(this.#context, WRITER);
    await commit(this.#context, place, write, (old) => {
      if (old === undefined || old.metadata.uid !== definition.metadata.uid) return "unchanged";
      const next = change(old, write.now);
      return isFinished(next) ? new Removal(next) : next;
    });
  }

  #later(name: string): void {
    if (this.#isClosed) return;
    const timer = this.#context.clock.setTimer(CLEANUP_RETRY_MS, () => {
      this.#timers.delete(timer);
      const stored = this.#context.store.get(`${PREFIX}${name}`);
      if (stored !== undefined && !this.#isClosed) void this.#settle(objectOf(stored));
    });
    this.#timers.add(timer);
  }
}

function objectOf(stored: StoredObject): KubeObject {
  return stored.object as unknown as KubeObject;
}

const IN_PROGRESS: Condition = {
  type: "Terminating",
  status: "True",
  reason: "InstanceDeletionInProgress",
  message: "CustomResource deletion is in progress",
};

function hasCondition(definition: KubeObject, wanted: Condition): boolean {
  return recordsAt(definition, "status", "conditions").some(
    ({ type, status, reason, message }) =>
      type === wanted.type &&
      status === wanted.status &&
      reason === wanted.reason &&
      message === wanted.message,
  );
}

function isEstablished(definition: KubeObject): boolean {
  return recordsAt(definition, "status", "conditions").some(
    ({ type, status }) => type === "Established" && status === "True",
  );
}

/** Once established, a definition stays so, whatever names it asks for. */
function conditionsOf(definition: KubeObject, conflict: Conflict | undefined): Condition[] {
  const names =
    conflict === undefined
      ? condition("NamesAccepted", true, "NoConflicts", "no conflicts found")
      : condition("NamesAccepted", false, conflict.reason, conflict.message);
  if (isEstablished(definition)) return [names];
  const established =
    conflict === undefined
      ? condition(
          "Established",
          true,
          "InitialNamesAccepted",
          "the initial names have been accepted",
        )
      : condition("Established", false, "NotAccepted", "not all names are accepted");
  return [names, established];
}

function condition(type: string, is: boolean, reason: string, message: string): Condition {
  return { type, status: is ? "True" : "False", reason, message };
}
