import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Scope } from "#base";
import { type Collection, KernelMap, renamePin, unpin } from "#ebpf";
import type { CollectionSpec, MapSpec } from "#ebpf/spec";
import { copyEntries, copyLateEntries } from "./copy-map.ts";

/**
 * Raised when what stands in a pinned map changes its meaning, or its layout in a way that sizes do
 * not show. Another version's maps are not opened.
 */
const PIN_VERSION = 1;

/** A map that gives way to one of another size. */
interface Move {
  readonly old: KernelMap;
  readonly fresh: KernelMap;
  readonly path: string;
  /** What was copied before the programs began to use the new one. */
  readonly copied: ReadonlySet<string>;
}

/**
 * The maps of a folder of pins: adopted where they fit, made where they are missing, and replaced
 * where their size was changed. Replacing takes programs that run on the old one meanwhile into
 * account: `copy`, then the programs change over, then `finish`.
 */
export class PinnedMaps {
  readonly #folder: string;
  readonly #names: readonly string[];
  readonly #adopted = new Map<string, KernelMap>();
  readonly #outgrown = new Map<string, KernelMap>();
  readonly #moves: Move[] = [];

  /** Opens what is there, or refuses it before anything has changed. The scope owns it. */
  constructor(spec: CollectionSpec, pinFolder: string, scope: Scope) {
    this.#folder = join(pinFolder, `v${PIN_VERSION}`);
    refuseOtherVersions(pinFolder);
    const pinned = spec.maps.filter(isPinned);
    this.#names = pinned.map(({ name }) => name);
    for (const map of pinned) {
      const path = join(this.#folder, map.name);
      if (!existsSync(path)) continue;
      const found = scope.use(KernelMap.openPinned(path));
      refuseOtherLayout(map, found, path, pinFolder);
      const isRightSize = found.shape.maxEntries === map.maxEntries;
      (isRightSize ? this.#adopted : this.#outgrown).set(map.name, found);
    }
  }

  /** By name, for a collection to use in the place of its own. */
  adopted(): Record<string, KernelMap> {
    return Object.fromEntries(this.#adopted);
  }

  /** Fills and pins those maps of the collection that were not adopted; replacements beside the old. */
  copy(collection: Collection): void {
    for (const name of this.#names.filter((each) => !this.#adopted.has(each))) {
      const path = join(this.#folder, name);
      const fresh = collection.map(name);
      const old = this.#outgrown.get(name);
      if (old === undefined) {
        fresh.pin(path);
        continue;
      }
      const copied = copyEntries(old, fresh, path);
      // What a process left that did not come to its end.
      unpin(besides(path));
      fresh.pin(besides(path));
      this.#moves.push({ old, fresh, path, copied });
    }
  }

  /** When no program uses an old map any more. */
  finish(): void {
    for (const { old, fresh, path, copied } of this.#moves.splice(0)) {
      copyLateEntries(old, fresh, copied);
      renamePin(besides(path), path);
    }
  }

  /** Where it did not come to that, else nothing. Programs that were changed over already keep theirs alive. */
  abandon(): void {
    for (const { path } of this.#moves.splice(0)) unpin(besides(path));
  }

  /** Takes the pins away, and folders that are empty then. */
  remove(): void {
    for (const name of readdirSync(this.#folder)) unpin(join(this.#folder, name));
    rmdirSync(this.#folder);
  }
}

/** The object says so of each map that outlives a process. */
function isPinned(map: MapSpec): boolean {
  return map.pinning === "byName";
}

function besides(path: string): string {
  return `${path}-next`;
}

function refuseOtherVersions(pinFolder: string): void {
  if (!existsSync(pinFolder)) return;
  const other = readdirSync(pinFolder).find(
    (name) => /^v\d+$/.test(name) && name !== `v${PIN_VERSION}`,
  );
  if (other === undefined) return;
  throw new AppError(
    "incompatible-pins",
    `${join(pinFolder, other)} has maps of another version of this program, which knows ` +
      `v${PIN_VERSION}: run that version again, or ${howToRemove(pinFolder)}`,
    { fields: { pinFolder, found: other } },
  );
}

function refuseOtherLayout(spec: MapSpec, map: KernelMap, path: string, pinFolder: string): void {
  const { shape } = map;
  const differences = (["type", "keySize", "valueSize", "flags"] as const).flatMap((field) =>
    shape[field] === spec[field] ? [] : [`${field} ${shape[field]} instead of ${spec[field]}`],
  );
  if (differences.length === 0) return;
  throw new AppError(
    "incompatible-map",
    `the map ${spec.name} pinned at ${path} has ${differences.join(", ")}: another version of ` +
      `this program made it; run that version again, or ${howToRemove(pinFolder)}`,
    { fields: { map: spec.name, pin: path, differences: differences.join(", ") } },
  );
}

function howToRemove(pinFolder: string): string {
  return `drain the node and remove ${pinFolder}, which forgets its pods' flows and policies`;
}
