/** Freezes an object and all that it holds. Typed arrays and what is frozen already stay as they are. */
export function deepFreeze<T extends object>(object: T): T {
  if (Object.isFrozen(object) || ArrayBuffer.isView(object)) return object;
  Object.freeze(object);
  for (const value of Object.values(object)) {
    if (typeof value === "object" && value !== null) deepFreeze(value as object);
  }
  return object;
}
