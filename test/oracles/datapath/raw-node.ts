/** A node of random pods, with policies that no engine made. */
import { Cidr, IpAddress, MacAddress, type Random } from "#base";
import { type Node, START_TIMES } from "./generate-case.ts";
import { addRawPolicy, editRawPolicy, type RawPolicy } from "./raw-policies.ts";
import type { Step } from "./step.ts";
import type { End } from "./traffic.ts";
import { type Pod, type Remote, World } from "./world.ts";

const UPLINK = 9;
const MIN_PODS = 4;
const IDENTITIES = [1000, 1001, 1002, 1003, 2000];
/** Of nobody's pods: reserved ones, those of addresses, and some of blocks. */
const PEERS = [1, 2, 6, 9, 16_777_217, 16_777_218, 0];
const BLOCKS = [16_777_300, 16_777_301, 1000, 0];
const EPOCHS = [1, 1, 100, 0x7fff_ffff, 0xffff_fffd];
const FIRST_POLICY = 1;
const MAX_POLICY = 60;

const CIDRS = [
  "10.0.0.0/8",
  "10.0.0.0/29",
  "10.0.0.20/32",
  "192.168.0.0/16",
  "192.168.1.128/25",
  "192.168.1.130/32",
  "0.0.0.0/0",
  "::/0",
  "fd00::/16",
  "fd00::14/128",
  "fd01::/32",
  "172.16.0.1/32",
  "fd02::1/128",
].map((text) => Cidr.parse(text));

/** The host, then others. */
export const REMOTES: readonly Remote[] = [
  remote("172.16.0.1", "fd02::1", 0),
  remote("172.16.0.1", "fd02::1", UPLINK),
  remote("10.0.0.20", "fd00::14", UPLINK),
  remote("192.168.1.130", "fd01::82", UPLINK),
  remote("192.168.1.1", "fd01::1", UPLINK),
  remote("1.1.1.1", "2606::1111", UPLINK),
  remote("1.1.1.1", "2606::1111", 0),
];

function remote(ipv4: string, ipv6: string, cameBy: number): Remote {
  return { ipv4: IpAddress.parse(ipv4), ipv6: IpAddress.parse(ipv6), cameBy };
}

export class RawNode implements Node {
  readonly slots: readonly number[];
  readonly #random: Random;
  readonly #world: World;
  #policies: RawPolicy[] = [];
  #nextPolicy = FIRST_POLICY;

  constructor(random: Random, slots: readonly number[]) {
    this.#random = random;
    this.slots = slots;
    this.#world = new World(random.pick(EPOCHS));
  }

