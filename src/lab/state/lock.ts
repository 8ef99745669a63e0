/** Locks that go with their process, however it ends: names of sockets that are no files. */
import { once } from "node:events";
import { createServer } from "node:net";
import { AppError, type Clock } from "#base";

const POLL_MS = 100;

/** Undefined where another process has it. Held until it is disposed of. */
export async function tryLock(name: string): Promise<AsyncDisposable | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen(`\0ciliate-lab/${name}`);
  try {
    await once(server, "listening");
  } catch (error) {
    server.close();
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
  // It is there to be held, and keeps nobody alive.
  server.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** Waits for it; an error that says `what` is at work where that takes too long. */
export async function lock(
  name: string,
  options: { readonly what: string; readonly patienceMs: number; readonly clock: Clock },
): Promise<AsyncDisposable> {
  const { what, patienceMs, clock } = options;
  const endMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    const held = await tryLock(name);
    if (held !== undefined) return held;
    if (clock.monotonicMs() > endMs)
      throw new AppError("busy", `${what}: try again when it is done.`);
    await clock.sleep(POLL_MS);
  }
}
