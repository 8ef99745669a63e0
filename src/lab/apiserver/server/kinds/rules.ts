/** What a kind has of its own when its objects are written. */
import type { KubeObject } from "../../schema/types.ts";
import type { ApiContext } from "../context.ts";
import type { Write } from "../write.ts";

/**
 * Called with objects that are decoded and nobody else's yet, which they change. They run at once,
 * between the read and the write of the store, and throw what the client is to be answered.
 */
export interface KindRules {
  /** Right after the object was read, whatever is to be done with it. */
  normalise?(object: KubeObject): void;
  create?(context: ApiContext, object: KubeObject, write: Write): void;
  /** Not called for subresources. */
  update?(context: ApiContext, object: KubeObject, old: KubeObject, write: Write): void;
  /** The object is about to leave the store. */
  remove?(context: ApiContext, object: KubeObject, write: Write): void;
  /** What a first deletion makes of the object, for kinds that outlive it in a way of their own. */
  leave?(object: KubeObject, now: string): KubeObject;
  /** Refuses a deletion by throwing. */
  checkDelete?(object: KubeObject): void;
}
