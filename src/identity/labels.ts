import type { Cidr } from "#base";
import { cidrOfLabelKey } from "./cidr-text.ts";

/** `source:key=value`: what policies know a pod, node or address by. */
export interface Label {
  readonly source: string;
  readonly key: string;
  readonly value: string;
}

/** Where labels come from; others may be written, and match only themselves. */
export const SOURCE = {
  kubernetes: "k8s",
  reserved: "reserved",
  cidr: "cidr",
  cidrGroup: "cidrgroup",
  fqdn: "fqdn",
  node: "node",
  /** In selectors: whatever the source. */
  any: "any",
  /** Of text that names none. */
  unspecified: "unspec",
} as const;

const RESERVED_PREFIX = "reserved.";

/** What of a text is the source: `$x` is `reserved:x`, and `reserved.x` is too. */
export function splitSource(text: string): { source: string | undefined; rest: string } {
  if (text.startsWith("$")) return { source: SOURCE.reserved, rest: text.slice(1) };
  const colon = text.indexOf(":");
  if (colon >= 0) return { source: text.slice(0, colon), rest: text.slice(colon + 1) };
  if (text.startsWith(RESERVED_PREFIX)) {
    return { source: SOURCE.reserved, rest: text.slice(RESERVED_PREFIX.length) };
  }
  return { source: undefined, rest: text };
}

/** Takes any text: what it leaves out is empty, and without a source that is `unspec`. */
export function parseLabel(text: string): Label {
  // A value may hold anything, so the source ends before it.
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? "" : text.slice(equals + 1);
  const { source, rest } = splitSource(name);
  // An empty source would not read back.
  return {
    source: source === undefined || source === "" ? SOURCE.unspecified : source,
    key: rest,
    value,
  };
}

/** What `parseLabel` reads: `k8s:app=web`, `reserved:host`. */
export function formatLabel(label: Label): string {
  const name = `${label.source}:${label.key}`;
  return label.value === "" ? name : `${name}=${label.value}`;
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Keys of names are the same with and without the last dot: they go without. */
export function canonicalKey(source: string, key: string): string {
  if (source !== SOURCE.fqdn) return key;
  let end = key.length;
  while (end > 1 && key[end - 1] === ".") end -= 1;
  return key.slice(0, end);
}

/** Labels of one thing, at most one of each source and key; immutable, in canonical order. */
export class Labels implements Iterable<Label> {
  static readonly empty: Labels = new Labels([]);

  readonly #sorted: readonly Label[];
  /** The first label of each key: nearly always the only one. */
  readonly #byKey: ReadonlyMap<string, number>;
  /** The range of a `cidr` label, which keys of wider ranges find too. */
  readonly #cidr: Cidr | undefined;
  #text: string | undefined;

  private constructor(sorted: readonly Label[]) {
    this.#sorted = sorted;
    const byKey = new Map<string, number>();
    let cidr: Cidr | undefined;
    for (const [index, label] of sorted.entries()) {
      if (!byKey.has(label.key)) byKey.set(label.key, index);
      if (label.source === SOURCE.cidr) cidr ??= cidrOfLabelKey(label.key);
    }
    this.#byKey = byKey;
    this.#cidr = cidr;
  }

  /** Of several with the same source and key, the last one counts. */
  static of(labels: Iterable<Label>): Labels {
    const sorted: Label[] = [];
    const all = Array.from(labels, ({ source, key, value }): Label => {
      return { source, key: canonicalKey(source, key), value };
    });
    // Sorting is stable, so that of equals the last stays last.
    const ordered = all.toSorted(
      (left, right) => compareText(left.key, right.key) || compareText(left.source, right.source),
    );
    for (const label of ordered) {
      const last = sorted.at(-1);
      if (last?.key === label.key && last.source === label.source) sorted.pop();
      sorted.push(label);
    }
    return sorted.length === 0 ? Labels.empty : new Labels(sorted);
  }

  static parse(...texts: string[]): Labels {
    return Labels.of(texts.map(parseLabel));
  }

  /** Canonical: equal texts are equal labels, so it is the key of an identity. */
  get text(): string {
    this.#text ??= this.#sorted
      .map((label) => formatLabel(label).replace(/[\\;]/g, "\\$&"))
      .join(";");
    return this.#text;
  }

  get size(): number {
    return this.#sorted.length;
  }

  /**
   * The value under that key, of that source or, with `any`, of the first that has it. A `cidr` key
   * is also found by every range around it: `10.1.0.0/16` has `cidr:10.0.0.0/8`.
   */
  get(source: string, key: string): string | undefined {
    let index = this.#byKey.get(key);
    if (index !== undefined) {
      if (source === SOURCE.any) return this.#sorted[index]?.value;
      for (;;) {
        const label = this.#sorted[index];
        if (label?.key !== key) break;
        if (label.source === source) return label.value;
        index += 1;
      }
    }
    if (source === SOURCE.fqdn && canonicalKey(source, key) !== key) {
      return this.get(source, canonicalKey(source, key));
    }
    if (this.#cidr === undefined || source !== SOURCE.cidr) return undefined;
    return cidrOfLabelKey(key)?.containsCidr(this.#cidr) === true ? "" : undefined;
  }

  has(source: string, key: string): boolean {
    return this.get(source, key) !== undefined;
  }

  hasSource(source: string): boolean {
    return this.#sorted.some((label) => label.source === source);
  }

  /** These and others; where both have a source and key, the other's value counts. */
  withLabels(more: Iterable<Label>): Labels {
    return Labels.of([...this.#sorted, ...more]);
  }

  filter(keeps: (label: Label) => boolean): Labels {
    const kept = this.#sorted.filter(keeps);
    if (kept.length === this.#sorted.length) return this;
    return kept.length === 0 ? Labels.empty : new Labels(kept);
  }

  equals(other: Labels): boolean {
    return this === other || (this.size === other.size && this.text === other.text);
  }

  /** As people and API objects list them: `["k8s:app=web"]`. */
  toStrings(): string[] {
    return this.#sorted.map(formatLabel);
  }

  [Symbol.iterator](): Iterator<Label> {
    return this.#sorted[Symbol.iterator]();
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string[] {
    return this.toStrings();
  }
}
