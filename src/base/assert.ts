/** A mistake of this program, as opposed to anything that input or the machine can bring. */
export class AssertionError extends Error {
  override readonly name: string = "AssertionError";
}

/** States what must be so whatever comes from outside. Stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Narrows away `undefined` and `null` where the code around proves that they cannot be. */
export function assertDefined<T>(value: T | undefined | null, message: string): T {
  assert(value !== undefined && value !== null, message);
  return value;
}

/** Stands where the types say that no case is left. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
