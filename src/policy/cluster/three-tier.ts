/** A small cluster that tests share: three tiers, everything denied, and what each step allows. */
import { type KnownObject, parseObject } from "#kube/types";
import { assertDefined } from "#base";

function pod(name: string, tier: string, port: number): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "demo", labels: { app: name, tier } },
    spec: { containers: [{ name, ports: [{ containerPort: port }] }] },
  };
}

function policy(name: string, spec: object): object {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name, namespace: "demo" },
    spec,
  };
}

const app = (name: string): object => ({ matchLabels: { app: name } });
const ports = (port: string): object[] => [{ ports: [{ port }] }];

export const PODS: readonly object[] = [
  pod("database", "data", 5432),
  pod("api", "backend", 3000),
  pod("frontend", "web", 80),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "api-service", namespace: "demo" },
    spec: { selector: { app: "api" }, ports: [{ port: 8080, targetPort: 3000 }] },
  },
];

export const DEFAULT_DENY = policy("default-deny", {
  endpointSelector: {},
  ingress: [],
  egress: [],
});

const ALLOW_DNS = policy("allow-dns", {
  endpointSelector: {},
  egress: [{ toEntities: ["dns"] }],
});

export const FRONTEND_TO_API = policy("frontend-to-api", {
  endpointSelector: app("api"),
  ingress: [{ fromEndpoints: [app("frontend")], toPorts: ports("3000") }],
});

export const OTHERS: readonly object[] = [
  policy("frontend-egress", {
    endpointSelector: app("frontend"),
    egress: [{ toEndpoints: [app("api")], toPorts: ports("3000") }],
  }),
  policy("api-to-database", {
    endpointSelector: app("database"),
    ingress: [{ fromEndpoints: [app("api")], toPorts: ports("5432") }],
  }),
  policy("api-egress", {
    endpointSelector: app("api"),
    egress: [{ toEndpoints: [app("database")], toPorts: ports("5432") }],
  }),
];

export const FRONTEND_TO_API_L7 = policy("frontend-to-api-l7", {
  endpointSelector: app("api"),
  ingress: [
    {
      fromEndpoints: [app("frontend")],
      toPorts: [{ ports: [{ port: "3000" }], rules: { http: [{ method: "GET", path: "/.*" }] } }],
    },
  ],
});

/** Everything but the bonus. */
export const THREE_TIER: readonly object[] = [
  ...PODS,
  DEFAULT_DENY,
  ALLOW_DNS,
  FRONTEND_TO_API,
  ...OTHERS,
];

export function parsed(objects: readonly object[]): KnownObject[] {
  return objects.map((object) => {
    const { object: known, findings } = parseObject(object);
    return assertDefined(known, JSON.stringify(findings));
  });
}
