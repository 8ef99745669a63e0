import { Cidr, IpAddress, type IpFamily } from "#base";
import {
  type Address,
  AddressFlag,
  type AddressSpec,
  LinkFlag,
  type Route,
  RouteProtocol,
  RouteTable,
  Scope,
} from "#netlink";
import { refuse } from "./failure.ts";
import { dropRoutes, makeRoute, putRoute } from "./routes.ts";
import type { FakeLink, FakeNamespace } from "./state.ts";

/** What the kernel makes itself has a metric in IPv6. */
const KERNEL_METRIC = 256;
const LOOPBACK_ADDRESSES: readonly [IpAddress, number][] = [
  [IpAddress.v4(0x7f00_0001), 8],
  [IpAddress.fromWords(0, 0, 0, 1), 128],
];

export function addAddress(here: FakeNamespace, spec: AddressSpec, mayReplace: boolean): void {
  const link = here.links.get(spec.link) ?? refuse("ENODEV");
  const address = makeAddress(link, spec);
  const same = here.addresses.find((each) => isSame(each, address));
  if (same !== undefined && !mayReplace) refuse("EEXIST");
  if (same !== undefined) take(here, same);
  here.addresses.push(address);
  here.tell("address", { kind: "address", action: "set", object: address });
  if ((link.flags & LinkFlag.up) !== 0) addRoutes(link, address);
}

export function deleteAddress(here: FakeNamespace, spec: AddressSpec): void {
  const wanted = here.addresses.find(
    (each) =>
      each.link === spec.link &&
      each.address.equals(spec.address) &&
      each.prefixLength === spec.prefixLength,
  );
  if (wanted === undefined) refuse(here.links.has(spec.link) ? "EADDRNOTAVAIL" : "ENODEV");
  take(here, wanted);
}

/** One interface has an IPv6 address once, and an IPv4 address once for each length. */
function isSame(a: Address, b: Address): boolean {
  return (
    a.link === b.link &&
    a.address.equals(b.address) &&
    (a.family === 6 || a.prefixLength === b.prefixLength)
  );
}

function makeAddress(link: FakeLink, spec: AddressSpec): Address {
  const { address } = spec;
  const { family } = address;
  const { validSeconds, preferredSeconds = validSeconds } = spec;
  const nothing = validSeconds === undefined ? AddressFlag.permanent : 0;
  const isLink = family === 6 && address.isLinkLocal;
  const scope = address.isLoopback ? Scope.host : isLink ? Scope.link : Scope.universe;
  return {
    link: link.index,
    family,
    address,
    prefixLength: spec.prefixLength,
    peer: spec.peer,
    broadcast: spec.broadcast,
    // The kernel derives it from the address in IPv6.
    scope: family === 6 ? scope : (spec.scope ?? scope),
    flags: (spec.flags ?? 0) | nothing,
    label: family === 4 ? (spec.label ?? link.name) : undefined,
    metric: spec.metric,
    protocol: spec.protocol,
    validSeconds,
    preferredSeconds,
  };
}

function take(here: FakeNamespace, address: Address): void {
  here.addresses = here.addresses.filter((each) => each !== address);
  here.tell("address", { kind: "address", action: "deleted", object: address });
  const implied = impliedRoutes(here, address).map(keyOf);
  dropRoutes(here, (route) => {
    const isImplied = route.protocol === RouteProtocol.kernel && implied.includes(keyOf(route));
    return isImplied || route.preferredSource?.equals(address.address) === true;
  });
}

function keyOf({ table, type, destination, link }: Route): string {
  return `${table} ${type} ${destination.key} ${link}`;
}

function addRoutes({ namespace }: FakeLink, address: Address): void {
  for (const route of impliedRoutes(namespace, address)) putRoute(namespace, route);
}

/** The routes that come with an address: to itself, to its broadcast address, to its prefix. */
function impliedRoutes(here: FakeNamespace, address: Address): Route[] {
  const { family, link: index, prefixLength, flags, metric } = address;
  const isLoopback = (here.links.get(index)?.flags ?? 0) & LinkFlag.loopback;
  const preferredSource = family === 4 ? address.address : undefined;
  const make = (destination: Cidr, more: Partial<Route>): Route =>
    makeRoute({
      destination,
      link: index,
      protocol: RouteProtocol.kernel,
      scope: family === 4 ? Scope.link : Scope.universe,
      preferredSource,
      ...more,
    });
  const toSelf = { table: RouteTable.local, type: "local", metric: undefined } as const;
  const self = family === 4 ? { ...toSelf, scope: Scope.host } : { ...toSelf, metric: 0 };
  const routes = [make(Cidr.of(address.address), self)];
  const prefix = Cidr.of(address.peer ?? address.address, prefixLength);
  const isAlone = address.peer === undefined && prefix.size === 1n;
  if (isAlone) return routes;
  if (isLoopback !== 0) return [...routes, make(prefix, self)];
  if (family === 4 && prefix.size > 2n) {
    routes.push(make(Cidr.of(prefix.last), { table: RouteTable.local, type: "broadcast" }));
  }
  if ((flags & AddressFlag.noPrefixRoute) === 0) {
    const own = family === 6 ? { metric: metric ?? KERNEL_METRIC } : { metric };
    routes.push(make(prefix, own));
  }
  return routes;
}

/** Takes a device's addresses away, of one family or all. */
export function dropAddresses({ namespace, index }: FakeLink, family?: IpFamily): void {
  for (const address of namespace.addresses.filter((each) => each.link === index)) {
    if (family === undefined || address.family === family) take(namespace, address);
  }
}

/** The loopback device has addresses from its first moment, and IPv4 keeps its own while down. */
export function linkCameUp(link: FakeLink): void {
  const { namespace, index } = link;
  if ((link.flags & LinkFlag.loopback) !== 0) {
    for (const [address, prefixLength] of LOOPBACK_ADDRESSES) {
      const isThere = namespace.addresses.some((each) => each.address.equals(address));
      if (!isThere) addAddress(namespace, { link: index, address, prefixLength }, false);
    }
  }
  for (const address of namespace.addresses) {
    if (address.link === index) addRoutes(link, address);
  }
}

/** Routes and neighbours go, and IPv6 addresses: they come back by nobody's doing. */
export function linkWentDown(link: FakeLink): void {
  const { namespace, index } = link;
  dropAddresses(link, 6);
  dropRoutes(namespace, (route) => route.link === index);
  namespace.neighbours = namespace.neighbours.filter((each) => each.link !== index);
}
