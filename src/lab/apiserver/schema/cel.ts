import { isObject } from "./node.ts";
import type { KubeObject } from "./types.ts";

const RULES = "x-kubernetes-validations";

/** What a client is told whose definition says more than is held to here. */
export function celWarnings(definition: KubeObject): string[] {
  return hasRules(definition)
    ? [
        `rules in CEL (${RULES}) are kept, but not evaluated: this is not supported by the lab's API server`,
      ]
    : [];
}

function hasRules(definition: KubeObject): boolean {
  let open: unknown[] = [definition["spec"]];
  while (open.length > 0) {
    const next: unknown[] = [];
    for (const each of open) {
      if (isObject(each) && Array.isArray(each[RULES])) return true;
      if (typeof each === "object" && each !== null) next.push(...Object.values(each));
    }
    open = next;
  }
  return false;
}
