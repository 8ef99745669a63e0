/** What policies of Cilium's kinds become: scoping, peers, ports, default deny. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObject } from "#kube/types";
import { defaultPolicyOptions, type PolicyOptions } from "../options.ts";
import type { ImportedPolicy, PeerSelector, PolicySpec, PortMatch } from "../rule.ts";
import { fqdnsOf, namesCidrGroups, namesServices, prefixesOf } from "./collect.ts";
import { type ClusterFacts, noFacts } from "./facts.ts";
import { importPolicy, type PolicyObject } from "./import-policy.ts";

type Json = Record<string, unknown>;

interface Given {
  readonly isClusterwide?: boolean;
  readonly facts?: ClusterFacts;
  readonly options?: Partial<PolicyOptions>;
  readonly annotations?: Json;
}

function objectOf(body: Json, given: Given = {}): PolicyObject {
  const kind = given.isClusterwide ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy";
  const metadata = { name: "p", namespace: "shop", annotations: given.annotations ?? {} };
  const { object, findings } = parseObject({ apiVersion: "cilium.io/v2", kind, metadata, ...body });
  assert.ok(
    object?.kind === "CiliumNetworkPolicy" || object?.kind === "CiliumClusterwideNetworkPolicy",
    JSON.stringify(findings),
  );
  return object;
}

function imported(body: Json, given: Given = {}): ImportedPolicy {
  const options = { ...defaultPolicyOptions, ...given.options };
  return importPolicy(objectOf(body, given), given.facts ?? noFacts, options);
}

function specOf(rule: Json, given: Given = {}): PolicySpec {
  const policy = imported({ spec: { endpointSelector: {}, ...rule } }, given);
  const [spec] = policy.specs;
  assert.ok(spec, JSON.stringify(policy.findings));
  return spec;
}

function codes(rule: Json, given: Given = {}): string[] {
  const { findings } = imported({ spec: { endpointSelector: {}, ...rule } }, given);
  return findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

function show(peers: "any" | readonly PeerSelector[] | undefined): string | string[] | undefined {
  if (peers === undefined || peers === "any") return peers;
  return peers.map((peer) => {
    if (peer.kind === "labels") return peer.selector.text;
    if (peer.kind === "fqdn") return `fqdn ${peer.pattern}`;
    return `${peer.kind} ${[peer.cidr, ...peer.except].join(" - ")}`;
  });
}

const peersOf = (rule: Json, given?: Given): string | string[] | undefined =>
  show(specOf(rule, given).rules[0]?.peers);

const CLUSTER = "k8s:io.cilium.k8s.policy.cluster in (default)";
const SHOP = "k8s:io.kubernetes.pod.namespace in (shop)";
const from = (...fromEndpoints: Json[]): Json => ({ ingress: [{ fromEndpoints }] });
const label = (key: string, value = "x"): Json => ({ matchLabels: { [key]: value } });
const clusterwide: Given = { isClusterwide: true };

test("a subject gets the policy's namespace; a clusterwide one does not", () => {
  const rule = { endpointSelector: label("app"), ingress: [{}] };
  assert.equal(specOf(rule).subject.selector.text, `any:app in (x) && ${SHOP}`);
  assert.equal(specOf(rule, clusterwide).subject.selector.text, "any:app in (x)");
});

test("a foreign namespace in a subject's matchLabels is overwritten, in an expression it stays", () => {
  const key = "k8s:io.kubernetes.pod.namespace";
  const labels = { endpointSelector: label(key, "other"), ingress: [{}] };
  assert.equal(specOf(labels).subject.selector.text, SHOP);
  assert.deepEqual(codes(labels), ["warning foreign-namespace spec.endpointSelector"]);
  const expression = {
    endpointSelector: { matchExpressions: [{ key, operator: "In", values: ["other"] }] },
    ingress: [{}],
  };
  assert.equal(
    specOf(expression).subject.selector.text,
    `k8s:io.kubernetes.pod.namespace in (other) && ${SHOP}`,
  );
});

test("peers with a reserved key are left as they are", () => {
  assert.deepEqual(peersOf(from(label("reserved:host", ""))), ['reserved:host in ("")']);
});

test("peers get the policy's namespace and cluster", () => {
  assert.deepEqual(peersOf(from({})), [`${CLUSTER} && ${SHOP}`]);
});

test("peers that name a namespace, or labels of namespaces, keep what they say", () => {
  const keys = [
    "k8s:io.kubernetes.pod.namespace",
    "io.kubernetes.pod.namespace",
    "k8s:io.cilium.k8s.namespace.labels.team",
    "any:io.cilium.k8s.namespace.labels.team",
  ];
  for (const key of keys) {
    const matchExpressions = [{ key, operator: "NotIn", values: ["x"] }];
    const [text] = peersOf(from({ matchExpressions })) ?? [];
    assert.ok(!text?.includes("in (shop)"), text);
    assert.ok(text?.includes(CLUSTER), text);
  }
});

test("clusterwide peers are in some namespace, unless the subject is endpoints without labels", () => {
  assert.deepEqual(peersOf(from({}), clusterwide), [
    `${CLUSTER} && k8s:io.kubernetes.pod.namespace exists`,
  ]);
  const byNamespaceLabel = from(label("io.cilium.k8s.namespace.labels.team"));
  assert.match(peersOf(byNamespaceLabel, clusterwide)?.[0] ?? "", /pod\.namespace exists/);
  const init = { endpointSelector: label("reserved:init", ""), ...from({}) };
  assert.deepEqual(peersOf(init, clusterwide), [CLUSTER]);
  // And with no cluster either, everybody.
  const options = { defaultLocalCluster: false };
  assert.equal(peersOf(init, { ...clusterwide, options }), "any");
});

test("a cluster that is named, and policies of all clusters, add none", () => {
  assert.deepEqual(peersOf(from(label("io.cilium.k8s.policy.cluster", "east"))), [
    `any:io.cilium.k8s.policy.cluster in (east) && ${SHOP}`,
  ]);
  assert.deepEqual(peersOf(from({}), { options: { defaultLocalCluster: false } }), [SHOP]);
});

test("fromNodes are other nodes of the cluster", () => {
  const options = { enableNodeSelectorLabels: true };
  assert.deepEqual(peersOf({ ingress: [{ fromNodes: [label("node:zone")] }] }, { options }), [
    `${CLUSTER} && reserved:remote-node exists && node:zone in (x)`,
  ]);
});

test("rules without peers: {} and empty lists are nobody, ports alone are everybody", () => {
  const ports = [{ ports: [{ port: "80", protocol: "TCP" }] }];
  assert.deepEqual(specOf({ ingress: [{}] }).rules, []);
  assert.deepEqual(specOf({ ingress: [{}] }).defaultDeny, { ingress: true, egress: false });
  assert.deepEqual(specOf({ ingressDeny: [{}] }).rules, []);
  assert.equal(specOf({ ingressDeny: [{}] }).defaultDeny.ingress, true);
  assert.deepEqual(specOf({ ingress: [{ toPorts: [] }] }).rules, []);
  assert.equal(peersOf({ ingress: [{ toPorts: ports }] }), "any");
  assert.equal(peersOf({ ingress: [{ icmps: [{ fields: [{ type: 8 }] }] }] }), "any");
  for (const field of ["fromEndpoints", "fromCIDR", "fromCIDRSet", "fromEntities", "fromGroups"]) {
    assert.deepEqual(peersOf({ ingress: [{ [field]: [], toPorts: ports }] }), [], field);
  }
  for (const field of ["toServices", "toFQDNs"]) {
    assert.deepEqual(peersOf({ egress: [{ [field]: [], toPorts: ports }] }), [], field);
  }
  // An empty list beside a full one still selects nobody.
  assert.deepEqual(peersOf({ ingress: [{ fromEndpoints: [], fromCIDR: ["10.0.0.0/8"] }] }), []);
});

test("toPorts: [] beside peers is all ports; without ports in it, none", () => {
  const rules = (toPorts: Json[]): unknown =>
    specOf({ ingress: [{ fromEntities: ["world"], toPorts }] }).rules.map(({ ports }) => ports);
  assert.deepEqual(rules([]), ["any"]);
  assert.deepEqual(rules([{ ports: [] }]), [[]]);
  assert.deepEqual(rules([{}, { ports: [{ port: "1", protocol: "UDP" }] }]), [
    [],
    [{ protocol: 17, port: { first: 1, last: 1 } }],
  ]);
});

test("default deny: absent, asked for, refused", () => {
  const deny = (rule: Json, options: Partial<PolicyOptions> = {}): unknown =>
    specOf(rule, { options }).defaultDeny;
  assert.deepEqual(deny({ egress: [{}] }), { ingress: false, egress: true });
  assert.deepEqual(deny({ ingress: [{}], egressDeny: [{}] }), { ingress: true, egress: true });
  assert.deepEqual(deny({ ingress: [{}], enableDefaultDeny: { ingress: false } }), {
    ingress: false,
    egress: false,
  });
  // For a direction without rules, asking has no effect, and is told.
  const asked = { ingress: [{}], enableDefaultDeny: { egress: true } };
  assert.deepEqual(deny(asked), { ingress: true, egress: false });
  assert.deepEqual(codes(asked), [
    "warning default-deny-without-rules spec.enableDefaultDeny.egress",
  ]);
  const off = { ingress: [{}], enableDefaultDeny: { ingress: false } };
  assert.deepEqual(deny(off, { enableNonDefaultDenyPolicies: false }), {
    ingress: true,
    egress: false,
  });
});

test("an empty direction is default deny, and a note", () => {
  const rule = { ingress: [], egress: [] };
  assert.deepEqual(specOf(rule).defaultDeny, { ingress: true, egress: true });
  assert.deepEqual(specOf(rule).rules, []);
  assert.deepEqual(codes(rule), [
    "note empty-direction spec.ingress",
    "note empty-direction spec.egress",
  ]);
});

test("entities", () => {
  const entity = (...fromEntities: string[]): unknown => peersOf({ ingress: [{ fromEntities }] });
  assert.equal(entity("host", "all"), "any");
  assert.deepEqual(entity("none"), []);
  assert.deepEqual(entity("kube-apiserver"), ["reserved:kube-apiserver exists"]);
  assert.deepEqual(entity("world"), [
    "reserved:world exists",
    "reserved:world-ipv4 exists",
    "reserved:world-ipv6 exists",
  ]);
  const names = ["host", "remote-node", "init", "ingress", "health", "unmanaged", "kube-apiserver"];
  assert.deepEqual(entity("cluster"), [...names.map((name) => `reserved:${name} exists`), CLUSTER]);
  assert.deepEqual(codes({ ingress: [{ fromEntities: ["world-ipv6"] }] }), [
    "note entity-not-in-schema spec.ingress[0].fromEntities[0]",
  ]);
});

test("entity dns is the cluster's DNS on port 53, seen; what stands beside it is not", () => {
  const facts: ClusterFacts = {
    ...noFacts,
    services: new Map([
      [
        "kube-system/kube-dns",
        {
          namespace: "kube-system",
          name: "kube-dns",
          labels: {},
          selector: { app: "dns" },
          addresses: [],
        },
      ],
    ]),
  };
  const rule = { egress: [{ toEntities: ["kube-apiserver", "dns"] }] };
  const [dns, others] = specOf(rule, { facts }).rules;
  assert.equal(dns?.ref.path, "spec.egress[0].toEntities[1]");
  assert.deepEqual(dns.redirect, { isVisibility: true });
  assert.deepEqual(
    dns.ports,
    [17, 6].map((protocol) => ({ protocol, port: { first: 53, last: 53 } })),
  );
  const system = "k8s:io.kubernetes.pod.namespace in (kube-system)";
  assert.deepEqual(show(dns.peers), [
    `${CLUSTER} && ${system} && k8s:k8s-app in (coredns, kube-dns)`,
    `k8s:app in (dns) && ${CLUSTER} && ${system}`,
  ]);
  assert.deepEqual(show(others?.peers), ["reserved:kube-apiserver exists"]);
  assert.deepEqual([others?.ports, others?.redirect], ["any", undefined]);
  assert.deepEqual(codes(rule), ["note entity-dns spec.egress[0].toEntities[1]"]);
  const alone = specOf({
    egress: [{ toEntities: ["dns"], toPorts: [{ ports: [{ port: "9153", protocol: "TCP" }] }] }],
  });
  assert.equal(alone.rules.length, 1);
  assert.deepEqual(alone.rules[0]?.ports, [{ protocol: 6, port: { first: 9153, last: 9153 } }]);
  assert.equal(alone.rules[0]?.redirect, undefined);
  assert.equal(namesServices(objectOf({ spec: { endpointSelector: {}, ...rule } })), true);
});

test("CIDRs: bare addresses, masked host bits, an except wider than its CIDR", () => {
  const rule = { ingress: [{ fromCIDR: ["10.1.2.3", "10.1.2.3/8", "fd00::1"] }] };
  assert.deepEqual(peersOf(rule), ["cidr 10.1.2.3/32", "cidr 10.0.0.0/8", "cidr fd00::1/128"]);
  assert.deepEqual(codes(rule), [
    "note bare-address spec.ingress[0].fromCIDR[0]",
    "note bare-address spec.ingress[0].fromCIDR[2]",
  ]);
  const set = { egress: [{ toCIDRSet: [{ cidr: "10.1.2.0/24", except: ["10.1.2.5/8"] }] }] };
  assert.deepEqual(peersOf(set), ["cidr 10.1.2.0/24 - 10.0.0.0/8"]);
  const prefixes = prefixesOf(specOf(set));
  assert.deepEqual(prefixes.cidrs.map(String), ["10.1.2.0/24", "10.0.0.0/8"]);
  assert.deepEqual(prefixes.blocks, []);
});

test("CIDR groups by name and by labels", () => {
  const facts: ClusterFacts = {
    ...noFacts,
    cidrGroups: new Map([
      ["offices", { labels: { site: "yes" }, cidrs: ["10.0.0.0/8", "x"] }],
      ["partners", { labels: { site: "no" }, cidrs: ["192.0.2.0/24"] }],
    ]),
  };
  const set = (...toCIDRSet: Json[]): Json => ({ egress: [{ toCIDRSet }] });
  const byName = set({ cidrGroupRef: "offices", except: ["10.9.0.0/16"] });
  assert.deepEqual(peersOf(byName, { facts }), ["cidr 10.0.0.0/8 - 10.9.0.0/16"]);
  assert.deepEqual(codes(byName, { facts }), [
    "warning cidr-group-invalid spec.egress[0].toCIDRSet[0]",
  ]);
  const bySelector = set({ cidrGroupSelector: label("site", "no") }, { cidrGroupRef: "partners" });
  assert.deepEqual(peersOf(bySelector, { facts }), ["cidr 192.0.2.0/24"]);
  assert.deepEqual(codes(set({ cidrGroupRef: "nobody" }), { facts }), [
    "warning cidr-group-unknown spec.egress[0].toCIDRSet[0].cidrGroupRef",
  ]);
  assert.deepEqual(peersOf(set({ cidrGroupRef: "nobody" })), []);
  assert.equal(namesCidrGroups(objectOf({ spec: { endpointSelector: {}, ...byName } })), true);
});

test("services with a selector are pods, those without are addresses", () => {
  const service = {
    namespace: "db",
    labels: { tier: "data" },
    addresses: ["192.0.2.1", "fd00::1"],
  };
  const facts: ClusterFacts = {
    ...noFacts,
    services: new Map([
      ["db/pg", { ...service, name: "pg", selector: { app: "pg" } }],
      ["db/ext", { ...service, name: "ext" }],
    ]),
  };
  const pods = `k8s:app in (pg) && ${CLUSTER} && k8s:io.kubernetes.pod.namespace in (db)`;
  const to = (...toServices: Json[]): Json => ({ egress: [{ toServices }] });
  assert.deepEqual(peersOf(to({ k8sService: { serviceName: "pg" } }), { facts }), [pods]);
  assert.deepEqual(
    peersOf(to({ k8sServiceSelector: { selector: label("tier", "data") } }), { facts }),
    [pods, "cidr 192.0.2.1/32", "cidr fd00::1/128"],
  );
  const elsewhere = to({ k8sService: { serviceName: "pg", namespace: "shop" } });
  assert.deepEqual(peersOf(elsewhere, { facts }), []);
  assert.deepEqual(codes(elsewhere, { facts }), [
    "warning service-unknown spec.egress[0].toServices[0].k8sService",
  ]);
});

test("groups select nobody, and are told", () => {
  const rule = { egress: [{ toGroups: [{ aws: { region: "x" } }] }] };
  assert.deepEqual(peersOf(rule), []);
  assert.deepEqual(codes(rule), ["warning groups-unresolved spec.egress[0].toGroups"]);
});

test("names", () => {
  const rule = {
    egress: [{ toFQDNs: [{ matchName: "API.Example.com" }, { matchPattern: "**.x.io." }] }],
  };
  assert.deepEqual(peersOf(rule), ["fqdn api.example.com.", "fqdn **.x.io."]);
  assert.deepEqual(fqdnsOf(specOf(rule)), ["api.example.com.", "**.x.io."]);
});

function portsOf(
  port: Json,
  direction = "ingress",
  options: Partial<PolicyOptions> = {},
): string[] {
  const rule = { [direction]: [{ toPorts: [{ ports: [port] }] }] };
  const ports = specOf(rule, { options }).rules[0]?.ports;
  assert.ok(ports !== undefined && ports !== "any");
  return ports.map(({ protocol, port: range }: PortMatch) =>
    "name" in range
      ? `${protocol} ${range.name} ${range.resolve}`
      : `${protocol} ${range.first}-${range.last}`,
  );
}

test("ports: numbers, ranges, names, protocols", () => {
  assert.deepEqual(portsOf({ port: "0", protocol: "TCP" }), ["6 0-65535"]);
  assert.deepEqual(portsOf({ port: "0", endPort: 100, protocol: "TCP" }), ["6 0-100"]);
  assert.deepEqual(portsOf({ port: "80", endPort: 90, protocol: "tcp" }), ["6 80-90"]);
  assert.deepEqual(portsOf({ port: "443", endPort: 80, protocol: "TCP" }), ["6 443-443"]);
  assert.deepEqual(portsOf({ port: "53" }), ["6 53-53", "17 53-53", "132 53-53"]);
  assert.deepEqual(portsOf({ port: "53", protocol: "ANY" }), ["6 53-53", "17 53-53", "132 53-53"]);
  assert.deepEqual(portsOf({ port: "HTTP-alt", protocol: "TCP" }), ["6 http-alt own"]);
  assert.deepEqual(portsOf({ port: "0x10", protocol: "UDP" }, "egress"), ["17 0x10 cluster"]);
  assert.deepEqual(portsOf({ port: "0", protocol: "IGMP" }), ["2 0-65535"]);
  const enableExtendedIpProtocols = true;
  assert.deepEqual(portsOf({ protocol: "VRRP" }, "ingress", { enableExtendedIpProtocols }), [
    "112 0-65535",
  ]);
  assert.deepEqual(
    codes({
      ingress: [
        {
          toPorts: [
            {
              ports: [
                { port: "443", endPort: 80 },
                { port: "web", endPort: 80 },
              ],
            },
          ],
        },
      ],
    }),
    ["warning end-port-ignored spec.ingress[0].toPorts[0].ports[0].endPort"],
  );
});

test("ICMP types by number and name, of either family", () => {
  const fields = [
    { type: 8 },
    { type: "8" },
    { type: "EchoReply" },
    { family: "IPv6", type: "EchoRequest" },
    { family: "IPv6", type: 1 },
  ];
  const [rule] = specOf({ ingressDeny: [{ icmps: [{ fields }] }] }).rules;
  assert.equal(rule?.ref.path, "spec.ingressDeny[0].icmps[0]");
  const types = [
    [1, 8],
    [1, 8],
    [1, 0],
    [58, 128],
    [58, 1],
  ];
  assert.deepEqual(
    rule.ports,
    types.map(([protocol, type]) => ({ protocol, port: { first: type, last: type } })),
  );
});

function redirectOf(portRule: Json, direction = "egress", given: Given = {}): unknown {
  const ports = [{ port: "80", protocol: "TCP" }];
  return specOf({ [direction]: [{ toPorts: [{ ports, ...portRule }] }] }, given).rules[0]?.redirect;
}

test("http: headers in both forms", () => {
  const headers = ["Content-Type: application/json", "X-Key", "X-Old true", "X-Tight:1", "X-End:"];
  const headerMatches = [
    { name: "A", value: "b", mismatch: "ADD" },
    { name: "B", secret: { name: "s" } },
  ];
  assert.deepEqual(
    redirectOf({ rules: { http: [{ path: "/a.*", method: "", headers, headerMatches }] } }),
    {
      l7: {
        kind: "http",
        rules: [
          {
            path: "/a.*",
            headers: [
              { name: "Content-Type", value: "application/json" },
              { name: "X-Key" },
              { name: "X-Old", value: "true" },
              { name: "X-Tight", value: "1" },
              { name: "X-End" },
              { name: "A", value: "b", mismatch: "ADD" },
              { name: "B", secret: { namespace: "shop", name: "s" } },
            ],
          },
        ],
      },
    },
  );
});

test("http: [] is no redirect, http: [{}] is one", () => {
  assert.equal(redirectOf({ rules: { http: [] } }), undefined);
  assert.equal(redirectOf({ rules: {} }), undefined);
  assert.deepEqual(redirectOf({ rules: { http: [{}] } }), {
    l7: { kind: "http", rules: [{ headers: [] }] },
  });
});

test("rules for a proxy beside a port with no protocol mean TCP", () => {
  const rule = {
    ingress: [{ toPorts: [{ ports: [{ port: "3000" }], rules: { http: [{ method: "GET" }] } }] }],
  };
  assert.deepEqual(
    specOf(rule).rules.map(({ ports }) => ports),
    [[{ protocol: 6, port: { first: 3000, last: 3000 } }]],
  );
  assert.deepEqual(codes(rule), ["note l7-means-tcp spec.ingress[0].toPorts[0].ports[0].protocol"]);
});

test("dns, kafka and generic rules", () => {
  const dns = [
    { matchName: "A.b" },
    { matchPattern: "*" },
    { matchName: "c", matchPattern: "*.d" },
  ];
  assert.deepEqual(redirectOf({ rules: { dns } }), {
    l7: { kind: "dns", rules: ["a.b.", "*", "c.", "*.d."].map((pattern) => ({ pattern })) },
  });
  const kafka = [
    { role: "produce", topic: "t" },
    { apiKey: "Fetch", apiVersion: "1", clientID: "c" },
    {},
  ];
  assert.deepEqual(redirectOf({ rules: { kafka } }, "ingress"), {
    l7: {
      kind: "kafka",
      rules: [
        { apiKeys: [0, 3, 18], topic: "t" },
        { apiKeys: [1], apiVersion: 1, clientId: "c" },
        { apiKeys: [] },
      ],
    },
  });
  assert.deepEqual(redirectOf({ rules: { l7proto: "r2d2", l7: [{ cmd: "READ" }] } }), {
    l7: { kind: "generic", parser: "r2d2", rules: [{ cmd: "READ" }] },
  });
  // A parser alone allows all that it can read, on TCP; what it cannot read is left alone.
  const any = [{ port: "4040" }];
  const { rules } = specOf({
    ingress: [{ toPorts: [{ ports: any, rules: { l7proto: "r2d2" } }] }],
  });
  assert.deepEqual(
    rules.map(({ redirect, ports }) => [
      redirect?.l7,
      ports === "any" ? ports : ports.map((port) => port.protocol),
    ]),
    [
      [{ kind: "generic", parser: "r2d2", rules: [{}] }, [6]],
      [undefined, [17, 132]],
    ],
  );
});

test("server names, TLS and listeners", () => {
  const tls = { secret: { name: "s" } };
  const portRule = {
    serverNames: ["Www.Example.com", "**.x.io"],
    terminatingTLS: { ...tls, certificate: "c", privateKey: "k" },
    originatingTLS: { secret: { namespace: "n", name: "s" }, trustedCA: "ca" },
    rules: { http: [{}] },
  };
  assert.deepEqual(redirectOf(portRule), {
    serverNames: ["www.example.com", "**.x.io"],
    terminatingTls: { secret: { namespace: "shop", name: "s" }, certificate: "c", privateKey: "k" },
    originatingTls: { secret: { namespace: "n", name: "s" }, trustedCa: "ca" },
    l7: { kind: "http", rules: [{ headers: [] }] },
  });
  const envoyConfig = { name: "config" };
  assert.deepEqual(redirectOf({ listener: { envoyConfig, name: "l", priority: 7 } }), {
    listener: { name: "l", config: "shop/config", priority: 7 },
  });
  assert.deepEqual(redirectOf({ listener: { envoyConfig, name: "l" } }, "egress", clusterwide), {
    listener: { name: "l", config: "/config", priority: 126 },
  });
});

test("authentication, log, audit, node policies, spec and specs", () => {
  const rule = { ingress: [{ fromEntities: ["host"], authentication: { mode: "required" } }] };
  const body = {
    spec: { endpointSelector: {}, log: { value: "hello" }, ...rule },
    specs: [{ endpointSelector: {}, ...rule }],
  };
  const { specs, ref } = imported(body, { annotations: { "ciliate.io/enforcement": "audit" } });
  assert.deepEqual(ref, { kind: "CiliumNetworkPolicy", namespace: "shop", name: "p" });
  assert.deepEqual(
    specs.map(({ ref: { path }, isAudit, log }) => [path, isAudit, log]),
    [
      ["spec", true, "hello"],
      ["specs[0]", true, undefined],
    ],
  );
  assert.equal(specs[0]?.rules[0]?.authentication, "required");
  const node = imported({ spec: { nodeSelector: label("zone"), ...rule } }, clusterwide).specs[0];
  assert.deepEqual([node?.subject.kind, node?.subject.selector.text], ["node", "any:zone in (x)"]);
  assert.equal(node?.isAudit, false);
});

test("there may be more peers and more entries than a call takes arguments", () => {
  const count = 200_000;
  const fromCIDR = Array.from({ length: count }, () => "10.0.0.0/8");
  assert.equal(specOf({ ingress: [{ fromCIDR }] }).rules[0]?.peers.length, count);
  const toPorts = Array.from({ length: count }, () => ({ ports: [{ port: "1" }] }));
  assert.equal(specOf({ ingress: [{ toPorts }] }).rules.length, count);
});
