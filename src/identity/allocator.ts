import { AppError, assert } from "#base";
import type { Labels } from "./labels.ts";
import { CLUSTER_FIRST, CLUSTER_LAST, SCOPE, SCOPE_SIZE } from "./reserved.ts";

export type IdentityScope = "cluster" | "local" | "remote-node";

/** Gives each set of labels one number, and takes it back when nobody holds it any more. */
export interface IdentityAllocator {
  /** The number of these labels, held once more. */
  acquire(labels: Labels, scope: IdentityScope): number;
  /** Holds the number once less; answers whether that was the last. */
  release(id: number): boolean;
}

interface Held {
  readonly labels: Labels;
  readonly name: string;
  count: number;
}

interface Range {
  readonly first: number;
  readonly count: number;
}

const RANGES: Readonly<Record<IdentityScope, Range>> = {
  cluster: { first: CLUSTER_FIRST, count: CLUSTER_LAST - CLUSTER_FIRST + 1 },
  // The first of a scope would read as none of its own.
  local: { first: SCOPE.local + 1, count: SCOPE_SIZE - 1 },
  "remote-node": { first: SCOPE.remoteNode + 1, count: SCOPE_SIZE - 1 },
};

/**
 * Numbers of one process. A number follows from the text of the labels (unless two texts want the
 * same), so that runs over the same objects name the same identities, in whatever order.
 */
export class MemoryIdentities implements IdentityAllocator {
  readonly #byName = new Map<string, number>();
  readonly #held = new Map<number, Held>();
  readonly #inUse: Record<IdentityScope, number> = { cluster: 0, local: 0, "remote-node": 0 };

  acquire(labels: Labels, scope: IdentityScope): number {
    const name = `${scope} ${labels.text}`;
    const known = this.#byName.get(name);
    const held = known === undefined ? undefined : this.#held.get(known);
    if (known !== undefined && held !== undefined) {
      held.count += 1;
      return known;
    }
    const id = this.#choose(name, scope);
    this.#byName.set(name, id);
    this.#held.set(id, { labels, name, count: 1 });
    this.#inUse[scope] += 1;
    return id;
  }

  release(id: number): boolean {
    const held = this.#held.get(id);
    assert(held !== undefined, `identity ${id} is released as often as it was acquired`);
    held.count -= 1;
    if (held.count > 0) return false;
    this.#held.delete(id);
    this.#byName.delete(held.name);
    this.#inUse[scopeOf(id)] -= 1;
    return true;
  }

  labelsOf(id: number): Labels | undefined {
    return this.#held.get(id)?.labels;
  }

  get size(): number {
    return this.#held.size;
  }

  #choose(name: string, scope: IdentityScope): number {
    const { first, count } = RANGES[scope];
    if (this.#inUse[scope] >= count) {
      const message = `all ${count} identities of the ${scope} scope are in use: fewer label sets`;
      throw new AppError("identities-exhausted", `${message} are needed (see the label filter)`);
    }
    let offset = hash(name) % count;
    while (this.#held.has(first + offset)) offset = (offset + 1) % count;
    return first + offset;
  }
}

export function scopeOf(id: number): IdentityScope {
  if (id >= SCOPE.remoteNode) return "remote-node";
  return id >= SCOPE.local ? "local" : "cluster";
}

/** FNV-1a over UTF-16 units, stirred so that near texts lie far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
