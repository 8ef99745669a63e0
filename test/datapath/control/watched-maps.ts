import { tryEach } from "#base";
import type { DatapathMaps } from "#datapath";
import type { BpfMap, MapShape, RawEntry, UpdateMode } from "#ebpf";

/** What is about to be done to a map, or has just been. */
export interface MapOperation {
  readonly map: string;
  readonly kind: "update" | "delete";
  readonly key: Uint8Array;
}

/** `before` may throw, and so have the operation fail. */
interface MapWatcher {
  before: (operation: MapOperation) => void;
  after: (operation: MapOperation) => void;
}

/** Every single write of a map, watched; batches are single writes. */
class WatchedMap implements BpfMap {
  readonly #map: BpfMap;
  readonly #watcher: MapWatcher;

  constructor(map: BpfMap, watcher: MapWatcher) {
    this.#map = map;
    this.#watcher = watcher;
  }

  get shape(): MapShape {
    return this.#map.shape;
  }

  get valueBytes(): number {
    return this.#map.valueBytes;
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    return this.#map.lookup(key);
  }

  update(key: Uint8Array, value: Uint8Array, mode?: UpdateMode): void {
    this.#do("update", key, () => this.#map.update(key, value, mode));
  }

  delete(key: Uint8Array): boolean {
    return this.#do("delete", key, () => this.#map.delete(key));
  }

  entries(): Iterable<RawEntry> {
    return this.#map.entries();
  }

  updateMany(entries: readonly RawEntry[], mode?: UpdateMode): Map<number, Error> {
    return tryEach(entries, ([key, value]) => this.update(key, value, mode));
  }

  deleteMany(keys: readonly Uint8Array[]): Map<number, Error> {
    return tryEach(keys, (key) => void this.delete(key));
  }

  async updateAsync(key: Uint8Array, value: Uint8Array, mode?: UpdateMode): Promise<void> {
    await Promise.resolve();
    this.update(key, value, mode);
  }

  async deleteAsync(key: Uint8Array): Promise<boolean> {
    await Promise.resolve();
    return this.delete(key);
  }

  freeze(): void {
    this.#map.freeze();
  }

  pin(path: string): void {
    this.#map.pin(path);
  }

  [Symbol.dispose](): void {
    this.#map[Symbol.dispose]();
  }

  #do<R>(kind: "update" | "delete", key: Uint8Array, act: () => R): R {
    const operation = { map: this.shape.name, kind, key };
    this.#watcher.before(operation);
    const result = act();
    this.#watcher.after(operation);
    return result;
  }
}

export function watchMaps(maps: DatapathMaps, watcher: MapWatcher): DatapathMaps {
  const watched = Object.entries(maps).map(([name, map]: [string, BpfMap]) => [
    name,
    new WatchedMap(map, watcher),
  ]);
  return Object.fromEntries(watched) as DatapathMaps;
}
