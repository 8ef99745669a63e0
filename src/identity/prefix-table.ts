import { Cidr, IpAddress, type IpFamily } from "#base";

/** A range and what was set for it. */
export interface PrefixEntry<T> {
  readonly prefix: Cidr;
  readonly value: T;
}

interface Node<T> {
  readonly prefix: Cidr;
  /** Undefined where ranges only part ways. */
  entry: PrefixEntry<T> | undefined;
  /** By the first bit after the prefix. */
  zero: Node<T> | undefined;
  one: Node<T> | undefined;
}

/**
 * Values by range, of both families: which range of those that hold an address is the longest.
 * A tree of bits in which runs without a branch are one step, so that a lookup takes as many steps
 * as there are different ranges around the address, whatever else the table holds.
 */
export class PrefixTable<T> {
  readonly #roots: Readonly<Record<IpFamily, Node<T>>> = {
    4: nodeOf<T>(Cidr.of(IpAddress.v4(0), 0)),
    6: nodeOf<T>(Cidr.of128(IpAddress.fromWords(0, 0, 0, 0), 0)),
  };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Answers what was there before. */
  set(prefix: Cidr, value: T): T | undefined {
    let node = this.#roots[prefix.family];
    while (node.prefix.prefixLength128 < prefix.prefixLength128) {
      const child = childAt(node, prefix.network);
      if (child === undefined) {
        node = adopt(node, nodeOf(prefix));
      } else if (child.prefix.containsCidr(prefix)) {
        node = child;
      } else {
        const fork = adopt(node, nodeOf<T>(commonPrefix(child.prefix, prefix)));
        adopt(fork, child);
        node = fork;
      }
    }
    const before = node.entry;
    node.entry = { prefix, value };
    if (before === undefined) this.#size += 1;
    return before?.value;
  }

  get(prefix: Cidr): T | undefined {
    let node: Node<T> | undefined = this.#roots[prefix.family];
    while (node?.prefix.containsCidr(prefix) === true) {
      if (node.prefix.prefixLength128 === prefix.prefixLength128) return node.entry?.value;
      node = childAt(node, prefix.network);
    }
    return undefined;
  }

  /** Answers what was there. */
  delete(prefix: Cidr): T | undefined {
    const path: Node<T>[] = [];
    let node: Node<T> | undefined = this.#roots[prefix.family];
    while (node?.prefix.containsCidr(prefix) === true) {
      path.push(node);
      if (node.prefix.prefixLength128 === prefix.prefixLength128) break;
      node = childAt(node, prefix.network);
    }
    const last = path.at(-1);
    if (last?.entry === undefined || !last.prefix.equals(prefix)) return undefined;
    const { value } = last.entry;
    last.entry = undefined;
    this.#size -= 1;
    prune(path);
    return value;
  }

  /** Of the longest range that holds the address. */
  lookup(address: IpAddress): PrefixEntry<T> | undefined {
    let best: PrefixEntry<T> | undefined;
    let node: Node<T> | undefined = this.#roots[address.family];
    while (node?.prefix.contains(address) === true) {
      if (node.entry !== undefined) best = node.entry;
      if (node.prefix.prefixLength128 === 128) break;
      node = childAt(node, address);
    }
    return best;
  }

  /** All ranges that hold this one, itself too: the longest first. */
  covering(prefix: Cidr): PrefixEntry<T>[] {
    const found: PrefixEntry<T>[] = [];
    let node: Node<T> | undefined = this.#roots[prefix.family];
    while (node?.prefix.containsCidr(prefix) === true) {
      if (node.entry !== undefined) found.push(node.entry);
      if (node.prefix.prefixLength128 === prefix.prefixLength128) break;
      node = childAt(node, prefix.network);
    }
    return found.toReversed();
  }

  /** All ranges in this one, itself too, in the order of `Cidr.compare`. */
  within(prefix: Cidr): PrefixEntry<T>[] {
    let node: Node<T> | undefined = this.#roots[prefix.family];
    while (node !== undefined && !prefix.containsCidr(node.prefix)) {
      if (!node.prefix.containsCidr(prefix)) return [];
      node = childAt(node, prefix.network);
    }
    const found: PrefixEntry<T>[] = [];
    collect(node, found);
    return found;
  }

  *[Symbol.iterator](): Generator<PrefixEntry<T>> {
    for (const root of [this.#roots[4], this.#roots[6]]) {
      const found: PrefixEntry<T>[] = [];
      collect(root, found);
      yield* found;
    }
  }
}

function nodeOf<T>(prefix: Cidr): Node<T> {
  return { prefix, entry: undefined, zero: undefined, one: undefined };
}

/** The child on the way to that address; none below a whole address. */
function childAt<T>(node: Node<T>, address: IpAddress): Node<T> | undefined {
  const length = node.prefix.prefixLength128;
  if (length === 128) return undefined;
  return address.bit(length) === 0 ? node.zero : node.one;
}

/** Puts a node where its address leads, in place of what was there. */
function adopt<T>(parent: Node<T>, child: Node<T>): Node<T> {
  if (child.prefix.network.bit(parent.prefix.prefixLength128) === 0) parent.zero = child;
  else parent.one = child;
  return child;
}

/** Takes nodes without use out of the end of a path; roots stay. */
function prune<T>(path: Node<T>[]): void {
  for (let index = path.length - 1; index > 0; index--) {
    const node = path[index];
    const parent = path[index - 1];
    if (node === undefined || parent === undefined || node.entry !== undefined) return;
    if (node.zero !== undefined && node.one !== undefined) return;
    const only = node.zero ?? node.one;
    if (parent.zero === node) parent.zero = only;
    else parent.one = only;
    // With a node in its place the parent has as many children as before.
    if (only !== undefined) return;
  }
}

/** At most 128 deep. */
function collect<T>(node: Node<T> | undefined, found: PrefixEntry<T>[]): void {
  if (node === undefined) return;
  if (node.entry !== undefined) found.push(node.entry);
  collect(node.zero, found);
  collect(node.one, found);
}

/** The longest range that holds both of one family. */
function commonPrefix(left: Cidr, right: Cidr): Cidr {
  const a = left.network;
  const b = right.network;
  let length = Math.clz32(a.word0 ^ b.word0);
  if (length === 32) length += Math.clz32(a.word1 ^ b.word1);
  if (length === 64) length += Math.clz32(a.word2 ^ b.word2);
  if (length === 96) length += Math.clz32(a.word3 ^ b.word3);
  return Cidr.of128(a, Math.min(length, left.prefixLength128, right.prefixLength128));
}
