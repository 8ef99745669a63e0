import { MacAddress, Random } from "#base";
import { LinkFlag, type NamespaceRef } from "#netlink";
import { addLink, removeLink } from "./links.ts";
import { defaultRules } from "./rules.ts";
import { FakeNamespace, type Machine } from "./state.ts";

const LOOPBACK_HARDWARE = 772;
/** Far from real ones, so that one that is mistaken for the other does no harm. */
const FIRST_FD = 1_000_000;

/** All namespaces of a machine, and the programs that filters can be made of. */
export class FakeNetworks {
  readonly #namespaces = new Map<number, FakeNamespace>();
  readonly #programs = new Map<number, number>();
  readonly #machine: Machine;
  #lastFd = FIRST_FD;

  constructor() {
    const random = new Random(1);
    this.#machine = {
      namespaceOf: (ref: NamespaceRef) => this.#namespaces.get(ref.fd),
      programId: (fd) => this.#programs.get(fd),
      randomMac: () => MacAddress.random(random),
    };
  }

  /** A new one, with a loopback device that is down. */
  namespace(name: string): FakeNamespace {
    const fd = ++this.#lastFd;
    const namespace = new FakeNamespace(this.#machine, { name, fd, rules: defaultRules() });
    this.#namespaces.set(fd, namespace);
    addLink(namespace, {
      name: "lo",
      hardwareType: LOOPBACK_HARDWARE,
      flags: LinkFlag.loopback,
      mac: MacAddress.fromBytes(new Uint8Array(6)),
      mtu: 65536,
      details: undefined,
    });
    return namespace;
  }

  /** As when the last who held it is gone: its devices go, and their other ends elsewhere. */
  remove(namespace: FakeNamespace): void {
    for (const link of namespace.links.values()) removeLink(link);
    this.#namespaces.delete(namespace.fd);
  }

  /** A loaded program: a descriptor of it, and its id. */
  program(): { fd: number; id: number } {
    const fd = ++this.#lastFd;
    const id = this.#programs.size + 1;
    this.#programs.set(fd, id);
    return { fd, id };
  }
}
