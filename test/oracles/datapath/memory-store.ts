/** Maps in memory for the model: as little as it needs, since it asks millions of times. */
import type { Store } from "#datapath/model";

/** The longest prefix there is. */
const LENGTH_BYTES = 4;

export class MemoryStore implements Store {
  readonly #entries = new Map<string, readonly [Uint8Array, Uint8Array]>();
  readonly #isPrefixes: boolean;

  constructor(isPrefixes = false) {
    this.#isPrefixes = isPrefixes;
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    return this.#isPrefixes ? this.#longest(key) : this.#entries.get(textOf(key))?.[1];
  }

  update(key: Uint8Array, value: Uint8Array): void {
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

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
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
