import type { TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";

interface TestWatch {
  before: (context: unknown) => Promise<void>;
  after: (context: unknown) => void;
  loading: (loaded: Promise<void>) => Promise<void>;
}

/**
 * Hooks around every test that end what runs for too long. Node has a time limit for all tests
 * only where it makes a process for each file.
 */
export function watchTests(timeoutMs: number): TestWatch {
  const timers = new WeakMap<AbortSignal, NodeJS.Timeout>();
  const overdue = new WeakSet<AbortSignal>();
  const tooLong = `it had not ended after ${timeoutMs / 1000} s`;
  return {
    async before(context) {
      const { signal } = context as TestContext;
      // The reporter hears of the test now, should it hold the thread.
      await nextTurn();
      const end = (): void => {
        overdue.add(signal);
        // The runner stops waiting for a test whose signal fires; `after` then fails it.
        signal.dispatchEvent(new Event("abort"));
      };
      // Holds the process: a test that waits for nothing else would end the run otherwise.
      timers.set(signal, setTimeout(end, timeoutMs));
    },
    after(context) {
      const { signal } = context as TestContext;
      clearTimeout(timers.get(signal));
      if (overdue.has(signal)) throw new Error(tooLong);
    },
    async loading(loaded) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(tooLong)), timeoutMs);
      });
      try {
        await Promise.race([loaded, limit]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
