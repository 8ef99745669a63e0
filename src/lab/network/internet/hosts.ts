import { createHash } from "node:crypto";
import { AppError, assertDefined, Cidr, type IpAddress, type IpFamily } from "#base";
import { labAddresses, type LabNetwork } from "../addresses.ts";

/** Names that are there from the start, as programs of many companies use them. */
const STEADY_NAMES: readonly string[] = [
  "api.stripe.com",
  "api.paypal.com",
  "api.github.com",
  "github.com",
  "example.com",
  "www.example.com",
];
/** Under it, every name leads to many machines, and to others every few seconds. */
const CLOUD_SUFFIX = "amazonaws.com";
/** Some of those, for people who ask what there is. */
const CLOUD_NAMES: readonly string[] = [
  "s3.amazonaws.com",
  "dynamodb.us-east-1.amazonaws.com",
  "sqs.eu-west-1.amazonaws.com",
];
const STEADY_TTL_SECONDS = 30;
const CLOUD_TTL_SECONDS = 5;
/** How many addresses a cloud's name has at a time, and of how many. */
const CLOUD_ANSWER = 8;
const CLOUD_POOL = 256;
const FIRST_HOST = 100;
const MAX_HOSTS = 150;
/** Behind the hosts with one address. */
const CLOUD_OFFSET_IPV6 = 0x1000;

const CLOUD_CIDR = Cidr.parse("198.18.0.0/24");
const NAME = /^([a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9])?\.)+[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const MAX_NAME = 253;

interface HostAddresses {
  readonly addresses: readonly IpAddress[];
  readonly ttlSeconds: number;
}

/** Who there is in the little internet, and where. Pure but for what `add` was told. */
export class InternetHosts {
  readonly #lab: LabNetwork;
  readonly #names: string[] = [...STEADY_NAMES];

  constructor(lab: LabNetwork, names: readonly string[] = []) {
    this.#lab = lab;
    for (const name of names) this.add(name);
  }

  /** A name's address depends on how many were there before it. Fine where it is there. */
  add(name: string): void {
    const checked = checkedName(name);
    if (isOfCloud(checked) || this.#names.includes(checked)) return;
    if (this.#names.length >= MAX_HOSTS) {
      throw new AppError("limit", `the little internet has room for ${MAX_HOSTS} hosts`);
    }
    this.#names.push(checked);
  }

  list(): readonly string[] {
    return [...this.#names, ...CLOUD_NAMES];
  }

  /** What addresses are local to the internet, whoever has them. */
  cidrs(): Cidr[] {
    const { internetCidr } = labAddresses(this.#lab);
    return this.#lab.hasIpv6
      ? [internetCidr, CLOUD_CIDR, this.#ipv6Cidr()]
      : [internetCidr, CLOUD_CIDR];
  }

  /** Undefined where there is no such host. */
  lookup(name: string, family: IpFamily, nowMs: number): HostAddresses | undefined {
    if (isOfCloud(name)) {
      const addresses = this.#pick(name, nowMs).flatMap((number) => this.#cloud(number, family));
      return { addresses, ttlSeconds: CLOUD_TTL_SECONDS };
    }
    const at = this.#names.indexOf(name);
    if (at < 0) return undefined;
    return { addresses: this.#steady(at, family), ttlSeconds: STEADY_TTL_SECONDS };
  }

  /** Whether some known name ends in it: then it is no host, but not nothing either. */
  isParent(name: string): boolean {
    return this.list().some((each) => each.endsWith(`.${name}`));
  }

  #pick(name: string, nowMs: number): number[] {
    const turn = Math.floor(nowMs / 1_000 / CLOUD_TTL_SECONDS);
    const chosen = new Set<number>();
    for (let round = 0; chosen.size < CLOUD_ANSWER; round++) {
      const hash = createHash("sha256").update(`${name} ${turn} ${round}`).digest();
      chosen.add(hash.readUInt16BE() % CLOUD_POOL);
    }
    return [...chosen];
  }

  #cloud(number: number, family: IpFamily): IpAddress[] {
    if (family === 4) return [nth(CLOUD_CIDR, number)];
    return this.#lab.hasIpv6 ? [nth(this.#ipv6Cidr(), CLOUD_OFFSET_IPV6 + number)] : [];
  }

  #steady(at: number, family: IpFamily): IpAddress[] {
    if (family === 4) return [nth(labAddresses(this.#lab).internetCidr, FIRST_HOST + at)];
    return this.#lab.hasIpv6 ? [nth(this.#ipv6Cidr(), FIRST_HOST + at)] : [];
  }

  #ipv6Cidr(): Cidr {
    return Cidr.parse(`fd33:${this.#lab.index}::/64`);
  }
}

function checkedName(name: string): string {
  const small = name.toLowerCase().replace(/\.$/, "");
  if (NAME.test(small) && small.length <= MAX_NAME) return small;
  throw new AppError("name", `${JSON.stringify(name)} cannot be the name of a host`);
}

function isOfCloud(name: string): boolean {
  return name.endsWith(`.${CLOUD_SUFFIX}`);
}

function nth(cidr: Cidr, number: number): IpAddress {
  const address = cidr.nth(number);
  return assertDefined(address, `${cidr.key} has an address ${number}`);
}
