import type { PeerIdentity } from "#policy";

/** Numbers that are the same in every cluster. */
const MAX_RESERVED = 255;
const FIRST_NUMBER = 1000;

/** A model numbers identities as it meets them; here who means the same keeps the number. */
export class IdentityNumbers {
  readonly #numbers = new Map<string, number>();

  of(identity: PeerIdentity): number {
    if (identity.id <= MAX_RESERVED) return identity.id;
    const { labels, cidr, block } = identity;
    const key = `${labels.text} ${cidr?.toString() ?? ""} ${block?.toString() ?? ""}`;
    const number = this.#numbers.get(key) ?? FIRST_NUMBER + this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }
}
