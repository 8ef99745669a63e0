import { Cidr, type IpAddress } from "#base";

/** Values by prefix; an address finds the one of the longest prefix around it. */
export class PrefixMap<T> {
  /** By length counted in 128 bits, then by prefix. */
  readonly #byLength = new Map<number, Map<string, T>>();
  /** The lengths in use, longest first. */
  #lengths: readonly number[] = [];

  set(prefix: Cidr, value: T): void {
    let values = this.#byLength.get(prefix.prefixLength128);
    if (values === undefined) {
      values = new Map();
      this.#byLength.set(prefix.prefixLength128, values);
      this.#lengths = [...this.#byLength.keys()].toSorted((left, right) => right - left);
    }
    values.set(prefix.key, value);
  }

  get(prefix: Cidr): T | undefined {
    return this.#byLength.get(prefix.prefixLength128)?.get(prefix.key);
  }

  find(address: IpAddress): T | undefined {
    for (const length of this.#lengths) {
      const value = this.#byLength.get(length)?.get(Cidr.of128(address, length).key);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
