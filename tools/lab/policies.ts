/** The policies of the demonstration, as one would give them to kubectl. */

const policy = (name: string, spec: string): string => `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: ${name}
  namespace: demo
spec:
${spec}`;

const speaks = (from: string, to: string, port: number): string => `${policy(
  `${from}-to-${to}`,
  `  endpointSelector: {matchLabels: {app: ${to}}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: ${from}}}]
      toPorts: [{ports: [{port: "${port}", protocol: TCP}]}]`,
)}
---
${policy(
  `${from}-may-ask-${to}`,
  `  endpointSelector: {matchLabels: {app: ${from}}}
  egress:
    - toEndpoints: [{matchLabels: {app: ${to}}}]
      toPorts: [{ports: [{port: "${port}", protocol: TCP}]}]`,
)}`;

export const POLICIES: string = [
  policy("default-deny", "  endpointSelector: {}\n  ingress: [{}]\n  egress: [{}]"),
  speaks("frontend", "api", 3000),
  speaks("api", "database", 5432),
  policy(
    "strangers-may-ask",
    "  endpointSelector: {matchLabels: {app: stranger}}\n  egress: [{toEntities: [all]}]",
  ),
  policy(
    "no-strangers",
    "  endpointSelector: {}\n  ingressDeny: [{fromEndpoints: [{matchLabels: {app: stranger}}]}]",
  ),
].join("\n---\n");

export const QUARANTINE: string = policy(
  "quarantine",
  `  endpointSelector: {matchLabels: {app: api}}
  ingressDeny:
    - fromEndpoints: [{matchLabels: {app: frontend}}]`,
);
