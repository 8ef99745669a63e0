/** Small clusters in which everything collides: few names, few labels, few addresses. */
import fc from "fast-check";
import type { RawContainerPort, RawObject, RawPod } from "./raw.ts";

export const NAMESPACES = ["x", "y", "z", "kube-system"];
export const POD_CIDRS = [
  "10.0.0.0/8",
  "10.0.0.0/29",
  "10.0.0.2/31",
  "10.0.0.3/32",
  "10.0.0.1/32",
  "0.0.0.0/0",
  "192.168.0.0/16",
  "192.168.1.128/25",
  "192.168.1.130/32",
];
export const OUTSIDE = ["10.0.0.20", "192.168.1.1", "192.168.1.130", "1.1.1.1"];
export const KEYS = ["app", "tier", "role"];
export const VALUES = ["a", "b", ""];

export const labels: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.constantFrom(...VALUES),
  { maxKeys: 2 },
);

/** Some labels more that only pods have. */
const podLabels: fc.Arbitrary<Record<string, string>> = fc
  .tuple(labels, fc.boolean(), fc.constantFrom("", "", "", "kube-dns", "1"))
  .map(([own, , special]) => {
    if (special === "kube-dns") return { ...own, "k8s-app": special };
    return special === "" ? own : { ...own, "pod-template-hash": special };
  });

const containerPort: fc.Arbitrary<RawContainerPort> = fc.constantFrom(
  { name: "web", containerPort: 80 },
  { name: "web", containerPort: 81 },
  { name: "web", containerPort: 80, protocol: "UDP" },
  { name: "dns", containerPort: 53, protocol: "UDP" },
  { name: "dns", containerPort: 53, protocol: "TCP" },
  { name: "sig", containerPort: 80, protocol: "SCTP" },
  { containerPort: 443 },
);

/** A name and protocol stand once in a pod. */
const containerPorts = fc.uniqueArray(containerPort, {
  maxLength: 3,
  selector: (port) => `${port.name ?? port.containerPort}/${port.protocol ?? "TCP"}`,
});

export function podAt(at: number): fc.Arbitrary<RawPod> {
  return fc
    .record({
      namespace: fc.constantFrom(...NAMESPACES),
      labels: podLabels,
      ports: containerPorts,
      account: fc.constantFrom(undefined, undefined, "robot"),
    })
    .map(({ namespace, labels: own, ports, account }) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `p${at}`, namespace, labels: own },
      spec: {
        ...(account === undefined ? {} : { serviceAccountName: account }),
        containers: [{ name: "main", image: "main", ports }],
      },
      status: { podIP: `10.0.0.${at + 1}` },
    }));
}

export const namespaceObjects: fc.Arbitrary<RawObject[]> = fc
  .tuple(...NAMESPACES.map(() => labels))
  .map((each) =>
    NAMESPACES.map((name, at) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { ...each[at], "kubernetes.io/metadata.name": name } },
    })),
  );

export const services: fc.Arbitrary<RawObject[]> = fc
  .array(
    fc.record({
      name: fc.constantFrom("s0", "s1", "kube-dns"),
      namespace: fc.constantFrom("x", "y", "kube-system"),
      labels,
      selector: fc.option(labels, { nil: undefined }),
      address: fc.constantFrom(...OUTSIDE),
    }),
    { maxLength: 2 },
  )
  .map((list) => {
    const distinct = new Map(list.map((each) => [`${each.namespace}/${each.name}`, each]));
    return [...distinct.values()].flatMap(serviceObjects);
  });

function serviceObjects(of: {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  selector: Record<string, string> | undefined;
  address: string;
}): RawObject[] {
  const { name, namespace, selector } = of;
  const hasSelector = selector !== undefined && Object.keys(selector).length > 0;
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: of.labels },
    spec: { ...(hasSelector ? { selector } : {}), ports: [{ port: 80 }] },
  };
  if (hasSelector) return [service];
  return [
    service,
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name, namespace },
      subsets: [{ addresses: [{ ip: of.address }] }],
    },
  ];
}

export const cidrGroups: fc.Arbitrary<RawObject[]> = fc
  .array(fc.tuple(labels, fc.uniqueArray(fc.constantFrom(...POD_CIDRS), { maxLength: 2 })), {
    maxLength: 2,
  })
  .map((list) =>
    list.map(([own, externalCIDRs], at) => ({
      apiVersion: "cilium.io/v2",
      kind: "CiliumCIDRGroup",
      metadata: { name: `g${at}`, labels: own },
      spec: { externalCIDRs },
    })),
  );
