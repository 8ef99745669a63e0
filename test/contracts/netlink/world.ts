import { Cidr, IpAddress } from "#base";
import type { LinkSpec, NamespaceRef, Netlink } from "#netlink";

/** One namespace of a world. */
export interface Place {
  readonly ref: NamespaceRef;
  readonly netlink: Netlink;
}

/** Namespaces to try things in: of the kernel, or of a fake. All go when it is disposed of. */
export interface World extends Disposable {
  /** A new one, with nothing in it but a loopback device that is down. */
  place(name: string): Place;
  /** Takes a namespace away while the world goes on. */
  remove(place: Place): void;
  /** A descriptor of a program that filters can be made of, and its id. */
  program(): { fd: number; id: number };
}

export type MakeWorld = () => World;

export function ip(text: string): IpAddress {
  return IpAddress.parse(text);
}

export function cidr(text: string): Cidr {
  return Cidr.parse(text);
}

/** A veth whose ends have these names and, where given, indexes. */
export function veth(
  name: string,
  peer: string,
  more: { index?: number; peerIndex?: number; namespace?: NamespaceRef } = {},
): LinkSpec {
  const { index, peerIndex, namespace } = more;
  return {
    name,
    ...(index === undefined ? {} : { index }),
    details: {
      kind: "veth",
      peer: {
        name: peer,
        ...(peerIndex === undefined ? {} : { index: peerIndex }),
        ...(namespace === undefined ? {} : { namespace }),
      },
    },
  };
}

/** Two places with a veth between them that is up: index 10 here, 20 there. */
export function pair(world: World): { here: Place; there: Place } {
  const here = world.place("here");
  const there = world.place("there");
  const spec = veth("left", "right", { index: 10, peerIndex: 20, namespace: there.ref });
  here.netlink.links.create({ ...spec, isUp: true });
  there.netlink.links.set(20, { isUp: true });
  return { here, there };
}

/** What the kernel does on its own time, such as taking down what was in a namespace. */
export async function eventually(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`not within five seconds: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}

/** For assert.throws: an error with this errno name. */
export function failsWith(errnoName: string): (error: unknown) => boolean {
  return (error) => {
    const actual = (error as { errnoName?: string }).errnoName;
    if (actual === errnoName) return true;
    throw new Error(`${errnoName} expected, not: ${String(error)}`, { cause: error });
  };
}
