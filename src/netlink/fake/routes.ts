import type { IpAddress } from "#base";
import {
  LinkFlag,
  type NextHop,
  type Route,
  RouteProtocol,
  type RouteSpec,
  RouteTable,
  Scope,
} from "#netlink";
import { refuse } from "./failure.ts";
import type { FakeNamespace } from "./state.ts";

const IPV6_METRIC = 1024;
const LEADS_NOWHERE: readonly Route["type"][] = ["blackhole", "unreachable", "prohibit", "throw"];

/** With what the kernel fills in. */
export function makeRoute(spec: RouteSpec): Route {
  const family = spec.family ?? spec.destination.family;
  const { type = "unicast", nextHops = [] } = spec;
  return {
    family,
    destination: spec.destination,
    source: spec.source,
    table: spec.table ?? RouteTable.main,
    protocol: spec.protocol ?? RouteProtocol.static,
    scope: family === 6 ? Scope.universe : (spec.scope ?? defaultScope(spec)),
    type,
    tos: spec.tos ?? 0,
    gateway: spec.gateway,
    link: spec.link,
    preferredSource: spec.preferredSource,
    metric: spec.metric ?? (family === 6 ? IPV6_METRIC : undefined),
    mtu: spec.mtu,
    advertisedMss: spec.advertisedMss,
    isOnLink: spec.isOnLink ?? false,
    nextHops,
  };
}

function defaultScope({ type = "unicast", gateway, nextHops = [] }: RouteSpec): number {
  if (type === "local") return Scope.host;
  if (type === "broadcast" || type === "multicast" || type === "anycast") return Scope.link;
  const goesToLink = type === "unicast" && gateway === undefined && nextHops.length === 0;
  return goesToLink ? Scope.link : Scope.universe;
}

/** Adds one that the kernel makes itself, without asking; twice is once. */
export function putRoute(here: FakeNamespace, route: Route): void {
  if (here.routes.some((each) => hasSameKey(each, route) && each.link === route.link)) return;
  insert(here, route);
}

export function addRoute(here: FakeNamespace, spec: RouteSpec, mayReplace: boolean): void {
  const route = resolve(here, makeRoute(spec));
  const same = here.routes.find((each) => hasSameKey(each, route));
  if (same !== undefined && !mayReplace) refuse("EEXIST");
  if (same !== undefined) here.routes = here.routes.filter((each) => each !== same);
  insert(here, route);
}

export function deleteRoute(here: FakeNamespace, spec: RouteSpec): void {
  const found = here.routes.find((route) => isMeant(route, spec));
  if (found === undefined) refuse("ESRCH");
  here.routes = here.routes.filter((each) => each !== found);
  here.tell("route", { kind: "route", action: "deleted", object: found });
}

/** What goes with a device or an address: of IPv4 routes the kernel tells nobody. */
export function dropRoutes(here: FakeNamespace, isGone: (route: Route) => boolean): void {
  const gone = here.routes.filter(isGone);
  here.routes = here.routes.filter((route) => !gone.includes(route));
  for (const route of gone) {
    if (route.family === 6) here.tell("route", { kind: "route", action: "deleted", object: route });
  }
}

function insert(here: FakeNamespace, route: Route): void {
  here.routes.push(route);
  here.routes.sort(
    (a, b) =>
      a.family - b.family ||
      a.destination.compare(b.destination) ||
      (a.metric ?? 0) - (b.metric ?? 0),
  );
  here.tell("route", { kind: "route", action: "set", object: route });
}

function hasSameKey(a: Route, b: Route): boolean {
  return (
    a.family === b.family &&
    a.table === b.table &&
    a.tos === b.tos &&
    (a.metric ?? 0) === (b.metric ?? 0) &&
    a.destination.equals(b.destination)
  );
}

/** Whether what is given of a route is so of this one. */
function isMeant(route: Route, spec: RouteSpec): boolean {
  const is = <T>(wanted: T | undefined, actual: T | undefined): boolean =>
    wanted === undefined || wanted === actual;
  const isAddress = (wanted: IpAddress | undefined, actual: IpAddress | undefined): boolean =>
    wanted === undefined || (actual !== undefined && wanted.equals(actual));
  return (
    route.destination.equals(spec.destination) &&
    is(spec.family ?? spec.destination.family, route.family) &&
    route.table === (spec.table ?? RouteTable.main) &&
    route.tos === (spec.tos ?? 0) &&
    is(spec.metric, route.metric) &&
    is(spec.type, route.type) &&
    is(spec.protocol, route.protocol) &&
    is(spec.link, route.link) &&
    isAddress(spec.gateway, route.gateway) &&
    isAddress(spec.preferredSource, route.preferredSource)
  );
}

/** Finds the device by the gateway where none is given, and refuses what cannot be. */
function resolve(here: FakeNamespace, route: Route): Route {
  const { preferredSource, type, nextHops } = route;
  const isOwn = here.addresses.some(({ address }) => preferredSource?.equals(address) === true);
  if (preferredSource !== undefined && !isOwn) refuse("EINVAL");
  if (LEADS_NOWHERE.includes(type)) return route;
  if (nextHops.length > 0) {
    return { ...route, nextHops: nextHops.map((hop) => ({ ...hop, ...reach(here, hop) })) };
  }
  return { ...route, ...reach(here, route) };
}

type Hop = Pick<NextHop, "link" | "gateway" | "isOnLink">;

function reach(here: FakeNamespace, { link: index, gateway, isOnLink }: Hop): { link: number } {
  const device = index === undefined ? undefined : (here.links.get(index) ?? refuse("ENODEV"));
  if (device !== undefined && (device.flags & LinkFlag.up) === 0) refuse("ENETDOWN");
  if (gateway === undefined || (isOnLink && device !== undefined)) {
    return { link: device?.index ?? refuse("ENODEV") };
  }
  const connected = here.routes.find(
    (route) =>
      route.gateway === undefined &&
      route.type === "unicast" &&
      route.link !== undefined &&
      (index === undefined || route.link === index) &&
      route.destination.contains(gateway),
  );
  const unreachable = gateway.family === 4 ? "ENETUNREACH" : "EHOSTUNREACH";
  return { link: connected?.link ?? refuse(unreachable) };
}
