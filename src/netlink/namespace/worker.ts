import { Worker } from "node:worker_threads";
import { AppError } from "#base";
import type { NamespaceRef } from "../model/link.ts";
import { withNamespace } from "./enter.ts";

/** Runs in the worker: plain JavaScript, so that sources and bundles need no file for it. */
const BOOTSTRAP = `
const { parentPort, workerData } = require("node:worker_threads");
(async () => {
  if (workerData.loader !== undefined) (await import(workerData.loader)).register();
  const module = await import(workerData.module);
  const result = await module.default(workerData.input);
  parentPort.postMessage({ result });
})().catch((error) => parentPort.postMessage({ error }));
`;

interface Started {
  result?: unknown;
  error?: unknown;
}

/**
 * A thread that lives in a namespace, for servers and clients that connect by themselves. It runs
 * the default export of a module with `input`, and is there once that has answered.
 */
export class NamespaceWorker implements AsyncDisposable {
  /** For messages beyond the first answer. */
  readonly worker: Worker;
  /** What the module's default export answered. */
  readonly result: unknown;

  private constructor(worker: Worker, result: unknown) {
    this.worker = worker;
    this.result = result;
  }

  /**
   * `module` is a file: URL. From sources it is TypeScript; a bundle has an entry for it, beside
   * the one that asks. `input` and the answer are copied from thread to thread.
   */
  static async start(
    namespace: NamespaceRef,
    module: URL,
    input?: unknown,
  ): Promise<NamespaceWorker> {
    const isSource = module.pathname.endsWith(".ts");
    const loader = isSource ? import.meta.resolve("tsx/esm/api") : undefined;
    const workerData = { loader, module: module.href, input };
    // A thread begins in the namespace of the one that starts it, which happens in here.
    const worker = withNamespace(
      namespace,
      () => new Worker(BOOTSTRAP, { eval: true, workerData, execArgv: [] }),
    );
    try {
      return new NamespaceWorker(worker, await firstAnswer(worker, module));
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.terminate();
  }
}

function firstAnswer(worker: Worker, module: URL): Promise<unknown> {
  const what = `running ${module.pathname} in a namespace`;
  return new Promise((resolve, reject) => {
    worker.once("message", ({ result, error }: Started) => {
      if (error === undefined) resolve(result);
      else reject(AppError.wrap(what, error));
    });
    worker.once("error", (error) => reject(AppError.wrap(what, error)));
    worker.once("exit", () => reject(new AppError("worker", `${what}: it ended before it began`)));
  });
}
