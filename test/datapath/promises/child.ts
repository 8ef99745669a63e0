/** Programs of `testdata`, run from sources in processes of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { NamespaceRef } from "#netlink";

/** How others than this process open a namespace that it has open. */
export function pathOf({ fd }: NamespaceRef): string {
  return `/proc/${process.pid}/fd/${fd}`;
}

export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #said: unknown[] = [];

  constructor(program: string, options: object) {
    const file = join(import.meta.dirname, "testdata", program);
    const args = ["--import", "tsx", file, JSON.stringify(options)];
    this.#process = spawn(process.execPath, args, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#exited = once(this.#process, "exit");
    this.#process.on("message", (message) => this.#said.push(message));
  }

  /** What it says next. Fails if it ends before. */
  async next(): Promise<unknown> {
    while (this.#said.length === 0) {
      const heard = once(this.#process, "message").then(() => true);
      const isAlive = await Promise.race([heard, this.#exited.then(() => false)]);
      if (!isAlive) throw new Error("a child has ended without another word");
    }
    return this.#said.shift();
  }

  /** Tells it something, and answers what it says to it. */
  async ask(message: unknown): Promise<unknown> {
    this.#process.send(message as object);
    return this.next();
  }

  /** By SIGKILL. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
