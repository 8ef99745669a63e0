import { randomFill } from "node:crypto";

let isWarm = false;

/**
 * Starts the threads that Node does slow work on, which are those of the whole process. They keep
 * for ever the namespace of the thread that needed them first; so call this in the main thread
 * before any other is in a namespace. `withNamespace` does it by itself.
 */
export function warmThreadPool(): void {
  if (isWarm) return;
  isWarm = true;
  // The threads are there as soon as the first task is submitted, whatever becomes of it.
  randomFill(new Uint8Array(1), () => {});
}
