import { assert } from "#base";

/** The class of peers that no selector matches. */
export const NO_CLASS = 0;
/** Slots come in pieces, so that one identity more never copies what all the others have. */
const PIECE_BITS = 12;
const PIECE = 1 << PIECE_BITS;

/**
 * Which identities are alike for one direction of one subject: a class is the set of features
 * (selectors, mostly) that hold. Classes are a tree: the one with another feature is one step down,
 * so that an identity costs one number here, and a set that occurs often is held once.
 */
export class PeerClasses {
  readonly #classOf: (Uint32Array | undefined)[] = [];
  readonly #parent: number[] = [NO_CLASS];
  readonly #feature: number[] = [-1];
  readonly #children: (Map<number, number> | undefined)[] = [undefined];
  /** The step taken last from each class: filling takes the same one many times over. */
  readonly #lastFeature: number[] = [-1];
  readonly #lastChild: number[] = [NO_CLASS];

  /** One more than the greatest slot that can be in a class. */
  get slotCount(): number {
    return this.#classOf.length * PIECE;
  }

  /** How many classes there ever were. */
  get count(): number {
    return this.#parent.length;
  }

  at(slot: number): number {
    return this.#classOf[slot >>> PIECE_BITS]?.[slot & (PIECE - 1)] ?? NO_CLASS;
  }

  put(slot: number, peerClass: number): void {
    const at = slot >>> PIECE_BITS;
    let piece = this.#classOf[at];
    if (piece === undefined) {
      if (peerClass === NO_CLASS) return;
      piece = new Uint32Array(PIECE);
      while (this.#classOf.length < at) this.#classOf.push(undefined);
      this.#classOf[at] = piece;
    }
    piece[slot & (PIECE - 1)] = peerClass;
  }

  /** Puts a slot one step down; features come in ascending order. */
  step(slot: number, feature: number): void {
    this.put(slot, this.next(this.at(slot), feature));
  }

  /** The class that has one more feature. */
  next(peerClass: number, feature: number): number {
    if (this.#lastFeature[peerClass] === feature) return this.#lastChild[peerClass] ?? NO_CLASS;
    assert((this.#feature[peerClass] ?? -1) < feature, "features are added in ascending order");
    let children = this.#children[peerClass];
    if (children === undefined) this.#children[peerClass] = children = new Map();
    let child = children.get(feature);
    if (child === undefined) {
      child = this.#parent.length;
      children.set(feature, child);
      this.#parent.push(peerClass);
      this.#feature.push(feature);
      this.#children.push(undefined);
      this.#lastFeature.push(-1);
      this.#lastChild.push(NO_CLASS);
    }
    this.#lastFeature[peerClass] = feature;
    this.#lastChild[peerClass] = child;
    return child;
  }

  /** In ascending order. */
  features(peerClass: number): number[] {
    const features: number[] = [];
    for (let at = peerClass; at !== NO_CLASS; at = this.#parent[at] ?? NO_CLASS) {
      features.push(this.#feature[at] ?? 0);
    }
    return features.toReversed();
  }
}