  get ends(): readonly End[] {
    const pods = [...this.#world.pods.values()].map((pod) => ({ pod, remote: undefined }));
    return [...pods, ...REMOTES.map((each) => ({ pod: undefined, remote: each }))];
  }

  begin(): Step[] {
    const random = this.#random;
    const world = this.#world;
    world.raiseEpoch();
    for (let count = random.between(2, 5); count > 0; count--) this.#addPolicy();
    const count = random.between(MIN_PODS, this.slots.length);
    for (const slot of this.slots.slice(0, count)) world.addPod(this.#newPod(slot));
    for (const cidr of CIDRS) {
      if (random.chance(0.5)) world.setPrefix("ipcache", cidr, random.pick(PEERS));
      if (random.chance(0.5)) world.setPrefix("blocks", cidr, random.pick(BLOCKS));
    }
    for (let pairs = random.below(16); pairs > 0; pairs--) this.#authenticate();
    return [world.take("the node begins")];
  }

  change(): Step[] {
    const random = this.#random;
    const world = this.#world;
    const pods = [...world.pods.values()];
    const pod = pods.length === 0 ? undefined : random.pick(pods);
    switch (random.below(12)) {
      case 0:
        return this.#replacePolicy(pod);
      case 1:
      case 2:
      case 3:
        editRawPolicy(world, random, random.pick(this.#policies), this.#identities());
        if (random.chance(0.8)) world.raiseEpoch();
        return [world.take("an entry changes")];
      case 4:
        if (pod !== undefined) world.setPod({ ...pod, identity: random.pick(IDENTITIES) });
        world.raiseEpoch();
        return [world.take("another identity")];
      case 5:
        return this.#removeOrReplace(pod);
      case 6:
        return this.#addMissing();
      case 7:
      case 8:
        world.setPrefix(
          random.pick(["ipcache", "blocks"]),
          random.pick(CIDRS),
          random.chance(0.3) ? undefined : random.pick([...PEERS, ...BLOCKS]),
        );
        if (random.chance(0.8)) world.raiseEpoch();
        return [world.take("a prefix changes")];
      case 9:
        this.#authenticate();
        return [world.take("a proof comes or goes")];
      case 10:
        world.raiseEpoch(random.pick([1, 1, 2, 0x7fff_ffff, 0xffff_ffff]));
        return [world.take("the epoch is raised")];
      default:
        if (pod?.ipv4 !== undefined) {
          world.setLocalAddress(pod.ipv4, random.pick([undefined, ...this.slots]));
        }
        return [world.take("an address goes astray")];
    }
  }

  #identities(): number[] {
    return [...IDENTITIES, ...PEERS, ...BLOCKS];
  }

  #addPolicy(): void {
    const number = this.#nextPolicy;
    this.#nextPolicy = number >= MAX_POLICY ? FIRST_POLICY : number + 1;
    this.#policies.push(addRawPolicy(this.#world, this.#random, number, this.#identities()));
    if (this.#policies.length > 8) this.#policies = this.#policies.slice(1);
  }

  #replacePolicy(pod: Pod | undefined): Step[] {
    const world = this.#world;
    const random = this.#random;
    this.#addPolicy();
    const number = random.chance(0.1) ? 0 : (this.#policies.at(-1)?.number ?? 0);
    if (pod !== undefined) {
      const policies = random.pick([
        [number, number],
        [number, pod.policies[1]],
        [pod.policies[0], number],
      ] as const);
      world.setPod({ ...pod, policies });
    }
    if (random.chance(0.5)) world.nextGeneration();
    else world.raiseEpoch();
    return [world.take("another policy")];
  }

  #removeOrReplace(pod: Pod | undefined): Step[] {
    if (pod === undefined) return [];
    const world = this.#world;
    world.removePod(pod, this.#random.chance(0.2));
    const steps: Step[] = [world.take(`${pod.name} goes`)];
    if (this.#random.chance(0.5)) return steps;
    // Another one with the same address, there or elsewhere.
    const free = this.slots.filter((slot) => !world.pods.has(slot));
    const slot = this.#random.chance(0.5) ? pod.slot : this.#random.pick(free);
    world.addPod({ ...this.#newPod(slot), ipv4: pod.ipv4, ipv6: pod.ipv6 });
    steps.push(world.take(`another pod has the addresses of ${pod.name}`));
    return steps;
  }

  #addMissing(): Step[] {
    const world = this.#world;
    const free = this.slots.filter((slot) => !world.pods.has(slot));
    if (free.length === 0) return [];
    const pod = this.#newPod(this.#random.pick(free));
    world.addPod(pod);
    return [world.take(`${pod.name} comes`)];
  }

  #authenticate(): void {
    const random = this.#random;
    const expires = random.pick([undefined, 0n, 2n ** 63n, 2n ** 63n, ...START_TIMES]);
    // Mostly of pods with each other.
    const peers = random.chance(0.6) ? IDENTITIES : this.#identities();
    const [local, peer] = [random.pick(IDENTITIES), random.pick(peers)];
    this.#world.setAuthentication(local, peer, expires);
  }

  #newPod(slot: number): Omit<Pod, "since"> {
    const random = this.#random;
    const families = random.below(6);
    const last = slot % 256;
    return {
      slot,
      name: `pod ${slot}`,
      identity: random.pick(IDENTITIES),
      policies: [this.#somePolicy(), this.#somePolicy()],
      ipv4: families === 0 ? undefined : IpAddress.parse(`10.0.0.${last}`),
      ipv6: families === 1 ? undefined : IpAddress.parse(`fd00::${last.toString(16)}`),
      mac: MacAddress.fromBytes(Uint8Array.of(2, 0, 0, 0, 1, last)),
      hostMac: MacAddress.fromBytes(Uint8Array.of(2, 0, 0, 0, 2, last)),
    };
  }

  #somePolicy(): number {
    const random = this.#random;
    return random.chance(0.08) ? 0 : random.pick(this.#policies).number;
  }
}
