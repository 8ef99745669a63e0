import { type Prefix, prefixCodec, peerCodec } from "#abi";
import { type Cidr, fromHex, toHex } from "#base";
import type { BpfMap } from "#ebpf";
import type { Failures, Target } from "#statedb";
import type { Epoch } from "../epoch.ts";
import type { PrefixRow } from "../tables.ts";

/** The bits of the family, which stand before those of the address. */
const FAMILY_BITS = 32;

/** Keeps a trie of prefixes (ipcache, blocks) as its table says. */
export class PrefixTarget implements Target<PrefixRow> {
  readonly #map: BpfMap;
  readonly #epoch: Epoch;

  constructor(map: BpfMap, epoch: Epoch) {
    this.#map = map;
    this.#epoch = epoch;
  }

  async update(rows: readonly PrefixRow[]): Promise<Failures<PrefixRow>> {
    const failures = this.#map.updateMany(
      rows.map(({ prefix, identity }) => [prefixKey(prefix), peerCodec.encode({ identity })]),
    );
    // Whoever was at these addresses until now may have been allowed more.
    this.#epoch.raise();
    return byRow(rows, failures);
  }

  async delete(rows: readonly PrefixRow[]): Promise<Failures<PrefixRow>> {
    const failures = this.#map.deleteMany(rows.map(({ prefix }) => prefixKey(prefix)));
    this.#epoch.raise();
    return byRow(rows, failures);
  }

  async prune(rows: Iterable<PrefixRow>): Promise<void> {
    const wanted = new Set<string>();
    for (const { prefix } of rows) wanted.add(toHex(prefixKey(prefix)));
    const stale = new Set<string>();
    for (const [key] of this.#map.entries()) {
      const name = toHex(key);
      if (!wanted.has(name)) stale.add(name);
    }
    if (stale.size === 0) return;
    const failures = this.#map.deleteMany([...stale].map((name) => fromHex(name)));
    this.#epoch.raise();
    for (const error of failures.values()) throw error;
  }
}

function prefixKey({ network, family, prefixLength128 }: Cidr): Uint8Array {
  const prefix: Prefix = {
    length: FAMILY_BITS + prefixLength128,
    family,
    address: { bytes: network.bytes },
  };
  return prefixCodec.encode(prefix);
}

function byRow(
  rows: readonly PrefixRow[],
  failures: ReadonlyMap<number, Error>,
): Map<PrefixRow, Error> {
  const failed = new Map<PrefixRow, Error>();
  for (const [at, error] of failures) {
    const row = rows[at];
    if (row !== undefined) failed.set(row, error);
  }
  return failed;
}
