import { AppError } from "./errors.ts";

/**
 * Does something with each item, also after one that failed; answers the failures by the items'
 * places. A mistake of the program ends it at once.
 */
export function tryEach<T>(items: readonly T[], act: (item: T) => void): Map<number, AppError> {
  const failures = new Map<number, AppError>();
  for (const [at, item] of items.entries()) {
    try {
      act(item);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      failures.set(at, error);
    }
  }
  return failures;
}
