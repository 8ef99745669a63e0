import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, type Cidr, IpAddress } from "#base";
import type { PortMapping } from "./host-ports.ts";
import { type Attachment, CniError, CniErrorCode } from "./protocol.ts";

interface Lease extends Attachment {
  readonly addresses: readonly string[];
  readonly ports?: readonly PortMapping[];
}

interface LeaseFile {
  readonly leases: readonly Lease[];
  /** Of each subnet, the host number given last: an address rests as long as it can. */
  readonly last: Readonly<Record<string, number>>;
}

/** Beyond it a subnet is large enough for anything; IPv6 ones are. */
const MAX_HOSTS = 1 << 16;
/** The subnet itself, and the bridge. */
const RESERVED_HOSTS = 2;

/**
 * Which container has which addresses, in a file. Every change is in the file before it is told
 * to anybody. For one process: the plugins of a node all run in its kubelet.
 */
export class Leases {
  readonly #path: string;
  #leases: Lease[];
  #last: Record<string, number>;

  constructor(folder: string, network: string) {
    this.#path = join(folder, `${network}.json`);
    const { leases, last } = read(this.#path);
    this.#leases = [...leases];
    this.#last = { ...last };
  }

  get(attachment: Attachment): IpAddress[] | undefined {
    return this.#find(attachment)?.addresses.map((text) => IpAddress.parse(text));
  }

  /** One address of each subnet; `ports` are written down with them. */
  allocate(
    attachment: Attachment,
    subnets: readonly Cidr[],
    ports: readonly PortMapping[] = [],
  ): IpAddress[] {
    if (this.#find(attachment) !== undefined) {
      const { containerId, ifname } = attachment;
      const message = `${ifname} of container ${containerId} has addresses already`;
      throw new CniError(CniErrorCode.alreadyAttached, message, "DEL comes before another ADD");
    }
    const taken = new Set(this.#leases.flatMap(({ addresses }) => addresses));
    const addresses = subnets.map((subnet) => this.#next(subnet, taken));
    this.#leases.push({ ...attachment, addresses: addresses.map(({ key }) => key), ports });
    this.#write();
    return addresses;
  }

  /** Whether each of the subnets has an address left. */
  hasRoom(subnets: readonly Cidr[]): boolean {
    return subnets.every(
      (subnet) => this.#leases.length < hostsOf(subnet) - RESERVED_HOSTS - broadcastsOf(subnet),
    );
  }

  /** Fine where there is none. */
  release(attachment: Attachment): void {
    const left = this.#leases.filter((lease) => !isSame(lease, attachment));
    if (left.length === this.#leases.length) return;
    this.#leases = left;
    this.#write();
  }

  list(): readonly Attachment[] {
    return this.#leases;
  }

  /** What the node's ports lead to. */
  hostPorts(): { addresses: readonly string[]; ports: readonly PortMapping[] }[] {
    return this.#leases.flatMap(({ addresses, ports = [] }) =>
      ports.length === 0 ? [] : [{ addresses, ports }],
    );
  }

  hasHostPorts(attachment: Attachment): boolean {
    return (this.#find(attachment)?.ports ?? []).length > 0;
  }

  #find(attachment: Attachment): Lease | undefined {
    return this.#leases.find((lease) => isSame(lease, attachment));
  }

  #next(subnet: Cidr, taken: ReadonlySet<string>): IpAddress {
    const hosts = hostsOf(subnet) - broadcastsOf(subnet);
    const last = this.#last[subnet.key] ?? RESERVED_HOSTS - 1;
    for (let step = 1; step < hosts; step++) {
      const host = (last + step) % hosts;
      const address = host < RESERVED_HOSTS ? undefined : subnet.nth(host);
      if (address === undefined || taken.has(address.key)) continue;
      this.#last[subnet.key] = host;
      return address;
    }
    throw new CniError(CniErrorCode.noAddressLeft, `${subnet.key} has no address left for a pod`);
  }

  #write(): void {
    const content: LeaseFile = { leases: this.#leases, last: this.#last };
    mkdirSync(dirname(this.#path), { recursive: true });
    // Whole or not at all, whatever ends the process meanwhile.
    const draft = `${this.#path}.new`;
    writeFileSync(draft, `${JSON.stringify(content)}\n`);
    renameSync(draft, this.#path);
  }
}

function read(path: string): LeaseFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { leases: [], last: {} };
    throw AppError.wrap(`reading the leases of pods' addresses`, error);
  }
  try {
    const { leases, last } = JSON.parse(text) as LeaseFile;
    for (const { addresses } of leases) for (const address of addresses) IpAddress.parse(address);
    return { leases, last };
  } catch (cause) {
    throw AppError.wrap(`${path} is damaged: remove it together with the node's pods`, cause);
  }
}

function isSame(a: Attachment, b: Attachment): boolean {
  return a.containerId === b.containerId && a.ifname === b.ifname;
}

function hostsOf(subnet: Cidr): number {
  return subnet.size > BigInt(MAX_HOSTS) ? MAX_HOSTS : Number(subnet.size);
}

function broadcastsOf({ family }: Cidr): number {
  return family === 4 ? 1 : 0;
}
