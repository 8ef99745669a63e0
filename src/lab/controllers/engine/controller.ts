/** A loop for one kind of thing: changes become keys, keys become plans, plans are carried out. */
import { AssertionError } from "#base";
import type { Logger } from "#base/log";
import type { ApiObject } from "../model/object.ts";
import { isConflict, isNamespaceEnding, isNotFound, messageOf } from "./api.ts";
import type { Change, ObjectCache } from "./cache.ts";
import type { Context } from "./context.ts";
import { execute } from "./execute.ts";
import type { Plan } from "./operations.ts";
import { WorkQueue } from "./work-queue.ts";

interface ControllerSpec {
  /** Its name in Kubernetes, which stands in events: `replicaset-controller`. */
  readonly name: string;
  readonly workers?: number;
  /** What to do for this key now. */
  readonly plan: (key: string) => Plan | Promise<Plan>;
  /** After a plan has failed, instead of nothing: what to say about it. */
  readonly onFailure?: (key: string, error: unknown) => Plan;
}

const WORKERS = 5;
/** So many failures in a row are worth a line in the log. */
const NOTABLE_FAILURES = 5;

export class Controller implements AsyncDisposable {
  readonly #context: Context;
  readonly #spec: ControllerSpec;
  readonly #queue: WorkQueue;
  readonly #logger: Logger;

  constructor(context: Context, spec: ControllerSpec) {
    this.#context = context;
    this.#spec = spec;
    this.#logger = context.logger.child(spec.name);
    this.#queue = new WorkQueue({
      clock: context.clock,
      workers: spec.workers ?? WORKERS,
      work: (key) => this.#work(key),
    });
  }

  /** Adds the keys that a change of this resource concerns. */
  on<T extends ApiObject>(
    cache: ObjectCache<T>,
    keys: (change: Change<T>) => readonly string[],
  ): this {
    cache.onChange((change) => {
      for (const key of keys(change)) this.#queue.add(key);
    });
    return this;
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  addAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms);
  }

  /** Once every cache is filled. */
  start(): void {
    this.#queue.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
  }

  async #work(key: string): Promise<void> {
    if (this.#context.signal.aborted) return;
    try {
      const { operations, againInMs } = await this.#spec.plan(key);
      await execute(this.#context, this.#spec.name, operations);
      this.#queue.forget(key);
      if (againInMs !== undefined) this.#queue.addAfter(key, againInMs);
    } catch (error) {
      await this.#failed(key, error);
    }
  }

  async #failed(key: string, error: unknown): Promise<void> {
    if (this.#context.signal.aborted) return;
    if (isNamespaceEnding(error)) {
      this.#queue.forget(key);
      return;
    }
    this.#log(key, error);
    try {
      const plan = this.#spec.onFailure?.(key, error);
      if (plan !== undefined) await execute(this.#context, this.#spec.name, plan.operations);
    } catch (second) {
      this.#log(key, second);
    }
    this.#queue.retry(key);
  }

  #log(key: string, error: unknown): void {
    const fields = { key, error: messageOf(error) };
    if (error instanceof AssertionError) this.#logger.error("a mistake of the program", fields);
    else if (this.#queue.failures(key) === NOTABLE_FAILURES) {
      this.#logger.warn("work fails again and again", fields);
    } else if (isConflict(error) || isNotFound(error)) {
      this.#logger.debug("the object has changed meanwhile", fields);
    } else this.#logger.info("work failed and is tried again", fields);
  }
}
