/** Cilium's objects that are not policies: identities, CIDR groups and endpoints. */
import { cidrText } from "./cilium-peers.ts";
import { objectMeta } from "./meta.ts";
import {
  about,
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
  "security-labels": about("The labels, each with its source: k8s:app.", dictionary(text())),
});
export type CiliumIdentity = Typed<typeof ciliumIdentity>;

export const ciliumCidrGroup = fields({
  apiVersion: constant("cilium.io/v2", "cilium.io/v2alpha1"),
  kind: constant("CiliumCIDRGroup"),
  metadata: objectMeta,
  spec: about(
    "What belongs to the group.",
    fields({
      externalCIDRs: about("Its CIDRs, outside of the cluster.", list(cidrText, { minItems: 0 })),
    }),
  ),
});
export type CiliumCIDRGroup = Typed<typeof ciliumCidrGroup>;

const int64 = integer({ format: "int64" });

const allowedIdentity = fields({
  "dest-port": about("The port.", maybe(integer())),
  identity: about("The number of the other end's identity.", maybe(int64)),
  "identity-labels": about("That identity's labels.", maybe(dictionary(text()))),
  protocol: about("The number of the protocol.", maybe(integer())),
});

const policyDirection = fields({
  adding: about("Identities that are about to be allowed.", maybe(list(allowedIdentity))),
  allowed: about("Identities that are allowed.", maybe(list(allowedIdentity))),
  denied: about("Identities that are denied.", maybe(list(allowedIdentity))),
  enforcing: about("Whether policies hold in this direction.", flag()),
  removing: about("Identities that are about to be allowed no more.", maybe(list(allowedIdentity))),
  state: about("The same in a word, for tables.", maybe(text())),
});

const controller = fields({
  configuration: about(
    "How often it runs.",
    maybe(
      fields({
        "error-retry": maybe(flag()),
        "error-retry-base": maybe(int64),
        interval: maybe(int64),
      }),
    ),
  ),
  name: about("What it does.", maybe(text())),
  status: about(
    "How it went so far.",
    maybe(
      fields({
        "consecutive-failure-count": maybe(int64),
        "failure-count": maybe(int64),
        "last-failure-msg": maybe(text()),
        "last-failure-timestamp": maybe(text()),
        "last-success-timestamp": maybe(text()),
        "success-count": maybe(int64),
      }),
    ),
  ),
  uuid: about("Which run of it this is.", maybe(text())),
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
  controllers: about(
    "What is done for the endpoint again and again, where it fails.",
    maybe(list(controller)),
  ),
  encryption: about(
    "How traffic of its node is encrypted.",
    maybe(fields({ key: maybe(integer()) })),
  ),
  "external-identifiers": about(
    "What others call it: the runtime, Kubernetes.",
    maybe(externalIdentifiers),
  ),
  health: about(
    "Whether all of it works.",
    maybe(
      fields({
        bpf: maybe(text()),
        connected: maybe(flag()),
        overallHealth: maybe(text()),
        policy: maybe(text()),
      }),
    ),
  ),
  id: about("Its number on the node.", maybe(int64)),
  identity: about(
    "The identity that it has by its labels.",
    maybe(fields({ id: maybe(int64), labels: maybe(list(text())) })),
  ),
  log: about("What happened to it last.", maybe(list(logEntry))),
  "named-ports": about(
    "Names of its ports, which policies may use.",
    maybe(list(fields({ name: maybe(text()), port: maybe(integer()), protocol: maybe(text()) }))),
  ),
  networking: about(
    "Its addresses, and that of its node.",
    maybe(
      fields({
        addressing: list(fields({ ipv4: maybe(text()), ipv6: maybe(text()) })),
        node: maybe(text()),
      }),
    ),
  ),
  policy: about(
    "What policies make of it.",
    maybe(fields({ egress: maybe(policyDirection), ingress: maybe(policyDirection) })),
  ),
  "service-account": about("The service account of the pod.", maybe(text())),
  state: about(
    "How far it is: ready, regenerating, and so on.",
    maybe(text({ enum: ENDPOINT_STATES })),
  ),
});

export const ciliumEndpoint = fields({
  apiVersion: constant("cilium.io/v2"),
  kind: constant("CiliumEndpoint"),
  metadata: objectMeta,
  status: about("What the agent knows of the pod.", maybe(endpointStatus)),
});
export type CiliumEndpoint = Typed<typeof ciliumEndpoint>;
