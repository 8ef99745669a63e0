/** NetworkPolicy of networking.k8s.io/v1. */
import { labelSelector, objectMeta } from "./meta.ts";
import {
  constant,
  fields,
  integer,
  integerOrText,
  list,
  MAX_PORT,
  maybe,
  text,
  type Typed,
} from "./schema.ts";

const port = fields({
  protocol: maybe(text()),
  port: maybe(integerOrText()),
  endPort: maybe(integer({ format: "int32", minimum: 1, maximum: MAX_PORT })),
});
export type NetworkPolicyPort = Typed<typeof port>;

const peer = fields({
  ipBlock: maybe(fields({ cidr: text(), except: maybe(list(text())) })),
  namespaceSelector: maybe(labelSelector),
  podSelector: maybe(labelSelector),
});
export type NetworkPolicyPeer = Typed<typeof peer>;

export const networkPolicy = fields(
  {
    apiVersion: constant("networking.k8s.io/v1"),
    kind: constant("NetworkPolicy"),
    metadata: objectMeta,
    spec: maybe(
      fields({
        /** Absent means the same as empty: every pod of the namespace. */
        podSelector: maybe(labelSelector),
        ingress: maybe(list(fields({ from: maybe(list(peer)), ports: maybe(list(port)) }))),
        egress: maybe(list(fields({ to: maybe(list(peer)), ports: maybe(list(port)) }))),
        policyTypes: maybe(list(text())),
      }),
    ),
  },
  { ignored: ["status"] },
);
export type NetworkPolicy = Typed<typeof networkPolicy>;
