/** Objects for tests, as short as they can be. */
import type { ApiObject, Condition } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import type { Pod, PodSpec, PodStatus } from "../model/pod.ts";
import type { Service } from "../model/service.ts";
import { timestamp } from "../model/time.ts";
import type { Deployment } from "../model/workload.ts";

/** When everything in these tests was made. */
export const MADE_MS = 1_704_067_200_000;
export const NOW_MS = MADE_MS + 3_600_000;

type Some<T> = Partial<T>;

export function readyCondition(isReady: boolean, sinceMs = MADE_MS): Condition {
  return {
    type: "Ready",
    status: isReady ? "True" : "False",
    lastTransitionTime: timestamp(sinceMs),
  };
}

export function pod(
  name: string,
  {
    labels = { app: "web" },
    owner,
    isReady = true,
    ...more
  }: {
    labels?: Record<string, string>;
    owner?: ApiObject;
    isReady?: boolean;
    spec?: Some<PodSpec>;
    status?: Some<PodStatus>;
    metadata?: Some<ApiObject["metadata"]>;
  } = {},
): Pod {
  const number = Buffer.from(name).reduce((sum, byte) => sum + byte, 0);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: `uid-${name}`,
      resourceVersion: "1",
      creationTimestamp: timestamp(MADE_MS),
      labels,
      ...(owner === undefined ? {} : { ownerReferences: [ownedBy(owner)] }),
      ...more.metadata,
    },
    spec: { nodeName: "node1", containers: [{ name: "web" }], ...more.spec },
    status: {
      phase: "Running",
      podIP: `10.0.0.${number % 250}`,
      podIPs: [{ ip: `10.0.0.${number % 250}` }, { ip: `fd00::${(number % 250).toString(16)}` }],
      conditions: [readyCondition(isReady)],
      ...more.status,
    },
  };
}

export function ownedBy(
  owner: ApiObject,
): NonNullable<ApiObject["metadata"]["ownerReferences"]>[0] {
  const { apiVersion, kind } = owner;
  const { name, uid = "" } = owner.metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

export function deployment(name: string, spec: Some<Deployment["spec"]> = {}): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name,
      namespace: "default",
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: timestamp(MADE_MS),
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "web" }] },
      },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      ...spec,
    },
  };
}

export function node(
  name: string,
  more: Some<Omit<Node, "metadata">> & { labels?: Record<string, string> } = {},
): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      uid: `uid-${name}`,
      creationTimestamp: timestamp(MADE_MS),
      labels: { "kubernetes.io/hostname": name, ...more.labels },
    },
    spec: { ...more.spec },
    status: {
      allocatable: { cpu: "2", memory: "4Gi", pods: "110" },
      conditions: [{ ...readyCondition(true), lastHeartbeatTime: timestamp(MADE_MS) }],
      ...more.status,
    },
  };
}

export function service(name: string, spec: Service["spec"] = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", uid: `uid-${name}` },
    spec: {
      clusterIP: "10.200.0.9",
      ipFamilies: ["IPv4"],
      selector: { app: "web" },
      ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
      ...spec,
    },
  };
}
