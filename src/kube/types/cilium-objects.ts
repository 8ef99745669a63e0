/** Cilium's objects that are not policies: identities, CIDR groups and endpoints. */
import { cidrText } from "./cilium-peers.ts";
import { objectMeta } from "./meta.ts";
import {
  constant,
  dictionary,
  fields,
  flag,
  integer,
  list,
  maybe,
  text,
  type Typed,
} from "./schema.ts";

export const ciliumIdentity = fields({
  apiVersion: constant("cilium.io/v2"),
  kind: constant("CiliumIdentity"),
  metadata: objectMeta,
  "security-labels": dictionary(text()),
});
export type CiliumIdentity = Typed<typeof ciliumIdentity>;

export const ciliumCidrGroup = fields({
  apiVersion: constant("cilium.io/v2", "cilium.io/v2alpha1"),
  kind: constant("CiliumCIDRGroup"),
  metadata: objectMeta,
  spec: fields({ externalCIDRs: list(cidrText, { minItems: 0 }) }),
});
export type CiliumCIDRGroup = Typed<typeof ciliumCidrGroup>;

const int64 = integer({ format: "int64" });

const allowedIdentity = fields({
  "dest-port": maybe(integer()),
  identity: maybe(int64),
  "identity-labels": maybe(dictionary(text())),
  protocol: maybe(integer()),
});

const policyDirection = fields({
  adding: maybe(list(allowedIdentity)),
  allowed: maybe(list(allowedIdentity)),
  denied: maybe(list(allowedIdentity)),
  enforcing: flag(),
  removing: maybe(list(allowedIdentity)),
  state: maybe(text()),
});

const controller = fields({
  configuration: maybe(
    fields({
      "error-retry": maybe(flag()),
      "error-retry-base": maybe(int64),
      interval: maybe(int64),
    }),
  ),
  name: maybe(text()),
  status: maybe(
    fields({
      "consecutive-failure-count": maybe(int64),
      "failure-count": maybe(int64),
      "last-failure-msg": maybe(text()),
      "last-failure-timestamp": maybe(text()),
      "last-success-timestamp": maybe(text()),
      "success-count": maybe(int64),
    }),
  ),
  uuid: maybe(text()),
});

const logEntry = fields({
  code: maybe(text()),
  message: maybe(text()),
  state: maybe(text()),
  timestamp: maybe(text()),
});

const externalIdentifiers = fields({
  "cni-attachment-id": maybe(text()),
  "container-id": maybe(text()),
  "container-name": maybe(text()),
  "docker-endpoint-id": maybe(text()),
  "docker-network-id": maybe(text()),
  "k8s-namespace": maybe(text()),
  "k8s-pod-name": maybe(text()),
  "pod-name": maybe(text()),
});

const ENDPOINT_STATES = [
  "creating",
  "waiting-for-identity",
  "not-ready",
  "waiting-to-regenerate",
  "regenerating",
  "restoring",
  "ready",
  "disconnecting",
  "disconnected",
  "invalid",
];

const endpointStatus = fields({
  controllers: maybe(list(controller)),
  encryption: maybe(fields({ key: maybe(integer()) })),
  "external-identifiers": maybe(externalIdentifiers),
  health: maybe(
    fields({
      bpf: maybe(text()),
      connected: maybe(flag()),
      overallHealth: maybe(text()),
      policy: maybe(text()),
    }),
  ),
  id: maybe(int64),
  identity: maybe(fields({ id: maybe(int64), labels: maybe(list(text())) })),
  log: maybe(list(logEntry)),
  "named-ports": maybe(
    list(fields({ name: maybe(text()), port: maybe(integer()), protocol: maybe(text()) })),
  ),
  networking: maybe(
    fields({
      addressing: list(fields({ ipv4: maybe(text()), ipv6: maybe(text()) })),
      node: maybe(text()),
    }),
  ),
  policy: maybe(fields({ egress: maybe(policyDirection), ingress: maybe(policyDirection) })),
  "service-account": maybe(text()),
  state: maybe(text({ enum: ENDPOINT_STATES })),
});

export const ciliumEndpoint = fields({
  apiVersion: constant("cilium.io/v2"),
  kind: constant("CiliumEndpoint"),
  metadata: objectMeta,
  status: maybe(endpointStatus),
});
export type CiliumEndpoint = Typed<typeof ciliumEndpoint>;
