/**
 * Events about objects. The same event again is counted on the one that is there. Nothing depends
 * on them: one that cannot be written is logged and dropped.
 */
import { hostname } from "node:os";
import type { Clock } from "#base";
import type { Logger } from "#base/log";
import type { ApiObject } from "../model/object.ts";
import { microTimestamp, timestamp } from "../model/time.ts";
import { type Api, isNotFound, messageOf } from "./api.ts";
import type { EventText } from "./operations.ts";
import { EVENTS } from "./resources.ts";

interface Recorded {
  name: string;
  count: number;
}

/** How many different events are remembered for counting. */
const MAX_REMEMBERED = 4_096;
/** How many wait to be written; more are dropped. */
const MAX_PENDING = 1_000;
const HEX = 16;
const NANOSECONDS_A_MILLISECOND = 1_000_000;

export class EventRecorder implements AsyncDisposable {
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #recorded = new Map<string, Recorded>();
  #pending = 0;
  #sequence = 0;
  #isClosed = false;
  /** Events are written one after the other, so that they keep their order. */
  #tail: Promise<void> = Promise.resolve();

  constructor({ api, clock, logger }: { api: Api; clock: Clock; logger: Logger }) {
    this.#api = api;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** `component` is who says it: `deployment-controller`. */
  record(component: string, about: ApiObject, event: EventText): void {
    if (this.#isClosed) return;
    if (this.#pending >= MAX_PENDING) {
      this.#logger.warn("too many events at once, one was dropped", { reason: event.reason });
      return;
    }
    this.#pending++;
    const nowMs = this.#clock.nowMs();
    this.#tail = this.#tail.then(async () => {
      try {
        await this.#write(component, about, event, nowMs);
      } catch (error) {
        const fields = { reason: event.reason, error: messageOf(error) };
        this.#logger.debug("an event could not be written", fields);
      } finally {
        this.#pending--;
      }
    });
  }

  /** Resolves once what was recorded so far is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#tail;
  }

  async #write(
    component: string,
    about: ApiObject,
    event: EventText,
    nowMs: number,
  ): Promise<void> {
    const id = [component, about.kind, about.metadata.uid, event.type, event.reason, event.message];
    const key = JSON.stringify(id);
    const namespace = about.metadata.namespace ?? "default";
    const known = this.#recorded.get(key);
    if (known !== undefined && (await this.#count(namespace, known, event, nowMs))) return;
    const name = `${about.metadata.name}.${this.#suffix(nowMs)}`;
    await this.#api.create(EVENTS, newEvent({ component, about, event, namespace, name, nowMs }));
    this.#remember(key, { name, count: 1 });
  }

  /** Nanoseconds, as in everybody's names of events: lists by name are lists by time. */
  #suffix(nowMs: number): string {
    this.#sequence = (this.#sequence + 1) % NANOSECONDS_A_MILLISECOND;
    return (BigInt(nowMs) * BigInt(NANOSECONDS_A_MILLISECOND) + BigInt(this.#sequence)).toString(
      HEX,
    );
  }

  async #count(
    namespace: string,
    known: Recorded,
    { action }: EventText,
    nowMs: number,
  ): Promise<boolean> {
    known.count++;
    const { count } = known;
    const patch =
      action === undefined
        ? { count, lastTimestamp: timestamp(nowMs) }
        : { series: { count, lastObservedTime: microTimestamp(nowMs) } };
    try {
      await this.#api.patch(EVENTS, { namespace, name: known.name }, patch);
      return true;
    } catch (error) {
      // Events go after an hour: it is told anew.
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  #remember(key: string, recorded: Recorded): void {
    this.#recorded.delete(key);
    this.#recorded.set(key, recorded);
    for (const oldest of this.#recorded.keys()) {
      if (this.#recorded.size <= MAX_REMEMBERED) break;
      this.#recorded.delete(oldest);
    }
  }
}

interface EventFacts {
  component: string;
  about: ApiObject;
  event: EventText;
  namespace: string;
  name: string;
  nowMs: number;
}

function newEvent({
  component,
  about,
  event,
  namespace,
  name,
  nowMs,
}: EventFacts): ApiObject & Record<string, unknown> {
  const { metadata } = about;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
    },
    type: event.type,
    reason: event.reason,
    message: event.message,
    reportingComponent: component,
    ...(event.action === undefined
      ? {
          source: { component },
          reportingInstance: "",
          count: 1,
          firstTimestamp: timestamp(nowMs),
          lastTimestamp: timestamp(nowMs),
        }
      : {
          action: event.action,
          reportingInstance: `${component}-${hostname()}`,
          eventTime: microTimestamp(nowMs),
        }),
  };
}
