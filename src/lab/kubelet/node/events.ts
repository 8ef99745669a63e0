import type { Clock } from "#base";
import type { Logger } from "#base/log";
import { type KubeClient, KubeError, type KubeObject, RESOURCES } from "#kube";
import { timestamp } from "../core/status.ts";

/** What an event is about. */
interface EventSubject {
  readonly kind: "Pod" | "Node";
  readonly name: string;
  readonly namespace: string | undefined;
  readonly uid: string | undefined;
  /** `spec.containers{web}`. */
  readonly fieldPath?: string;
}

interface Told {
  readonly name: string;
  count: number;
}

/** Of how many events it is remembered that they were told, so that they are counted up. */
const MAX_REMEMBERED = 4096;
/** How many wait to be sent; more are lost, as events are for people. */
const MAX_WAITING = 1000;

/** Tells of what happens, in objects that `kubectl describe` shows. It fails nobody. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #node: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #told = new Map<string, Told>();
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;
  #sequence = 0;

  constructor(client: KubeClient, node: string, clock: Clock, logger: Logger) {
    this.#client = client;
    this.#node = node;
    this.#clock = clock;
    this.#logger = logger;
  }

  record(subject: EventSubject, type: "Normal" | "Warning", reason: string, message: string): void {
    if (this.#waiting >= MAX_WAITING) return;
    this.#waiting += 1;
    this.#sending = this.#sending
      .then(() => this.#send(subject, type, reason, message))
      .catch((error: unknown) => this.#logger.debug("an event was not taken", { error, reason }))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Until all that were recorded are sent. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #send(subject: EventSubject, type: string, reason: string, message: string): Promise<void> {
    const key = JSON.stringify([subject, type, reason, message]);
    const namespace = subject.namespace ?? "default";
    const now = timestamp(this.#clock.nowMs());
    const told = this.#told.get(key);
    if (told !== undefined) {
      told.count += 1;
      const patch = { count: told.count, lastTimestamp: now };
      try {
        await this.#client.patch(RESOURCES.CoreEvent, { namespace, name: told.name }, patch, {
          type: "merge",
        });
        return;
      } catch (error) {
        if (!KubeError.is(error, "NotFound")) throw error;
      }
    }
    const name = this.#nameFor(subject.name);
    await this.#client.create(
      RESOURCES.CoreEvent,
      this.#event(name, namespace, subject, { type, reason, message, now }),
    );
    this.#remember(key, name);
  }

  #nameFor(subject: string): string {
    this.#sequence += 1;
    const unique = (BigInt(this.#clock.nowMs()) * 1_000_000n + BigInt(this.#sequence)).toString(16);
    return `${subject}.${unique}`;
  }

  #event(
    name: string,
    namespace: string,
    subject: EventSubject,
    { type, reason, message, now }: { type: string; reason: string; message: string; now: string },
  ): KubeObject {
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: "v1",
        kind: subject.kind,
        name: subject.name,
        ...(subject.namespace === undefined ? {} : { namespace: subject.namespace }),
        ...(subject.uid === undefined ? {} : { uid: subject.uid }),
        ...(subject.fieldPath === undefined ? {} : { fieldPath: subject.fieldPath }),
      },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: "kubelet", host: this.#node },
      reportingComponent: "kubelet",
      reportingInstance: this.#node,
    };
  }

  #remember(key: string, name: string): void {
    if (this.#told.size >= MAX_REMEMBERED) {
      const [oldest] = this.#told.keys();
      if (oldest !== undefined) this.#told.delete(oldest);
    }
    this.#told.set(key, { name, count: 1 });
  }
}
