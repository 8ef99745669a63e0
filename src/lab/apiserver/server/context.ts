/** What the handlers of a server share. */
import type { Clock } from "#base";
import type { Logger } from "#base/log";
import type { SchemaSet } from "../schema/types.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { ServiceAllocator } from "./kinds/service-allocator.ts";
import type { TokenIssuer } from "./tokens.ts";

export interface ApiContext {
  readonly store: ObjectStore;
  readonly schemas: SchemaSet;
  readonly clock: Clock;
  readonly log: Logger;
  readonly services: ServiceAllocator;
  readonly tokens: TokenIssuer;
}

/** Now, as timestamps of objects have it. */
export function timestamp(clock: Clock): string {
  return timestampOf(clock.nowMs());
}

export function timestampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}
