import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "#base";
import { type KubeClient, pathOf, RESOURCES } from "#kube";

const WATCHERS = 100;
const PATIENCE_MS = 60_000;
const POLL_MS = 1;
const NEWLINE = 0x0a;

/**
 * A hundred watches of one namespace's ConfigMaps, who count what they see and read none of it. A
 * server may end the watch of who is slow: it goes on from what it saw last, as informers do.
 */
export class Watches implements AsyncDisposable {
  /** By watcher, when it saw each event. */
  readonly seenMs: readonly number[][];
  readonly #ended = new AbortController();
  readonly #readers: readonly Promise<void>[];

  /** Answers when all of them will see whatever is written from now on. */
  static async open(client: KubeClient, namespace: string): Promise<Watches> {
    const { resourceVersion } = await client.list(RESOURCES.ConfigMap, { namespace, limit: 1 });
    return new Watches(client, pathOf(RESOURCES.ConfigMap, { namespace }), resourceVersion);
  }

  private constructor(client: KubeClient, path: string, version: string) {
    this.seenMs = Array.from({ length: WATCHERS }, () => []);
    this.#readers = this.seenMs.map((seen) => this.#read(client, path, version, seen));
  }

  /** Waits until the slowest watcher has seen so many. */
  async seen(count: number): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (this.seenMs.some((seen) => seen.length < count)) {
      if (performance.now() > endMs) {
        const least = Math.min(...this.seenMs.map((seen) => seen.length));
        throw new AppError("timeout", `A watcher saw ${least} of ${count} events and no more.`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Counts from nothing again. */
  forget(): void {
    for (const seen of this.seenMs) seen.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#readers);
  }

  async #read(client: KubeClient, path: string, first: string, seen: number[]): Promise<void> {
    let resourceVersion = first;
    while (!this.#ended.signal.aborted) {
      const query = new URLSearchParams({ watch: "true", resourceVersion });
      const last = await this.#readOne(client, `${path}?${query.toString()}`, seen);
      if (last !== undefined) resourceVersion = versionOf(last);
    }
  }

  /** Until the server ends it, or we do; answers the last line. */
  async #readOne(client: KubeClient, path: string, seen: number[]): Promise<string | undefined> {
    let last: Buffer | undefined;
    let begun: Buffer = Buffer.alloc(0);
    for await (const chunk of client.stream(path, this.#ended.signal)) {
      const nowMs = performance.now();
      begun = Buffer.concat([begun, chunk]);
      let from = 0;
      for (let to = begun.indexOf(NEWLINE); to !== -1; to = begun.indexOf(NEWLINE, from)) {
        seen.push(nowMs);
        last = begun.subarray(from, to);
        from = to + 1;
      }
      begun = begun.subarray(from);
    }
    return last?.toString();
  }
}

function versionOf(line: string): string {
  const { object } = JSON.parse(line) as { object?: { metadata?: { resourceVersion?: string } } };
  const version = object?.metadata?.resourceVersion;
  if (version === undefined) throw new AppError("watch", `A watch ended with ${line}`);
  return version;
}
