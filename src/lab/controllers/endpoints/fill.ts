/** Groups of endpoints into slices: what is there is kept where it is, and the rest is made. */
import type { Operation } from "../engine/operations.ts";
import { ENDPOINT_SLICES } from "../engine/resources.ts";
import { type ApiObject, byAge, compareText, controllerReference } from "../model/object.ts";
import { canonical, isSame } from "../model/same.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../model/service.ts";
import type { Family } from "./members.ts";

/** Endpoints that have the same ports. */
export interface Group {
  readonly family: Family;
  readonly ports: EndpointPort[];
  readonly endpoints: ReadonlyMap<string, Endpoint>;
}

/** What all slices of one service are to look like. */
interface Shape {
  readonly owner: ApiObject;
  readonly labels: Record<string, string>;
  /** Undefined leaves them alone. */
  readonly annotations?: Record<string, string>;
  readonly maxEndpoints: number;
}

export function endpointKey({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ""} ${addresses.join(",")}`;
}

/** `own` are the slices that may be changed; a group without endpoints has a slice that says so. */
export function reconcileSlices(
  groups: readonly Group[],
  own: readonly EndpointSlice[],
  shape: Shape,
): Operation[] {
  const used = new Set<EndpointSlice>();
  const operations = groups.flatMap((group) => fill(group, own, used, shape));
  const unused = own.filter((slice) => !used.has(slice)).toSorted(byAge);
  // New endpoints first: in between, there are rather too many than too few.
  return [...recycle(operations, unused), ...unused.map(removal)];
}

/** What nobody needs any more becomes what would have to be made; `unused` keeps the rest. */
function recycle(operations: readonly Operation[], unused: EndpointSlice[]): Operation[] {
  return operations.map((operation) => {
    if (operation.verb !== "create") return operation;
    const wanted = operation.object as EndpointSlice;
    const at = unused.findIndex(({ addressType }) => addressType === wanted.addressType);
    const [slice] = at < 0 ? [] : unused.splice(at, 1);
    if (slice === undefined) return operation;
    const { labels, annotations = slice.metadata.annotations ?? {} } = wanted.metadata;
    const metadata = { ...slice.metadata, ...(labels && { labels }), annotations };
    const { endpoints, ports = null } = wanted;
    const object: EndpointSlice = { ...slice, metadata, endpoints, ports };
    return { verb: "update", resource: ENDPOINT_SLICES, object };
  });
}

function removal(target: EndpointSlice): Operation {
  return { verb: "delete", resource: ENDPOINT_SLICES, target };
}

/** Endpoints stay in the slice they are in; new ones go where there is room, then into new slices. */
function fill(
  group: Group,
  own: readonly EndpointSlice[],
  used: Set<EndpointSlice>,
  shape: Shape,
): Operation[] {
  const rest = new Map(group.endpoints);
  const reusable = own
    .filter((slice) => slice.addressType === group.family && isSame(slice.ports, group.ports))
    .toSorted(byAge);
  const contents = reusable.map((slice) => ({ slice, endpoints: kept(slice, rest) }));
  for (const { endpoints } of contents) topUp(endpoints, rest, shape.maxEndpoints);
  const operations: Operation[] = [];
  const isPlaceholder = group.endpoints.size === 0;
  for (const { slice, endpoints } of contents) {
    const isFirstPlaceholder = isPlaceholder && slice === reusable[0];
    if (endpoints.length === 0 && !isFirstPlaceholder) continue;
    used.add(slice);
    operations.push(...update(slice, endpoints, shape));
  }
  while (rest.size > 0 || (isPlaceholder && reusable.length === 0 && operations.length === 0)) {
    const endpoints: Endpoint[] = [];
    topUp(endpoints, rest, shape.maxEndpoints);
    const object = newSlice(group, endpoints, shape);
    operations.push({ verb: "create", resource: ENDPOINT_SLICES, object });
    if (isPlaceholder) break;
  }
  return operations;
}

function kept(slice: EndpointSlice, rest: Map<string, Endpoint>): Endpoint[] {
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const key = endpointKey(endpoint);
    const wanted = rest.get(key);
    rest.delete(key);
    return wanted ?? [];
  });
}

function topUp(endpoints: Endpoint[], rest: Map<string, Endpoint>, max: number): void {
  for (const [key, endpoint] of rest) {
    if (endpoints.length >= max) return;
    endpoints.push(endpoint);
    rest.delete(key);
  }
}

function update(slice: EndpointSlice, endpoints: Endpoint[], shape: Shape): Operation[] {
  const { labels, annotations = slice.metadata.annotations ?? {} } = shape;
  const isCurrent =
    isSame(slice.metadata.labels, labels) &&
    isSame(slice.metadata.annotations ?? {}, annotations) &&
    isSameSet(slice.endpoints, endpoints);
  if (isCurrent) return [];
  const metadata = { ...slice.metadata, labels, annotations };
  const object: EndpointSlice = { ...slice, metadata, endpoints: orNull(endpoints) };
  return [{ verb: "update", resource: ENDPOINT_SLICES, object }];
}

function isSameSet(
  before: readonly Endpoint[] | null | undefined,
  after: readonly Endpoint[],
): boolean {
  const sorted = (endpoints: readonly Endpoint[]): string[] =>
    endpoints.map(canonical).toSorted(compareText);
  return isSame(sorted(before ?? []), sorted(after));
}

function newSlice(group: Group, endpoints: Endpoint[], shape: Shape): EndpointSlice {
  const { owner, labels, annotations } = shape;
  const { name, namespace = "" } = owner.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "",
      generateName: `${name}-`,
      namespace,
      labels,
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    addressType: group.family,
    endpoints: orNull(endpoints),
    ports: orNull(group.ports),
  };
}

/** As Kubernetes' own controllers write an empty list. */
function orNull<T>(list: T[]): T[] | null {
  return list.length === 0 ? null : list;
}
