import type { Labels, Requirement, Selector } from "#identity";

/** Finds the selectors that labels match without asking each. */
export class SelectorIndex<T> {
  /** By what one label must be for the selector to match: `In` by key and value, `Exists` by key. */
  readonly #buckets = new Map<string, Map<T, Selector>>();
  /** Selectors that only say what must not be. */
  readonly #rest = new Map<T, Selector>();
  /** Under which keys a value was put. */
  readonly #places = new Map<T, readonly string[]>();

  get size(): number {
    return this.#places.size;
  }

  /** A value stands for one selector: adding it again puts it under the new one. */
  add(selector: Selector, value: T): void {
    this.remove(value);
    const keys = this.#fewestAlready(selector);
    this.#places.set(value, keys);
    if (keys.length === 0) this.#rest.set(value, selector);
    for (const key of keys) {
      let bucket = this.#buckets.get(key);
      if (bucket === undefined) this.#buckets.set(key, (bucket = new Map()));
      bucket.set(value, selector);
    }
  }

  remove(value: T): void {
    const keys = this.#places.get(value);
    if (keys === undefined) return;
    this.#places.delete(value);
    this.#rest.delete(value);
    for (const key of keys) {
      const bucket = this.#buckets.get(key);
      bucket?.delete(value);
      if (bucket?.size === 0) this.#buckets.delete(key);
    }
  }

  /** The values whose selectors match, each once, in no order to rely on. */
  match(labels: Labels): Set<T> {
    const found = new Set<T>();
    const collect = (bucket: ReadonlyMap<T, Selector> | undefined): void => {
      if (bucket === undefined) return;
      for (const [value, selector] of bucket) if (selector.matches(labels)) found.add(value);
    };
    for (const { source, key, value } of labels) {
      collect(this.#buckets.get(existsKey(source, key)));
      collect(this.#buckets.get(existsKey("any", key)));
      collect(this.#buckets.get(inKey(source, key, value)));
      collect(this.#buckets.get(inKey("any", key, value)));
    }
    collect(this.#rest);
    return found;
  }

  /**
   * The requirement under whose keys the fewest selectors are. Nearly all name the namespace and
   * the cluster; whatever else they ask for spreads them better, and this finds it by itself.
   */
  #fewestAlready(selector: Selector): readonly string[] {
    let best: readonly string[] = [];
    let fewest = Infinity;
    for (const requirement of selector.requirements) {
      const keys = indexKeys(requirement);
      if (keys === undefined) continue;
      let crowd = keys.length;
      for (const key of keys) crowd += this.#buckets.get(key)?.size ?? 0;
      if (crowd >= fewest) continue;
      best = keys;
      fewest = crowd;
    }
    return best;
  }
}

/** The keys one of which a label has to have; undefined where the requirement cannot be found so. */
export function indexKeys({ source, key, operator, values }: Requirement): string[] | undefined {
  // Wider ranges find a cidr label too, so that there is no one key for it.
  if (source === "cidr") return undefined;
  // An empty `In` matches nothing and must not end among those that match anything.
  if (operator === "In")
    return values.length === 0 ? undefined : values.map((value) => inKey(source, key, value));
  return operator === "Exists" ? [existsKey(source, key)] : undefined;
}

export function inKey(source: string, key: string, value: string): string {
  return `${source}:${key}=${value}`;
}

export function existsKey(source: string, key: string): string {
  return `${source}:${key}`;
}
