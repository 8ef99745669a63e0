import { badRequest } from "./status-error.ts";
import type { Json } from "./types.ts";

/** Kubernetes' own JSON reader refuses more; what walks values by recursion relies on it. */
export const MAX_DEPTH = 1_000;

/** Refuses values nested deeper than MAX_DEPTH, and what JSON cannot have. */
export function checkJson(value: unknown): asserts value is Json {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw badRequest(`the object is nested deeper than ${MAX_DEPTH} levels`);
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each === "object" && each !== null) {
        for (const inner of Object.values(each)) {
          if (typeof inner === "object" && inner !== null) next.push(inner);
          else checkScalar(inner);
        }
      } else {
        checkScalar(each);
      }
    }
    level = next;
  }
}

function checkScalar(value: unknown): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  throw badRequest(`the object holds a value of type ${typeof value}, which JSON does not have`);
}
