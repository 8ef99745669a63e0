/** Policies of all three kinds, most of them valid. */
import fc from "fast-check";
import { KEYS, labels, NAMESPACES, OUTSIDE, POD_CIDRS, VALUES } from "./generate-cluster.ts";
import type { RawCidrRule, RawObject, RawSelector } from "./raw.ts";

/** There once in so many times. */
function seldom<T>(arbitrary: fc.Arbitrary<T>, times = 3): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: times - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary },
  );
}

/** Absent once in eight times. */
function often<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 7, arbitrary });
}

/** Leaves out what is undefined, as JSON would. */
function plain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const expression = (keys: readonly string[]): fc.Arbitrary<object> =>
  fc.oneof(
    fc.record({
      key: fc.constantFrom(...keys),
      operator: fc.constantFrom("In", "NotIn"),
      values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      key: fc.constantFrom(...keys),
      operator: fc.constantFrom("Exists", "DoesNotExist"),
    }),
  );

function selectorOf(
  matchLabels: fc.Arbitrary<Record<string, string>>,
  keys: readonly string[],
): fc.Arbitrary<RawSelector> {
  return fc
    .record({
      matchLabels: seldom(matchLabels, 2),
      matchExpressions: seldom(fc.array(expression(keys), { maxLength: 2 }), 4),
    })
    .map((selector) => plain(selector) as RawSelector);
}

const plainSelector = selectorOf(labels, KEYS);
const namespaceSelector = selectorOf(
  fc.oneof(
    labels,
    fc.constantFrom(...NAMESPACES).map((name) => ({ "kubernetes.io/metadata.name": name })),
  ),
  [...KEYS, "kubernetes.io/metadata.name"],
);

const NAMESPACE = "io.kubernetes.pod.namespace";
const SOURCED_LABELS: readonly Record<string, string>[] = [
  { "k8s:app": "a" },
  { "any:app": "b" },
  { "container:app": "a" },
  { [`k8s:${NAMESPACE}`]: "x" },
  { [NAMESPACE]: "y", app: "a" },
  { [`any:${NAMESPACE}`]: "z" },
  { "k8s:io.cilium.k8s.namespace.labels.app": "a" },
  { "io.cilium.k8s.namespace.labels.tier": "b" },
  { "io.cilium.k8s.policy.cluster": "default" },
  { "k8s:io.cilium.k8s.policy.cluster": "other" },
  { "io.cilium.k8s.policy.serviceaccount": "robot" },
  { "reserved:world": "" },
  { "reserved:host": "" },
  { "reserved:remote-node": "" },
  { "pod-template-hash": "1" },
];
const ciliumSelector = selectorOf(
  fc.oneof(
    { weight: 3, arbitrary: labels },
    { weight: 2, arbitrary: fc.constantFrom(...SOURCED_LABELS) },
  ),
  [
    ...KEYS,
    "k8s:app",
    NAMESPACE,
    `k8s:${NAMESPACE}`,
    "io.cilium.k8s.namespace.labels.app",
    "reserved:world",
  ],
);

const except = seldom(fc.uniqueArray(fc.constantFrom(...POD_CIDRS), { maxLength: 2 }));

function holds(wide: string, narrow: string): boolean {
  const bits = (text: string): [number, number] => {
    const [address = "", length = "0"] = text.split("/");
    return [address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0), Number(length)];
  };
  const [first, length] = bits(wide);
  const [other, otherLength] = bits(narrow);
  const size = 2 ** (32 - length);
  return otherLength > length && Math.floor(first / size) === Math.floor(other / size);
}

/** Exceptions lie inside and are narrower, or the API server refuses the object. */
const block = fc.tuple(fc.constantFrom(...POD_CIDRS), except).map(([cidr, all]) => {
  const inside = all?.filter((each) => holds(cidr, each));
  return inside === undefined ? { cidr } : { cidr, except: inside };
});

const networkPeer = fc.oneof(
  { weight: 3, arbitrary: plainSelector.map((podSelector) => ({ podSelector })) },
  { weight: 3, arbitrary: namespaceSelector.map((selector) => ({ namespaceSelector: selector })) },
  {
    weight: 2,
    arbitrary: fc.record({ podSelector: plainSelector, namespaceSelector }),
  },
  { weight: 3, arbitrary: block.map((ipBlock) => ({ ipBlock })) },
);

