import {
  type BpfFilterSpec,
  type Filter,
  type FilterHook,
  type FilterKey,
  type Qdisc,
  type QdiscSpec,
  TrafficHandle,
} from "#netlink";
import { refuse } from "./failure.ts";
import { findLink, rootQdisc } from "./links.ts";
import type { FakeLink, FakeNamespace } from "./state.ts";

const ETH_P_ALL = 3;

export function addQdisc(here: FakeNamespace, spec: QdiscSpec, mayReplace: boolean): void {
  const link = findLink(here, spec.link);
  const isClsact = spec.kind === "clsact";
  const qdisc: Qdisc = {
    link: link.index,
    kind: spec.kind,
    parent: spec.parent ?? (isClsact ? TrafficHandle.clsact : TrafficHandle.root),
    handle: spec.handle ?? (isClsact ? TrafficHandle.clsactHandle : 0),
    options: spec.options ?? new Uint8Array(0),
  };
  const same = link.qdiscs.find((each) => each.parent === qdisc.parent);
  // The root that a device is born with gives way to any.
  if (same !== undefined && same.kind !== "noqueue" && !mayReplace) refuse("EEXIST");
  const others = link.qdiscs.filter((each) => each !== same);
  link.qdiscs = qdisc.parent === TrafficHandle.root ? [qdisc, ...others] : [...others, qdisc];
  here.tell("traffic", { kind: "qdisc", action: "set", object: qdisc });
}

export function deleteQdisc(here: FakeNamespace, spec: QdiscSpec): void {
  const link = findLink(here, spec.link);
  const isClsact = spec.kind === "clsact";
  const parent = spec.parent ?? (isClsact ? TrafficHandle.clsact : TrafficHandle.root);
  const found = link.qdiscs.find((each) => each.parent === parent && each.kind === spec.kind);
  if (found === undefined) refuse("EINVAL");
  const others = link.qdiscs.filter((each) => each !== found);
  const hasRoot = others.some((each) => each.parent === TrafficHandle.root);
  link.qdiscs = hasRoot ? others : [rootQdisc(link.index, "noqueue"), ...others];
  if (isClsact) here.filters = here.filters.filter((each) => each.link !== link.index);
  here.tell("traffic", { kind: "qdisc", action: "deleted", object: found });
}

export function putFilter(here: FakeNamespace, spec: BpfFilterSpec, mayReplace: boolean): void {
  needClsact(here, spec.link);
  const programId = here.machine.programId(spec.programFd) ?? refuse("EBADF");
  const filter: Filter = {
    link: spec.link,
    parent: spec.hook === "ingress" ? TrafficHandle.ingressFilters : TrafficHandle.egressFilters,
    hook: spec.hook,
    priority: spec.priority,
    handle: spec.handle,
    chain: 0,
    protocol: ETH_P_ALL,
    kind: "bpf",
    bpf: {
      name: spec.name,
      programId,
      programTag: programId.toString(16).padStart(16, "0"),
      isDirectAction: true,
    },
  };
  const same = find(here, spec);
  if (same !== undefined && !mayReplace) refuse("EEXIST");
  here.filters = [...here.filters.filter((each) => each !== same), filter].toSorted(
    (a, b) => a.parent - b.parent || a.priority - b.priority || a.handle - b.handle,
  );
  here.tell("traffic", { kind: "filter", action: "set", object: filter });
}

export function deleteFilter(here: FakeNamespace, key: FilterKey): void {
  needClsact(here, key.link);
  take(here, find(here, key) ?? refuse("ENOENT"));
}

export function deleteAllFilters(here: FakeNamespace, link: number, hook: FilterHook): void {
  needClsact(here, link);
  for (const filter of here.filters.filter((each) => each.link === link && each.hook === hook)) {
    take(here, filter);
  }
}

function take(here: FakeNamespace, filter: Filter): void {
  here.filters = here.filters.filter((each) => each !== filter);
  here.tell("traffic", { kind: "filter", action: "deleted", object: filter });
}

function find(here: FakeNamespace, key: FilterKey): Filter | undefined {
  return here.filters.find(
    ({ link, hook, priority, handle }) =>
      link === key.link && hook === key.hook && priority === key.priority && handle === key.handle,
  );
}

function needClsact(here: FakeNamespace, index: number): void {
  const link: FakeLink = findLink(here, index);
  if (!link.qdiscs.some((each) => each.kind === "clsact")) refuse("EINVAL");
}
