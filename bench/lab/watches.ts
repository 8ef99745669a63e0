import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "#base";
import { type KubeClient, pathOf, RESOURCES } from "#kube";

const WATCHERS = 100;
const PATIENCE_MS = 60_000;
const POLL_MS = 1;
const NEWLINE = 0x0a;

/** A hundred watches of one namespace's ConfigMaps, who count what they see and read none of it. */
export class Watches implements AsyncDisposable {
  /** By watcher, when it saw each event. */
  readonly seenMs: readonly number[][];
  readonly #ended = new AbortController();
  readonly #readers: readonly Promise<void>[];

  /** Answers when all of them will see whatever is written from now on. */
  static async open(client: KubeClient, namespace: string): Promise<Watches> {
    const { resourceVersion } = await client.list(RESOURCES.ConfigMap, { namespace, limit: 1 });
    const query = new URLSearchParams({ watch: "true", resourceVersion });
    return new Watches(client, `${pathOf(RESOURCES.ConfigMap, { namespace })}?${query.toString()}`);
  }

  private constructor(client: KubeClient, path: string) {
    this.seenMs = Array.from({ length: WATCHERS }, () => []);
    this.#readers = this.seenMs.map((seen) => this.#read(client, path, seen));
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

  async #read(client: KubeClient, path: string, seen: number[]): Promise<void> {
    for await (const chunk of client.stream(path, this.#ended.signal)) {
      const nowMs = performance.now();
      for (const byte of chunk) if (byte === NEWLINE) seen.push(nowMs);
    }
  }
}