const networkPort = fc
  .record({
    port: fc.constantFrom<(string | number | undefined)[]>(
      undefined,
      53,
      80,
      81,
      79,
      "web",
      "dns",
      "sig",
    ),
    protocol: fc.constantFrom(undefined, undefined, "TCP", "UDP", "SCTP"),
    endPort: fc.constantFrom(undefined, undefined, 80, 81, 443, 65535),
  })
  .map(({ port, protocol, endPort }) => {
    const isRange = typeof port === "number" && endPort !== undefined && endPort >= port;
    return plain({ port, protocol, endPort: isRange ? endPort : undefined });
  });

function networkRule(side: "from" | "to"): fc.Arbitrary<object> {
  return fc
    .record({
      peers: often(fc.array(networkPeer, { maxLength: 2 })),
      ports: seldom(fc.array(networkPort, { maxLength: 2 }), 2),
    })
    .map(({ peers, ports }) => plain({ [side]: peers, ports }));
}

function networkPolicy(name: string): fc.Arbitrary<RawObject> {
  return fc
    .record({
      namespace: fc.constantFrom(...NAMESPACES),
      podSelector: plainSelector,
      policyTypes: seldom(fc.subarray(["Ingress", "Egress"]), 2),
      ingress: seldom(fc.array(networkRule("from"), { maxLength: 2 }), 2),
      egress: seldom(fc.array(networkRule("to"), { maxLength: 2 }), 2),
    })
    .map(({ namespace, ...spec }) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace },
      spec: plain(spec),
    }));
}

const ciliumPort = fc
  .record({
    port: fc.constantFrom("80", "81", "53", "0", "79", "443", "web", "WEB", "dns", "sig"),
    protocol: fc.constantFrom(undefined, "TCP", "TCP", "UDP", "SCTP", "ANY", "tcp"),
    endPort: fc.constantFrom(undefined, undefined, undefined, 80, 100, 65535),
  })
  .map(plain);

const l7PortRule = fc
  .record({
    ports: fc.array(
      fc
        .record({ port: fc.constantFrom("80", "81", "web"), protocol: fc.constant("TCP") })
        .map(plain),
      { minLength: 1, maxLength: 2 },
    ),
    rules: fc.constantFrom<object[]>(
      { http: [{}] },
      { http: [{ method: "GET", path: "/a.*" }] },
      { http: [] },
      {},
    ),
  })
  .map(plain);

function portRule(isDeny: boolean): fc.Arbitrary<object> {
  const bare = fc.array(ciliumPort, { maxLength: 2 }).map((ports) => ({ ports }));
  return isDeny
    ? bare
    : fc.oneof({ weight: 3, arbitrary: bare }, { weight: 3, arbitrary: l7PortRule });
}

const dnsPortRule = fc.constantFrom(
  { ports: [{ port: "53", protocol: "ANY" }], rules: { dns: [{ matchPattern: "*" }] } },
  { ports: [{ port: "53", protocol: "UDP" }], rules: { dns: [{ matchName: "api.io" }] } },
);

const ENTITIES = [
  "all",
  "world",
  "cluster",
  "host",
  "remote-node",
  "health",
  "kube-apiserver",
  "none",
];

const cidrRule: fc.Arbitrary<RawCidrRule> = fc.oneof(
  { weight: 4, arbitrary: block },
  { weight: 1, arbitrary: fc.constantFrom("g0", "g1").map((cidrGroupRef) => ({ cidrGroupRef })) },
  { weight: 1, arbitrary: plainSelector.map((cidrGroupSelector) => ({ cidrGroupSelector })) },
);

const serviceRef = fc.oneof(
  fc
    .record({
      serviceName: fc.constantFrom("s0", "s1"),
      namespace: fc.constantFrom("x", "y", "kube-system"),
    })
    .map((k8sService) => ({ k8sService })),
  plainSelector.map((selector) => ({ k8sServiceSelector: { selector, namespace: "x" } })),
);

const fqdn = fc.constantFrom(
  { matchName: "api.io" },
  { matchPattern: "*.io" },
  { matchPattern: "*io" },
  { matchPattern: "**.io" },
  { matchPattern: "*" },
);

