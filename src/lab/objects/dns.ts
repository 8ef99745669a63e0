/** The cluster's DNS as every cluster has it: CoreDNS by name, behind the service kube-dns. */
import type { KubeObject } from "#kube";

const NAMESPACE = "kube-system";
const LABELS = { "k8s-app": "kube-dns" };
const DNS_PORTS = [
  { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
  { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
];

interface DnsSettings {
  readonly replicas: number;
  /** Of the service, the IPv4 address first. */
  readonly addresses: readonly string[];
  readonly clusterDomain: string;
  /** Who is asked for all other names; nobody without it. */
  readonly upstream: string | undefined;
}

export function dnsObjects(settings: DnsSettings): KubeObject[] {
  const metadata = { name: "coredns", namespace: NAMESPACE, labels: LABELS };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: corefile(settings) } },
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: deploymentSpec(settings) },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "kube-dns",
        namespace: NAMESPACE,
        labels: {
          ...LABELS,
          "kubernetes.io/cluster-service": "true",
          "kubernetes.io/name": "CoreDNS",
        },
      },
      spec: serviceSpec(settings),
    },
  ];
}

function corefile({ clusterDomain, upstream }: DnsSettings): string {
  const forward = upstream === undefined ? "" : `    forward . ${upstream}\n`;
  return `.:53 {
    errors
    health
    ready
    kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
${forward}    cache 30
}
`;
}

function serviceSpec({ addresses }: DnsSettings): object {
  return {
    selector: LABELS,
    clusterIP: addresses[0],
    clusterIPs: addresses,
    ipFamilyPolicy: addresses.length > 1 ? "RequireDualStack" : "SingleStack",
    ports: DNS_PORTS,
  };
}

function deploymentSpec({ replicas }: DnsSettings): object {
  return {
    replicas,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    selector: { matchLabels: LABELS },
    template: {
      metadata: { labels: LABELS },
      spec: {
        priorityClassName: "system-cluster-critical",
        serviceAccountName: "coredns",
        dnsPolicy: "Default",
        tolerations: [
          { key: "CriticalAddonsOnly", operator: "Exists" },
          { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
        ],
        containers: [
          {
            name: "coredns",
            image: "coredns",
            imagePullPolicy: "IfNotPresent",
            args: ["-conf", "/etc/coredns/Corefile"],
            ports: [
              { name: "dns", containerPort: 53, protocol: "UDP" },
              { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
            ],
            volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
          },
        ],
        volumes: [
          {
            name: "config-volume",
            configMap: { name: "coredns", items: [{ key: "Corefile", path: "Corefile" }] },
          },
        ],
      },
    },
  };
}
