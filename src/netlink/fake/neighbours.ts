import { type Neighbour, type NeighbourSpec, NeighbourState, RouteProtocol } from "#netlink";
import { refuse } from "./failure.ts";
import type { FakeNamespace } from "./state.ts";

export function addNeighbour(here: FakeNamespace, spec: NeighbourSpec, mayReplace: boolean): void {
  if (!here.links.has(spec.link)) refuse("ENODEV");
  const { isProxy = false, isManaged = false } = spec;
  const lasting = isManaged ? NeighbourState.none : NeighbourState.permanent;
  const neighbour: Neighbour = {
    link: spec.link,
    family: spec.family ?? spec.address.family,
    address: spec.address,
    mac: spec.mac,
    state: isProxy ? NeighbourState.none : (spec.state ?? lasting),
    flags: spec.flags ?? 0,
    isProxy,
    isManaged,
    protocol: spec.protocol ?? RouteProtocol.unspecified,
  };
  const same = find(here, spec);
  if (same !== undefined && !mayReplace && !isProxy) refuse("EEXIST");
  here.neighbours = [...here.neighbours.filter((each) => each !== same), neighbour];
  here.tell("neighbour", { kind: "neighbour", action: "set", object: neighbour });
}

export function deleteNeighbour(here: FakeNamespace, spec: NeighbourSpec): void {
  if (!here.links.has(spec.link)) refuse("ENODEV");
  const found = find(here, spec) ?? refuse("ENOENT");
  here.neighbours = here.neighbours.filter((each) => each !== found);
  here.tell("neighbour", { kind: "neighbour", action: "deleted", object: found });
}

function find(here: FakeNamespace, spec: NeighbourSpec): Neighbour | undefined {
  return here.neighbours.find(
    ({ link, address, isProxy }) =>
      link === spec.link && address.equals(spec.address) && isProxy === (spec.isProxy ?? false),
  );
}