type Lists = Record<string, unknown>;

function peersOf(side: "from" | "to", isDeny: boolean): fc.Arbitrary<Lists> {
  const list = <T>(field: string, each: fc.Arbitrary<T>): fc.Arbitrary<Lists> =>
    fc.array(each, { maxLength: 2 }).map((value) => ({ [`${side}${field}`]: value }));
  const entities = side === "to" ? [...ENTITIES, "dns"] : ENTITIES;
  const common = [
    { weight: 6, arbitrary: list("Endpoints", ciliumSelector) },
    { weight: 3, arbitrary: list("Entities", fc.constantFrom(...entities)) },
    { weight: 2, arbitrary: list("CIDR", fc.constantFrom(...POD_CIDRS)) },
    { weight: 3, arbitrary: list("CIDRSet", cidrRule) },
    { weight: 2, arbitrary: fc.constant({}) },
  ];
  if (side === "from") return fc.oneof(...common);
  const services = { weight: 1, arbitrary: list("Services", serviceRef) };
  if (isDeny) return fc.oneof(...common, services);
  return fc.oneof(...common, services, { weight: 1, arbitrary: list("FQDNs", fqdn) });
}

const icmps = fc.constantFrom(
  [{ fields: [{ type: 8 }] }],
  [{ fields: [{ family: "IPv4", type: "EchoRequest" }, { type: 0 }] }],
  [{ fields: [{ family: "IPv6", type: 128 }] }],
);

function ciliumRule(side: "from" | "to", isDeny: boolean): fc.Arbitrary<object> {
  const portRules =
    side === "to" && !isDeny
      ? fc.oneof({ weight: 8, arbitrary: portRule(isDeny) }, { weight: 1, arbitrary: dnsPortRule })
      : portRule(isDeny);
  return fc
    .record({
      peers: peersOf(side, isDeny),
      toPorts: seldom(fc.array(portRules, { minLength: 1, maxLength: 2 }), 2),
      icmps: seldom(icmps, 12),
    })
    .map(({ peers, toPorts, icmps: types }) =>
      plain({ ...peers, ...(types === undefined ? { toPorts } : { icmps: types }) }),
    );
}

function ciliumSpec(): fc.Arbitrary<object> {
  const rules = (side: "from" | "to", isDeny: boolean): fc.Arbitrary<object[]> =>
    fc.array(ciliumRule(side, isDeny), { maxLength: 2 });
  return fc
    .record({
      endpointSelector: fc.oneof(fc.constant({}), ciliumSelector),
      ingress: seldom(rules("from", false), 2),
      ingressDeny: seldom(rules("from", true), 4),
      egress: seldom(rules("to", false), 2),
      egressDeny: seldom(rules("to", true), 4),
      enableDefaultDeny: seldom(
        fc.record({ ingress: seldom(fc.boolean()), egress: seldom(fc.boolean()) }).map(plain),
        5,
      ),
    })
    .map(plain);
}

function ciliumPolicy(name: string): fc.Arbitrary<RawObject> {
  return fc
    .record({
      namespace: seldom(fc.constantFrom(...NAMESPACES), 2),
      spec: ciliumSpec(),
      specs: seldom(fc.array(ciliumSpec(), { minLength: 1, maxLength: 2 }), 8),
      isAudit: fc.integer({ min: 0, max: 11 }).map((n) => n === 0),
    })
    .map(({ namespace, spec, specs, isAudit }) => ({
      apiVersion: "cilium.io/v2",
      kind: namespace === undefined ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy",
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(isAudit ? { annotations: { "ciliate.io/enforcement": "audit" } } : {}),
      },
      spec,
      ...(specs === undefined ? {} : { specs }),
    }));
}

export function policyAt(at: number): fc.Arbitrary<RawObject> {
  return fc.oneof(
    { weight: 2, arbitrary: networkPolicy(`policy-${at}`) },
    { weight: 3, arbitrary: ciliumPolicy(`policy-${at}`) },
  );
}

/** Whom probes may name beside pods. */
export const OTHERS: readonly string[] = [
  ...OUTSIDE,
  "host",
  "remote-node",
  "world",
  "health",
  "kube-apiserver",
  "api.io",
];
