/** Three tiers to play with: a web page, its API, its database. */
import type { KubeObject } from "#kube";

/** Not `demo`, which people make themselves when they follow the tutorials. */
export const DEMO_NAMESPACE = "three-tier";

interface Tier {
  readonly name: string;
  readonly tier: string;
  readonly image: string;
  readonly port: number;
  readonly env?: readonly object[];
  readonly nodePort?: number;
}

/** Where the frontend answers on this machine: a port for each lab. */
export function demoNodePort(labIndex: number): number {
  return 30_079 + labIndex;
}

function tiers(labIndex: number): readonly Tier[] {
  const password = [{ name: "POSTGRES_PASSWORD", value: "secret" }];
  return [
    { name: "database", tier: "data", image: "postgres:15", port: 5432, env: password },
    { name: "api", tier: "backend", image: "nginx", port: 3000 },
    { name: "frontend", tier: "web", image: "nginx", port: 80, nodePort: demoNodePort(labIndex) },
  ];
}

export function demoObjects(labIndex: number): KubeObject[] {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: DEMO_NAMESPACE } };
  return [namespace, ...tiers(labIndex).flatMap((tier) => [podOf(tier), serviceOf(tier)])];
}

function podOf({ name, tier, image, port, env }: Tier): KubeObject {
  const container = { name, image, ports: [{ containerPort: port }], ...(env && { env }) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: DEMO_NAMESPACE, labels: { app: name, tier } },
    spec: { containers: [container] },
  };
}

function serviceOf({ name, port, nodePort }: Tier): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: DEMO_NAMESPACE },
    spec: {
      selector: { app: name },
      ...(nodePort === undefined ? {} : { type: "NodePort" }),
      ports: [{ port, ...(nodePort === undefined ? {} : { nodePort }) }],
    },
  };
}
