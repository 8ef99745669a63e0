import { compareText, Labels } from "./labels.ts";

/** Who may tell things of an address: the first in this line is believed before the others. */
const METADATA_SOURCES = [
  "kube-apiserver",
  "local",
  "kvstore",
  "custom-resource",
  "k8s",
  "clustermesh",
  "directory",
  "api",
  "generated",
  "restored",
  "unspec",
] as const;

export type MetadataSource = (typeof METADATA_SOURCES)[number];

/** What one source knows of a range. */
export interface Metadata {
  readonly labels?: Labels;
  /** A number that the range has whatever its labels: that of a pod. */
  readonly identity?: number;
}

/** One of possibly many that tell of a range: several policies may name the same one. */
export interface MetadataOrigin {
  readonly source: MetadataSource;
  /** Tells those of one source apart. */
  readonly resource?: string;
}

/** Everything told of one range. */
export class PrefixMetadata {
  readonly #told = new Map<string, { origin: MetadataOrigin; metadata: Metadata }>();
  #merged: Metadata | undefined;

  get isEmpty(): boolean {
    return this.#told.size === 0;
  }

  /** Answers whether that changed anything. */
  set(origin: MetadataOrigin, metadata: Metadata): boolean {
    const key = originKey(origin);
    const before = this.#told.get(key);
    if (before !== undefined && isSame(before.metadata, metadata)) return false;
    this.#told.set(key, { origin, metadata });
    this.#merged = undefined;
    return true;
  }

  delete(origin: MetadataOrigin): boolean {
    this.#merged = undefined;
    return this.#told.delete(originKey(origin));
  }

  /** One view of all: of two that disagree about a label or number, whoever comes first. */
  get merged(): Metadata {
    this.#merged ??= this.#merge();
    return this.#merged;
  }

  #merge(): Metadata {
    const told = [...this.#told.values()].toSorted(
      (left, right) =>
        rank(left.origin) - rank(right.origin) ||
        compareText(left.origin.resource ?? "", right.origin.resource ?? ""),
    );
    let labels = Labels.empty;
    let identity: number | undefined;
    for (const { metadata } of told) {
      identity ??= metadata.identity;
      if (metadata.labels !== undefined) labels = metadata.labels.withLabels(labels);
    }
    return identity === undefined ? { labels } : { labels, identity };
  }
}

function rank(origin: MetadataOrigin): number {
  return METADATA_SOURCES.indexOf(origin.source);
}

function originKey(origin: MetadataOrigin): string {
  return `${origin.source} ${origin.resource ?? ""}`;
}

function isSame(left: Metadata, right: Metadata): boolean {
  return left.identity === right.identity && left.labels?.text === right.labels?.text;
}
