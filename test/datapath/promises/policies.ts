/** Policies of the tests, as people write them; `spec` in YAML's short form. */
export function policy(name: string, spec: string, namespace = "shop"): string {
  return `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
---
`;
}

export const policyRef = (
  name: string,
): { kind: "CiliumNetworkPolicy"; namespace: string; name: string } => ({
  kind: "CiliumNetworkPolicy",
  namespace: "shop",
  name,
});
