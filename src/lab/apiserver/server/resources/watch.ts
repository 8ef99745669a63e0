/** Watches: events as lines of JSON, for as long as the client stays or its time lasts. */
import type { ServerResponse } from "node:http";
import type { Clock } from "#base";
import { StatusError } from "../../schema/status-error.ts";
import type { KubeObject, ServedResource } from "../../schema/types.ts";
import { StoreError } from "../../store/errors.ts";
import type { StoredObject, StoreEvent, StoreWatch } from "../../store/types.ts";
import type { ApiContext } from "../context.ts";
import { expired, plainError, statusObject } from "../errors.ts";
import { integerParam } from "../options.ts";
import { isTrue } from "../request.ts";
import { metadataOnly, table, type FormOptions } from "./form.ts";
import { apiVersionOf, prefixOf, served, servedJson } from "./place.ts";
import { fromTheFuture, revisionProblem, type Selection, selectionOf } from "./read.ts";

/** How long a watch lasts where the client does not say; real ones last half an hour or more. */
const DEFAULT_SECONDS = 1_800;
const MAX_SECONDS = 24 * 3_600;
const BOOKMARK_INTERVAL_MS = 60_000;
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

type EventType = "ADDED" | "MODIFIED" | "DELETED";

interface WatchRequest {
  readonly resource: ServedResource;
  readonly namespace: string;
  /** Of one object, where the path names one. */
  readonly name: string;
  readonly params: URLSearchParams;
  readonly form: FormOptions;
}

/** Throws before it has answered anything; later failures are events of the stream. */
export async function serveWatch(
  context: ApiContext,
  request: WatchRequest,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const stream = new WatchStream(context, request, response);
  await stream.run(signal);
}

interface WatchStart {
  readonly revision: number;
  /** Told as ADDED before anything else. */
  readonly items: readonly StoredObject[];
  /** Whether a bookmark says that this was all. */
  readonly hasEnd: boolean;
}

class WatchStream {
  readonly #context: ApiContext;
  readonly #request: WatchRequest;
  readonly #response: ServerResponse;
  readonly #selection: Selection | undefined;
  readonly #hasBookmarks: boolean;
  readonly #lines: EventLines;

  constructor(context: ApiContext, request: WatchRequest, response: ServerResponse) {
    this.#context = context;
    this.#request = request;
    this.#response = response;
    const { resource, params, name } = request;
    this.#selection = selectionOf(resource, params, name);
    this.#hasBookmarks = isTrue(params.get("allowWatchBookmarks"));
    this.#lines = new EventLines(resource, request.form, context.clock);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { params, resource, namespace } = this.#request;
    const seconds = integerParam(params, "timeoutSeconds") ?? 0;
    const timeoutMs = Math.min(seconds > 0 ? seconds : DEFAULT_SECONDS, MAX_SECONDS) * 1_000;
    const start = this.#start();
    const watch = this.#open(prefixOf(resource, namespace), start);
    this.#response.writeHead(200, { "content-type": "application/json" });
    this.#response.flushHeaders();
    if (watch instanceof StatusError) {
      this.#fail(watch);
      return;
    }
    using _watch = watch;
    const close = (): void => watch.close();
    signal.addEventListener("abort", close, { once: true });
    using _timeout = this.#context.clock.setTimer(timeoutMs, close);
    using bookmarks = new Repeater(this.#context, BOOKMARK_INTERVAL_MS, () =>
      this.#bookmark(watch.revision),
    );
    if (!this.#hasBookmarks) bookmarks[Symbol.dispose]();
    try {
      await this.#initial(start);
      await this.#follow(watch, signal);
      if (!signal.aborted) this.#bookmark(watch.revision);
    } finally {
      signal.removeEventListener("abort", close);
      this.#response.end();
    }
  }

  /** The failure is for the stream to tell. */
  #open(prefix: string, { revision, hasEnd }: WatchStart): StoreWatch | StatusError {
    const { store } = this.#context;
    if (hasEnd && revision > store.revision) return fromTheFuture(revision, store.revision);
    try {
      return store.watch(prefix, revision);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "expired") throw error;
      const { floor } = error.fields;
      return expired(`too old resource version: ${revision} (${String(floor)})`);
    }
  }

  /** From which revision on, and what is told first. */
  #start(): WatchStart {
    const { params, resource, namespace } = this.#request;
    const text = params.get("resourceVersion") ?? "";
    const problem = text === "" ? undefined : revisionProblem(text);
    if (problem !== undefined) throw plainError(problem);
    const wantsInitial = params.get("sendInitialEvents");
    const hasEnd = isTrue(wantsInitial);
    if (!hasEnd && text !== "" && text !== "0") {
      return { revision: Number(text), items: [], hasEnd };
    }
    if (wantsInitial !== null && !hasEnd) {
      return { revision: this.#context.store.revision, items: [], hasEnd };
    }
    const { store } = this.#context;
    if (Number(text) > store.revision) return { revision: Number(text), items: [], hasEnd };
    const filter = this.#selection;
    const page = this.#context.store.list(prefixOf(resource, namespace), filter && { filter });
    return { revision: page.revision, items: page.items, hasEnd };
  }

  async #initial(start: WatchStart): Promise<void> {
    const lines = start.items.map((stored) => this.#lines.line("ADDED", stored));
    if (start.hasEnd && this.#hasBookmarks) lines.push(this.#lines.bookmark(start.revision, true));
    await this.#write(lines);
  }

  async #follow(watch: StoreWatch, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let events: readonly StoreEvent[] | undefined;
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next events come when they come
        events = await watch.next();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#fail(expired("the watch fell behind, and what it missed is no longer kept"));
        return;
      }
      if (events === undefined) return;
      const lines = events.flatMap((event) => this.#linesOf(event));
      // oxlint-disable-next-line no-await-in-loop -- a slow reader is waited for
      await this.#write(lines);
    }
  }

  #linesOf(event: StoreEvent): Buffer[] {
    const { stored, previous, type } = event;
    const selection = this.#selection;
    if (selection === undefined) return [this.#lines.line(type, stored, event)];
    if (type === "DELETED") {
      return selection(stored) ? [this.#lines.line(type, stored, event)] : [];
    }
    const is = selection(stored);
    const was = previous !== undefined && selection(previous);
    if (is) return [this.#lines.line(was ? "MODIFIED" : "ADDED", stored, event)];
    // What leaves the selection is told as it was in it, at the version that took it out.
    return was && previous !== undefined ? [this.#lines.left(previous, stored.revision)] : [];
  }

  #bookmark(revision: number): void {
    if (this.#hasBookmarks) this.#response.write(this.#lines.bookmark(revision, false));
  }

  #fail(error: StatusError): void {
    const event = { type: "ERROR", object: statusObject(error) };
    this.#response.end(`${JSON.stringify(event)}\n`);
  }

  /** Waits for a client that does not read; the store's window is the limit of its patience. */
  async #write(lines: readonly Buffer[]): Promise<void> {
    if (lines.length === 0 || this.#response.destroyed) return;
    const bytes = lines.length === 1 ? lines[0] : Buffer.concat(lines);
    if (this.#response.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.off("drain", done);
        this.#response.off("close", done);
        resolve();
      };
      this.#response.on("drain", done);
      this.#response.on("close", done);
    });
  }
}

