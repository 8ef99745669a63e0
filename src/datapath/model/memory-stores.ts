/** Stores in memory, for tests: as little as the model needs, since it asks millions of times. */
import type { ModelStores, Store } from "./stores.ts";

/** A prefix begins with its length. */
const LENGTH_BYTES = 4;

/** One that finds prefixes answers the longest. */
class MemoryStore implements Store {
  /** Nothing more goes into it. */
  isFull = false;
  readonly #entries = new Map<string, readonly [Uint8Array, Uint8Array]>();
  readonly #isPrefixes: boolean;

  constructor(isPrefixes = false) {
    this.#isPrefixes = isPrefixes;
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    return this.#isPrefixes ? this.#longest(key) : this.#entries.get(textOf(key))?.[1];
  }

  update(key: Uint8Array, value: Uint8Array): void {
    if (this.isFull) throw new Error("full");
    this.#entries.set(textOf(key), [key.slice(), value.slice()]);
  }

  delete(key: Uint8Array): boolean {
    return this.#entries.delete(textOf(key));
  }

  entries(): Iterable<readonly [Uint8Array, Uint8Array]> {
    return this.#entries.values();
  }

  /** One after the other: there are few. */
  #longest(key: Uint8Array): Uint8Array | undefined {
    let best: readonly [Uint8Array, Uint8Array] | undefined;
    for (const entry of this.#entries.values()) {
      const isLonger = best === undefined || lengthOf(entry[0]) > lengthOf(best[0]);
      if (isLonger && covers(entry[0], key)) best = entry;
    }
    return best?.[1];
  }
}

export type MemoryStores = { readonly [K in keyof ModelStores]: MemoryStore };

/** All empty. */
export function memoryStores(): MemoryStores {
  return {
    nodeStates: new MemoryStore(),
    endpoints: new MemoryStore(),
    localAddresses: new MemoryStore(),
    ipcache: new MemoryStore(true),
    blocks: new MemoryStore(true),
    policies: new MemoryStore(),
    policyEntries: new MemoryStore(),
    authentications: new MemoryStore(),
    tcpFlows: new MemoryStore(),
    otherFlows: new MemoryStore(),
    datagrams: new MemoryStore(),
  };
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function lengthOf(prefix: Uint8Array): number {
  return new DataView(prefix.buffer, prefix.byteOffset).getUint32(0, true);
}

function covers(prefix: Uint8Array, key: Uint8Array): boolean {
  let bits = lengthOf(prefix);
  for (let at = LENGTH_BYTES; bits > 0; at++, bits -= 8) {
    const mask = bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff;
    if ((((prefix[at] ?? 0) ^ (key[at] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
