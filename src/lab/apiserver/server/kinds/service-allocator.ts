/** Which cluster addresses and node ports are taken. The Services in the store are the truth. */
import { type Cidr, IpAddress, type IpFamily } from "#base";

export const NODE_PORTS = { first: 30_000, last: 32_767 } as const;
/** The ports below are left to those who ask for a port by number, as a real cluster does. */
const STATIC_NODE_PORTS = 86;
/** The same for addresses: the cluster's DNS, the tenth, is among them. */
const MAX_STATIC_ADDRESSES = 256;

/** Why an address or a port that was asked for by its value cannot be had. */
export type Refusal = "taken" | "out-of-range";

class Pool {
  readonly #taken = new Set<bigint>();
  readonly #first: bigint;
  readonly #last: bigint;
  readonly #firstFree: bigint;
  /** Goes round, so that what was just given back is not given out at once. */
  #next: bigint;

  constructor(first: bigint, last: bigint, firstFree: bigint) {
    this.#first = first;
    this.#last = last;
    this.#firstFree = firstFree <= last ? firstFree : first;
    this.#next = this.#firstFree;
  }

  take(value: bigint): Refusal | undefined {
    if (value < this.#first || value > this.#last) return "out-of-range";
    if (this.#taken.has(value)) return "taken";
    this.#taken.add(value);
    return undefined;
  }

  /** Undefined where all are taken. */
  takeNext(): bigint | undefined {
    const size = BigInt(this.#taken.size) + 1n;
    for (const from of [this.#firstFree, this.#first]) {
      if (this.#next < from) this.#next = from;
      for (let tried = 0n; tried <= size; tried++) {
        const value = this.#next > this.#last ? from : this.#next;
        this.#next = value + 1n;
        if (this.take(value) === undefined) return value;
      }
    }
    return undefined;
  }

  release(value: bigint): void {
    this.#taken.delete(value);
  }
}

export class ServiceAllocator {
  /** In the order of preference: the first is a single-stack Service's. */
  readonly families: readonly IpFamily[];
  readonly cidrs: readonly Cidr[];
  readonly #addresses = new Map<IpFamily, Pool>();
  readonly #ports = new Pool(
    BigInt(NODE_PORTS.first),
    BigInt(NODE_PORTS.last),
    BigInt(NODE_PORTS.first + STATIC_NODE_PORTS),
  );

  constructor(cidrs: readonly Cidr[]) {
    this.cidrs = cidrs;
    this.families = cidrs.map((cidr) => cidr.family);
    for (const cidr of cidrs) this.#addresses.set(cidr.family, addressPool(cidr));
  }

  takeAddress(text: string): Refusal | undefined {
    const address = IpAddress.tryParse(text);
    if (address === undefined) return "out-of-range";
    return this.#addresses.get(address.family)?.take(address.toBigInt()) ?? this.#noPool(address);
  }

  nextAddress(family: IpFamily): string | undefined {
    const value = this.#addresses.get(family)?.takeNext();
    return value === undefined ? undefined : IpAddress.fromBigInt(value).toString();
  }

  releaseAddress(text: string): void {
    const address = IpAddress.tryParse(text);
    if (address !== undefined) this.#addresses.get(address.family)?.release(address.toBigInt());
  }

  takePort(port: number): Refusal | undefined {
    return this.#ports.take(BigInt(port));
  }

  nextPort(): number | undefined {
    const port = this.#ports.takeNext();
    return port === undefined ? undefined : Number(port);
  }

  releasePort(port: number): void {
    this.#ports.release(BigInt(port));
  }

  #noPool({ family }: IpAddress): Refusal | undefined {
    return this.#addresses.has(family) ? undefined : "out-of-range";
  }
}

/** Without the network's own address and, of IPv4, the broadcast address. */
function addressPool(cidr: Cidr): Pool {
  const first = cidr.first.toBigInt() + 1n;
  const last = cidr.last.toBigInt() - (cidr.family === 4 ? 1n : 0n);
  const sixteenth = cidr.size / 16n;
  const wanted = sixteenth < 16n ? 16n : sixteenth;
  const most = BigInt(MAX_STATIC_ADDRESSES);
  return new Pool(first, last, first + (wanted < most ? wanted : most));
}
