/** What is read of Kubernetes' own objects: their other fields are dropped without a word. */
import { objectMeta } from "./meta.ts";
import {
  constant,
  dictionary,
  fields,
  flag,
  integer,
  integerOrText,
  list,
  MAX_PORT,
  maybe,
  text,
  type Typed,
} from "./schema.ts";

const partial = { isPartial: true };

const portNumber = integer({ minimum: 0, maximum: MAX_PORT });

const containerPort = fields(
  {
    name: maybe(text()),
    containerPort: portNumber,
    protocol: maybe(text()),
    hostPort: maybe(portNumber),
    hostIP: maybe(text()),
  },
  partial,
);

const container = fields({ name: maybe(text()), ports: maybe(list(containerPort)) }, partial);
export type Container = Typed<typeof container>;

const initContainer = fields(
  {
    name: maybe(text()),
    ports: maybe(list(containerPort)),
    /** "Always" makes it a sidecar, whose ports count. */
    restartPolicy: maybe(text()),
  },
  partial,
);

export const pod = fields(
  {
    apiVersion: constant("v1"),
    kind: constant("Pod"),
    metadata: objectMeta,
    spec: maybe(
      fields(
        {
          nodeName: maybe(text()),
          hostNetwork: maybe(flag()),
          serviceAccountName: maybe(text()),
          containers: maybe(list(container)),
          initContainers: maybe(list(initContainer)),
        },
        partial,
      ),
    ),
    status: maybe(
      fields(
        {
          phase: maybe(text()),
          podIP: maybe(text()),
          podIPs: maybe(list(fields({ ip: maybe(text()) }, partial))),
          hostIP: maybe(text()),
          hostIPs: maybe(list(fields({ ip: maybe(text()) }, partial))),
        },
        partial,
      ),
    ),
  },
  partial,
);
export type Pod = Typed<typeof pod>;

export const namespace = fields(
  { apiVersion: constant("v1"), kind: constant("Namespace"), metadata: objectMeta },
  partial,
);
export type Namespace = Typed<typeof namespace>;

const servicePort = fields(
  {
    name: maybe(text()),
    port: portNumber,
    protocol: maybe(text()),
    targetPort: maybe(integerOrText()),
    nodePort: maybe(portNumber),
    appProtocol: maybe(text()),
  },
  partial,
);

export const service = fields(
  {
    apiVersion: constant("v1"),
    kind: constant("Service"),
    metadata: objectMeta,
    spec: maybe(
      fields(
        {
          type: maybe(text()),
          selector: maybe(dictionary(text())),
          clusterIP: maybe(text()),
          clusterIPs: maybe(list(text())),
          externalIPs: maybe(list(text())),
          loadBalancerIP: maybe(text()),
          externalName: maybe(text()),
          externalTrafficPolicy: maybe(text()),
          internalTrafficPolicy: maybe(text()),
          sessionAffinity: maybe(text()),
          ipFamilies: maybe(list(text())),
          publishNotReadyAddresses: maybe(flag()),
          ports: maybe(list(servicePort)),
        },
        partial,
      ),
    ),
  },
  partial,
);
export type Service = Typed<typeof service>;

const targetRef = fields(
  { kind: maybe(text()), namespace: maybe(text()), name: maybe(text()), uid: maybe(text()) },
  partial,
);

const endpointPort = fields(
  {
    name: maybe(text()),
    port: maybe(portNumber),
    protocol: maybe(text()),
    appProtocol: maybe(text()),
  },
  partial,
);

const endpointAddress = fields(
  {
    ip: text(),
    hostname: maybe(text()),
    nodeName: maybe(text()),
    targetRef: maybe(targetRef),
  },
  partial,
);

export const endpoints = fields(
  {
    apiVersion: constant("v1"),
    kind: constant("Endpoints"),
    metadata: objectMeta,
    subsets: maybe(
      list(
        fields(
          {
            addresses: maybe(list(endpointAddress)),
            notReadyAddresses: maybe(list(endpointAddress)),
            ports: maybe(list(endpointPort)),
          },
          partial,
        ),
      ),
    ),
  },
  partial,
);
export type Endpoints = Typed<typeof endpoints>;

const sliceEndpoint = fields(
  {
    addresses: list(text()),
    conditions: maybe(
      fields({ ready: maybe(flag()), serving: maybe(flag()), terminating: maybe(flag()) }, partial),
    ),
    hostname: maybe(text()),
    nodeName: maybe(text()),
    zone: maybe(text()),
    targetRef: maybe(targetRef),
  },
  partial,
);

export const endpointSlice = fields(
  {
    apiVersion: constant("discovery.k8s.io/v1"),
    kind: constant("EndpointSlice"),
    metadata: objectMeta,
    addressType: text(),
    endpoints: maybe(list(sliceEndpoint)),
    ports: maybe(list(endpointPort)),
  },
  partial,
);
export type EndpointSlice = Typed<typeof endpointSlice>;

export const node = fields(
  {
    apiVersion: constant("v1"),
    kind: constant("Node"),
    metadata: objectMeta,
    spec: maybe(
      fields(
        {
          podCIDR: maybe(text()),
          podCIDRs: maybe(list(text())),
          providerID: maybe(text()),
          unschedulable: maybe(flag()),
          taints: maybe(
            list(fields({ key: text(), value: maybe(text()), effect: maybe(text()) }, partial)),
          ),
        },
        partial,
      ),
    ),
    status: maybe(
      fields(
        { addresses: maybe(list(fields({ type: text(), address: text() }, partial))) },
        partial,
      ),
    ),
  },
  partial,
);
export type Node = Typed<typeof node>;
