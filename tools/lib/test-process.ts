// What the process that runs tests and the one that started it have to agree on.

/** How long a test may take, unless its own `timeout` is shorter. */
const TEST_TIMEOUT_MS = 120_000;

export const testTimeoutMs: number = Number(
  process.env["CILIATE_TEST_TIMEOUT_MS"] ?? TEST_TIMEOUT_MS,
);

/** The name of the last test of each process, in the place of a file too. It is not counted. */
export const LEAK_CHECK = "leak check";

/** What runs now: sent by the process that runs tests. */
export interface Running {
  file: string;
  test: string;
}

export function tellParent(running: Running): void {
  // Written at once, so that it arrives even when the test then holds the thread.
  if (process.connected) process.send?.(running);
}