/** Lines of plain watches are the same for everybody, and made once for each event. */
const PLAIN_LINES = new WeakMap<StoreEvent, Map<string, Buffer>>();

class EventLines {
  readonly #resource: ServedResource;
  readonly #form: FormOptions;
  readonly #clock: Clock;
  #hasColumns = true;

  constructor(resource: ServedResource, form: FormOptions, clock: Clock) {
    this.#resource = resource;
    this.#form = form;
    this.#clock = clock;
  }

  /** With the event that brings the state, where one does. */
  line(type: EventType, stored: StoredObject, event?: StoreEvent): Buffer {
    const { form, version } = this.#form.answer;
    if (form === "object") {
      return event === undefined ? this.#plain(type, stored) : this.#shared(type, stored, event);
    }
    const object = served(this.#resource, stored);
    if (form === "Table") return lineOf(type, this.#table(object));
    return lineOf(type, metadataOnly(object, version));
  }

  /** Of an object that the watch does not see any more. */
  left(previous: StoredObject, revision: number): Buffer {
    const object = served(this.#resource, previous);
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    const last: KubeObject = { ...object, metadata };
    const { form, version } = this.#form.answer;
    if (form === "Table") return lineOf("DELETED", this.#table(last));
    return lineOf("DELETED", form === "object" ? last : metadataOnly(last, version));
  }

  /** With nothing but a revision, from which a watch can be resumed. */
  bookmark(revision: number, isEndOfInitial: boolean): Buffer {
    const annotations = isEndOfInitial ? { annotations: { [INITIAL_EVENTS_END]: "true" } } : {};
    const object: KubeObject = {
      kind: this.#resource.kind,
      apiVersion: apiVersionOf(this.#resource),
      metadata: {
        resourceVersion: String(revision),
        ...annotations,
      },
    };
    const { form, version } = this.#form.answer;
    if (form === "Table") return lineOf("BOOKMARK", this.#table(object));
    return lineOf("BOOKMARK", form === "object" ? object : metadataOnly(object, version));
  }

  #table(object: KubeObject): object {
    const { resourceVersion = "" } = object.metadata;
    // Ages are those of the moment of the event, and not of the watch's start.
    const form = { ...this.#form, nowMs: this.#clock.nowMs() };
    const made = table(this.#resource, [object], { resourceVersion }, form, this.#hasColumns);
    this.#hasColumns = false;
    return made;
  }

  #shared(type: EventType, stored: StoredObject, event: StoreEvent): Buffer {
    const key = `${type} ${apiVersionOf(this.#resource)}`;
    let lines = PLAIN_LINES.get(event);
    if (lines === undefined) {
      lines = new Map();
      PLAIN_LINES.set(event, lines);
    }
    const line = lines.get(key) ?? this.#plain(type, stored);
    lines.set(key, line);
    return line;
  }

  #plain(type: EventType, stored: StoredObject): Buffer {
    const json = servedJson(this.#resource, stored);
    return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), json, LINE_END]);
  }
}

const LINE_END = Buffer.from("}\n");

function lineOf(type: string, object: object): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}

/** Runs again and again until it is disposed of. */
class Repeater implements Disposable {
  #timer: Disposable | undefined;

  constructor({ clock }: ApiContext, intervalMs: number, run: () => void) {
    const again = (): void => {
      this.#timer = clock.setTimer(intervalMs, () => {
        run();
        again();
      });
    };
    again();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
