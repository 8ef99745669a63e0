/** They follow services, and pods or what people wrote; each is told of the services that a change concerns. */
import { joinKey, keyOf, splitKey } from "../model/object.ts";
import type { Change, ObjectCache } from "../engine/cache.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES } from "../engine/resources.ts";
import { type Node, ZONE_LABEL } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import { matchesLabels } from "../model/selector.ts";
import type { EndpointSlice, Endpoints, Service } from "../model/service.ts";
import { itself } from "../workload/owners.ts";
import { ENDPOINTS_MANAGED_BY_LABEL, ENDPOINTS_MANAGER, planEndpoints } from "./endpoints.ts";
import { isMirrored, planMirror } from "./mirror.ts";
import { MANAGED_BY_LABEL, MANAGER, planSlices, SERVICE_NAME_LABEL } from "./slices.ts";

export function endpointSliceController(context: Context): Controller {
  const services = context.cache<Service>(SERVICES);
  const pods = context.cache<Pod>(PODS);
  const slices = context.cache<EndpointSlice>(ENDPOINT_SLICES);
  const nodes = context.cache<Node>(NODES);
  slices.addIndex("service", serviceOf);
  const controller = new Controller(context, {
    name: "endpoint-slice-controller",
    plan: (key) => {
      const service = services.get(key);
      if (service === undefined) return NOTHING_TO_DO;
      return planSlices({
        service,
        pods: pods.by("namespace", service.metadata.namespace ?? ""),
        slices: slices.by("service", key),
        nodes: new Map(nodes.all().map((node) => [node.metadata.name, node])),
      });
    },
  });
  return controller
    .on(services, itself)
    .on(pods, (change) => servicesOf(services, change))
    .on(slices, ({ before, after }) =>
      [before, after].flatMap((slice) =>
        slice?.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER ? serviceOf(slice) : [],
      ),
    )
    .on(nodes, ({ before, after }) =>
      before?.metadata.labels?.[ZONE_LABEL] === after?.metadata.labels?.[ZONE_LABEL]
        ? []
        : services.all().map(keyOf),
    );
}

export function endpointsController(context: Context): Controller {
  const services = context.cache<Service>(SERVICES);
  const pods = context.cache<Pod>(PODS);
  const endpoints = context.cache<Endpoints>(ENDPOINTS);
  return new Controller(context, {
    name: "endpoint-controller",
    plan: (key) => {
      const service = services.get(key);
      const current = endpoints.get(key);
      if (service !== undefined) {
        const all = pods.by("namespace", splitKey(key).namespace ?? "");
        return planEndpoints({ service, pods: all, endpoints: current });
      }
      const label = current?.metadata.labels?.[ENDPOINTS_MANAGED_BY_LABEL];
      if (current === undefined || label !== ENDPOINTS_MANAGER) return NOTHING_TO_DO;
      return { operations: [{ verb: "delete", resource: ENDPOINTS, target: current }] };
    },
  })
    .on(services, itself)
    .on(endpoints, itself)
    .on(pods, (change) => servicesOf(services, change));
}

export function mirroringController(context: Context): Controller {
  const services = context.cache<Service>(SERVICES);
  const endpoints = context.cache<Endpoints>(ENDPOINTS);
  const slices = context.cache<EndpointSlice>(ENDPOINT_SLICES);
  slices.addIndex("service", serviceOf);
  return new Controller(context, {
    name: "endpoint-slice-mirroring-controller",
    plan: (key) =>
      planMirror({
        service: services.get(key),
        endpoints: endpoints.get(key),
        slices: slices.by("service", key),
      }),
  })
    .on(services, ({ before, after }) => {
      const isSelecting = (service: Service | undefined): boolean | undefined =>
        service && service.spec?.selector !== undefined;
      return isSelecting(before) === isSelecting(after) ? [] : itself({ before, after });
    })
    .on(endpoints, itself)
    .on(slices, ({ before, after }) =>
      [before, after].flatMap((slice) =>
        slice !== undefined && isMirrored(slice) ? serviceOf(slice) : [],
      ),
    );
}

/** The key of the service that a slice is of. */
function serviceOf({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? [] : [joinKey(metadata.namespace, name)];
}

/** Services that select the pod as it was or is, when what they see of it has changed. */
function servicesOf(services: ObjectCache<Service>, { before, after }: Change<Pod>): string[] {
  const pod = after ?? before;
  if (pod === undefined || isSame(seen(before), seen(after))) return [];
  const labels = [before?.metadata.labels, after?.metadata.labels];
  return services
    .by("namespace", pod.metadata.namespace ?? "")
    .filter(({ spec }) => {
      const selector = spec?.selector;
      return selector !== undefined && labels.some((each) => matchesLabels(selector, each));
    })
    .map(keyOf);
}

function seen(pod: Pod | undefined): unknown {
  if (pod === undefined) return undefined;
  const { metadata, spec, status } = pod;
  return [
    metadata.labels,
    metadata.deletionTimestamp,
    spec.nodeName,
    status?.phase,
    status?.podIPs,
    status?.podIP,
    status?.conditions?.find(({ type }) => type === "Ready")?.status,
  ];
}
