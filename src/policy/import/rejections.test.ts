/** Everything that is refused, with what the author of the policy is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObject } from "#kube/types";
import { defaultPolicyOptions, type PolicyOptions } from "../options.ts";
import { noFacts } from "./facts.ts";
import { importPolicy } from "./import-policy.ts";

type Json = Record<string, unknown>;

interface Row {
  /** The row of the table, as `compat/policy-api.md` has it. */
  readonly name: string;
  readonly kind?: "CiliumClusterwideNetworkPolicy" | "NetworkPolicy";
  readonly spec?: Json;
  readonly object?: Json;
  readonly options?: Partial<PolicyOptions>;
  /** `path: message`, of every error. */
  readonly errors: readonly string[];
}

function refusals(row: Row): string[] {
  const kind = row.kind ?? "CiliumNetworkPolicy";
  const parsed = parseObject({
    apiVersion: kind === "NetworkPolicy" ? "networking.k8s.io/v1" : "cilium.io/v2",
    kind,
    metadata: { name: "p", namespace: "shop" },
    ...(row.spec === undefined ? {} : { spec: row.spec }),
    ...row.object,
  });
  const findings: { severity: string; path: string; message: string }[] = [...parsed.findings];
  const { object } = parsed;
  if (object !== undefined) {
    assert.ok(
      object.kind === "NetworkPolicy" ||
        object.kind === "CiliumNetworkPolicy" ||
        object.kind === "CiliumClusterwideNetworkPolicy",
    );
    const imported = importPolicy(object, noFacts, { ...defaultPolicyOptions, ...row.options });
    assert.deepEqual(imported.specs, [], "an object with an error has no specs");
    findings.push(...imported.findings);
  }
  return findings
    .filter(({ severity }) => severity === "error")
    .map(({ path, message }) => `${path}: ${message}`);
}

const all = { endpointSelector: {} };
const port80 = { port: "80", protocol: "TCP" };
const ingress = (rule: Json): Json => ({ ...all, ingress: [rule] });
const egress = (rule: Json): Json => ({ ...all, egress: [rule] });
const ports = (...rules: Json[]): Json => ({ toPorts: rules });
const http = (rule: Json): Json => ingress(ports({ ports: [port80], rules: { http: [rule] } }));
const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const listener = { envoyConfig: { name: "config" }, name: "listener" };

const ROWS: readonly Row[] = [
  {
    name: "no name",
    spec: ingress({}),
    object: { metadata: { name: "" } },
    errors: ['metadata.name: must not be empty, and is ""'],
  },
  {
    name: "no spec and no specs",
    errors: [": has neither spec nor specs: write a rule as spec"],
  },
  {
    name: "no rules",
    spec: { ...all, enableDefaultDeny: { ingress: true } },
    errors: ["spec: has no rules: write at least one of ingress, ingressDeny, egress, egressDeny"],
  },
  {
    name: "an empty list of deny rules alone",
    spec: { ...all, ingressDeny: [], egressDeny: [] },
    errors: ["spec: has no rules: write at least one of ingress, ingressDeny, egress, egressDeny"],
  },
  {
    name: "neither endpointSelector nor nodeSelector",
    spec: { ingress: [{}] },
    errors: ["spec: selects nobody: give endpointSelector; {} is all of them"],
  },
  {
    name: "neither, clusterwide",
    kind: "CiliumClusterwideNetworkPolicy",
    spec: { ingress: [{}] },
    errors: ["spec: selects nobody: give endpointSelector or nodeSelector; {} is all of them"],
  },
  {
    name: "both endpointSelector and nodeSelector",
    kind: "CiliumClusterwideNetworkPolicy",
    spec: { ...all, nodeSelector: {}, ingress: [{}] },
    errors: ["spec: has endpointSelector and nodeSelector: write a spec for each"],
  },
  {
    name: "nodeSelector in a CiliumNetworkPolicy",
    spec: { nodeSelector: {}, ingress: [{}] },
    errors: [
      "spec.nodeSelector: policies for nodes are of the whole cluster: make it a CiliumClusterwideNetworkPolicy",
    ],
  },
  {
    name: "two members in an ingress rule",
    spec: ingress({ fromEndpoints: [{}], fromEntities: ["world"] }),
    errors: [
      "spec.ingress[0]: combining fromEndpoints and fromEntities is not supported: write an entry for each",
    ],
  },
  {
    name: "two members in an ingress deny rule",
    spec: {
      ...all,
      ingressDeny: [{ fromCIDR: ["10.0.0.0/8"], fromCIDRSet: [{ cidr: "11.0.0.0/8" }] }],
    },
    errors: [
      "spec.ingressDeny[0]: combining fromCIDR and fromCIDRSet is not supported: write an entry for each",
    ],
  },
  {
    name: "two members in an egress rule",
    spec: egress({
      toServices: [{ k8sService: { serviceName: "a" } }],
      toFQDNs: [{ matchName: "a.b" }],
    }),
    errors: [
      "spec.egress[0]: combining toServices and toFQDNs is not supported: write an entry for each",
    ],
  },
  {
    name: "groups and endpoints",
    spec: egress({ toGroups: [{ aws: {} }], toEndpoints: [{}] }),
    errors: [
      "spec.egress[0]: combining toEndpoints and toGroups is not supported: write an entry for each",
    ],
  },
  {
    name: "fromRequires",
    spec: ingress({ fromRequires: ["a"] }),
    errors: ["spec.ingress[0].fromRequires: must be empty, and has 1"],
  },
  {
    name: "fromNodes while switched off",
    spec: ingress({ fromNodes: [{}] }),
    errors: [
      "spec.ingress[0].fromNodes: fromNodes needs the labels of nodes: set enable-node-selector-labels, or write entities host and remote-node",
    ],
  },
  {
    name: "toNodes while switched off",
    spec: egress({ toNodes: [{}] }),
    errors: [
      "spec.egress[0].toNodes: toNodes needs the labels of nodes: set enable-node-selector-labels, or write entities host and remote-node",
    ],
  },
  {
    name: "icmps while switched off",
    spec: ingress({ icmps: [{ fields: [{ type: 8 }] }] }),
    options: { enableIcmpRules: false },
    errors: ["spec.ingress[0].icmps: rules for ICMP are switched off: enable-icmp-rules is false"],
  },
  {
    name: "icmps together with toPorts",
    spec: ingress({ icmps: [{ fields: [{ type: 8 }] }], ...ports({ ports: [port80] }) }),
    errors: ["spec.ingress[0]: has icmps and toPorts: write an entry for each"],
  },
  {
    name: "more than 40 ports",
    spec: ingress(ports({ ports: many(41, port80) })),
    errors: ["spec.ingress[0].toPorts[0].ports: may have 40 items at most, and has 41"],
  },
  {
    name: "more than 40 ports in a deny rule",
    spec: { ...all, ingressDeny: [ports({ ports: many(41, port80) })] },
    errors: [
      "spec.ingressDeny[0].toPorts[0].ports: has 41 ports; 40 are the most: write several toPorts, or ranges with endPort",
    ],
  },
  {
    name: "more than 40 ICMP fields",
    spec: ingress({ icmps: [{ fields: many(41, { type: 8 }) }] }),
    errors: ["spec.ingress[0].icmps[0].fields: may have 40 items at most, and has 41"],
  },
  {
    name: "bad ICMP family",
    spec: ingress({ icmps: [{ fields: [{ family: "IPv5", type: 8 }] }] }),
    errors: ['spec.ingress[0].icmps[0].fields[0].family: "IPv5" is no family: write IPv4 or IPv6'],
  },
  {
    name: "unknown ICMP type name",
    spec: ingress({ icmps: [{ fields: [{ type: "PacketTooBig" }] }] }),
    errors: [
      'spec.ingress[0].icmps[0].fields[0].type: "PacketTooBig" is no ICMP type of IPv4: write a number from 0 to 255, or a name such as EchoRequest',
    ],
  },
  {
    name: "ICMP type too large",
    spec: ingress({ icmps: [{ fields: [{ type: 256 }] }] }),
    errors: [
      'spec.ingress[0].icmps[0].fields[0].type: "256" is no ICMP type of IPv4: write a number from 0 to 255, or a name such as EchoRequest',
    ],
  },
  {
    name: "unknown entity",
    spec: ingress({ fromEntities: ["world", "moon"] }),
    errors: [
      'spec.ingress[0].fromEntities[1]: "moon" is no entity; there are all, world, world-ipv4, world-ipv6, cluster, host, init, ingress, unmanaged, remote-node, health, kube-apiserver, none, dns',
    ],
  },
  {
    name: "entity dns at ingress",
    spec: ingress({ fromEntities: ["dns"] }),
    errors: [
      "spec.ingress[0].fromEntities[0]: entity dns is for toEntities only: DNS servers answer, they do not ask",
    ],
  },
  {
    name: "bad CIDR",
    spec: egress({ toCIDR: ["10.0.0.0/33"] }),
    errors: [
      'spec.egress[0].toCIDR[0]: "10.0.0.0/33" is no CIDR: write one such as 10.0.0.0/8 or fd00::/64',
    ],
  },
  {
    name: "a bare address in a CIDRSet",
    spec: egress({ toCIDRSet: [{ cidr: "10.0.0.1" }] }),
    errors: [
      'spec.egress[0].toCIDRSet[0].cidr: "10.0.0.1" is no CIDR: write one such as 10.0.0.0/8 or fd00::/64',
    ],
  },
  {
    name: "an except outside its CIDR",
    spec: egress({ toCIDRSet: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "11.0.0.0/16"] }] }),
    errors: [
      'spec.egress[0].toCIDRSet[0].except[1]: "11.0.0.0/16" lies outside 10.0.0.0/8: it can only except what the CIDR has',
    ],
  },
  {
    name: "an except of the other family",
    spec: egress({ toCIDRSet: [{ cidr: "10.0.0.0/8", except: ["fd00::/64"] }] }),
    errors: [
      'spec.egress[0].toCIDRSet[0].except[0]: "fd00::/64" lies outside 10.0.0.0/8: it can only except what the CIDR has',
    ],
  },
  {
    name: "a CIDRSet with nothing, and one with two things",
    spec: egress({ toCIDRSet: [{}, { cidr: "10.0.0.0/8", cidrGroupRef: "a" }] }),
    errors: [
      "spec.egress[0].toCIDRSet[0]: needs exactly one of cidr, cidrGroupRef and cidrGroupSelector: write one for each",
      "spec.egress[0].toCIDRSet[1]: needs exactly one of cidr, cidrGroupRef and cidrGroupSelector: write one for each",
    ],
  },
  {
    name: "bad selector: operator without values",
    spec: ingress({ fromEndpoints: [{ matchExpressions: [{ key: "a", operator: "In" }] }] }),
    errors: ["spec.ingress[0].fromEndpoints[0].matchExpressions[0].values: In needs a value"],
  },
  {
    name: "bad selector: key",
    spec: { endpointSelector: { matchLabels: { "a b": "c" } }, ingress: [{}] },
    errors: [
      "spec.endpointSelector.matchLabels[\"a b\"]: \"a b\" is no label key: it has a name of letters, digits, '-', '_' and '.' only, beginning and ending with a letter or digit",
    ],
  },
  {
    name: "a service that is not named",
    spec: egress({ toServices: [{}] }),
    errors: [
      "spec.egress[0].toServices[0]: names no service: give k8sService or k8sServiceSelector",
    ],
  },
  {
    name: "L7 rules without a proxy",
    spec: http({}),
    options: { enableL7Proxy: false },
    errors: [
      "spec.ingress[0].toPorts[0].rules: rules for a proxy, and there is none: enable-l7-proxy is false",
    ],
  },
  {
    name: "L7 on ingress of a node policy",
    kind: "CiliumClusterwideNetworkPolicy",
    spec: {
      nodeSelector: {},
      ingress: [ports({ ports: [port80], rules: { l7proto: "x", l7: [{}] } })],
    },
    errors: [
      "spec.ingress[0].toPorts[0].rules: no proxy reads what comes to a node: leave rules out of policies with a nodeSelector",
    ],
  },
  {
    name: "HTTP and Kafka on egress of a node policy, where DNS is allowed",
    kind: "CiliumClusterwideNetworkPolicy",
    spec: {
      nodeSelector: {},
      egress: [
        ports(
          { ports: [port80], rules: { http: [{}] } },
          { ports: [port80], rules: { kafka: [{}] } },
          { ports: [{ port: "53" }], rules: { dns: [{ matchPattern: "*" }] } },
        ),
      ],
    },
    errors: [
      "spec.egress[0].toPorts[0].rules: no proxy but DNS reads what a node sends: leave http and kafka out of policies with a nodeSelector",
      "spec.egress[0].toPorts[1].rules: no proxy but DNS reads what a node sends: leave http and kafka out of policies with a nodeSelector",
    ],
  },
  {
    name: "DNS rules on ingress",
    spec: ingress(ports({ ports: [{ port: "53" }], rules: { dns: [{ matchName: "a.b" }] } })),
    errors: [
      "spec.ingress[0].toPorts[0].rules.dns: DNS rules are for egress: move them to the egress of whoever asks",
    ],
  },
  {
    name: "DNS rules on ingress from all endpoints",
    spec: ingress({
      fromEndpoints: [{}],
      ...ports({ ports: [{ port: "53" }], rules: { dns: [{ matchName: "a.b" }] } }),
    }),
    errors: [
      "spec.ingress[0].toPorts[0].rules.dns: DNS rules are for egress: move them to the egress of whoever asks",
    ],
  },
  {
    name: "DNS rules without ports",
    spec: egress(ports({ rules: { dns: [{ matchName: "a.b" }] } })),
    errors: ["spec.egress[0].toPorts[0]: DNS rules need ports: write port 53, protocol ANY"],
  },
  {
    name: "DNS rules with a range of ports",
    spec: egress(
      ports({ ports: [{ port: "53", endPort: 54 }], rules: { dns: [{ matchName: "a.b" }] } }),
    ),
    errors: [
      "spec.egress[0].toPorts[0].ports[0].endPort: DNS rules take single ports, no ranges: write each port",
    ],
  },
  {
    name: "L7 with another protocol than TCP",
    spec: ingress(
      ports({
        ports: [
          { port: "80", protocol: "ANY" },
          { port: "81", protocol: "UDP" },
        ],
        rules: { http: [{}] },
      }),
    ),
    errors: [
      "spec.ingress[0].toPorts[0].ports[0].protocol: rules for a proxy read TCP, and the protocol is ANY: write protocol: TCP",
      "spec.ingress[0].toPorts[0].ports[1].protocol: rules for a proxy read TCP, and the protocol is UDP: write protocol: TCP",
    ],
  },
  {
    name: "L7 with port 0",
    spec: ingress(ports({ ports: [{ port: "0", protocol: "TCP" }], rules: { http: [{}] } })),
    errors: [
      "spec.ingress[0].toPorts[0].ports[0].port: rules for a proxy need the number of a port, and 0 is every port: name the ports",
    ],
  },
  {
    name: "more than one L7 kind",
    spec: ingress(ports({ ports: [port80], rules: { http: [{}], kafka: [{}] } })),
    errors: [
      "spec.ingress[0].toPorts[0].rules: mixes http and kafka: one proxy reads a port, so write a toPorts for each",
    ],
  },
  {
    name: "l7 without l7proto",
    spec: ingress(ports({ ports: [port80], rules: { l7: [{ a: "b" }] } })),
    errors: [
      "spec.ingress[0].toPorts[0].rules.l7: needs l7proto beside it, the name of the parser that is to read these",
    ],
  },
  {
    name: "an empty key in l7",
    spec: ingress(ports({ ports: [port80], rules: { l7proto: "x", l7: [{ "": "b" }] } })),
    errors: [
      "spec.ingress[0].toPorts[0].rules.l7[0]: has an empty key: every rule is a field's name and value",
    ],
  },
  {
    name: "serverNames with L7 rules and no terminatingTLS",
    spec: egress(ports({ ports: [port80], serverNames: ["a.b"], rules: { http: [{}] } })),
    errors: [
      "spec.egress[0].toPorts[0].serverNames: rules cannot be read inside TLS: give terminatingTLS, or leave the rules out",
    ],
  },
  {
    name: "an empty server name",
    spec: egress(ports({ ports: [port80], serverNames: [""] })),
    errors: [
      "spec.egress[0].toPorts[0].serverNames[0]: is empty: write the name that clients ask TLS for",
    ],
  },
  {
    name: "a server name that is none",
    spec: egress(ports({ ports: [port80], serverNames: ["a.*.b"] })),
    errors: [
      "spec.egress[0].toPorts[0].serverNames[0]: \"a.*.b\" is no server name: a DNS name, with '*.' or '**.' before it at most",
    ],
  },
  {
    name: "a listener on ingress",
    spec: ingress(ports({ ports: [port80], listener })),
    errors: ["spec.ingress[0].toPorts[0].listener: listeners are for egress: leave this one out"],
  },
  {
    name: "a listener together with rules",
    spec: egress(ports({ ports: [port80], listener, rules: { http: [{}] } })),
    errors: [
      "spec.egress[0].toPorts[0].listener: a listener decides by itself: leave out either the listener or the rules",
    ],
  },
  {
    name: "a clusterwide policy with a listener of a CiliumEnvoyConfig",
    kind: "CiliumClusterwideNetworkPolicy",
    spec: egress(
      ports({
        ports: [port80],
        listener: { ...listener, envoyConfig: { kind: "CiliumEnvoyConfig", name: "config" } },
      }),
    ),
    errors: [
      "spec.egress[0].toPorts[0].listener.envoyConfig.kind: a policy of the whole cluster cannot use a CiliumEnvoyConfig, which is in a namespace: write CiliumClusterwideEnvoyConfig",
    ],
  },
  {
    name: "http path and method that are no regular expressions",
    spec: http({ path: "/a(", method: "GET|*" }),
    errors: [
      'spec.ingress[0].toPorts[0].rules.http[0].path: "/a(" is no regular expression of RE2\'s syntax: missing closing ): `/a(`',
      'spec.ingress[0].toPorts[0].rules.http[0].method: "GET|*" is no regular expression of RE2\'s syntax: missing argument to repetition operator: `*`',
    ],
  },
  {
    name: "a regular expression with a reference back, which no linear engine has",
    spec: http({ path: String.raw`/(a)\1` }),
    errors: [
      'spec.ingress[0].toPorts[0].rules.http[0].path: "/(a)\\\\1" is no regular expression of RE2\'s syntax: invalid escape sequence: `\\1`',
    ],
  },
  {
    name: "headerMatch without a name",
    spec: http({ headerMatches: [{ value: "x" }] }),
    errors: [
      "spec.ingress[0].toPorts[0].rules.http[0].headerMatches[0].name: is missing: expected a string",
    ],
  },
  {
    name: "headerMatch with a bad mismatch",
    spec: http({ headerMatches: [{ name: "x", mismatch: "DROP" }] }),
    errors: [
      'spec.ingress[0].toPorts[0].rules.http[0].headerMatches[0].mismatch: "DROP" is nothing to do on a mismatch: write LOG, ADD, DELETE, REPLACE, or leave it out to refuse the request',
    ],
  },
  {
    name: "headerMatch with a secret without a name",
    spec: http({ headerMatches: [{ name: "x", secret: { name: "" } }] }),
    errors: [
      "spec.ingress[0].toPorts[0].rules.http[0].headerMatches[0].secret: names no secret: give its name",
    ],
  },
  {
    name: "toFQDNs with matchName and matchPattern",
    spec: egress({ toFQDNs: [{ matchName: "a.b", matchPattern: "*.b" }] }),
    errors: ["spec.egress[0].toFQDNs[0]: has matchName and matchPattern: write an item for each"],
  },
  {
    name: "Kafka rules that contradict themselves or name what is not",
    spec: ingress(
      ports({
        ports: [port80],
        rules: {
          kafka: [
            { role: "produce", apiKey: "fetch" },
            { role: "drink" },
            { apiKey: "drink" },
            { apiVersion: "32768" },
            { topic: "a b" },
          ],
        },
      }),
    ),
    errors: [
      "spec.ingress[0].toPorts[0].rules.kafka[0]: role and apiKey exclude each other: a role is a list of keys; write one of them",
      'spec.ingress[0].toPorts[0].rules.kafka[1].role: "drink" is no role: write produce or consume',
      'spec.ingress[0].toPorts[0].rules.kafka[2].apiKey: "drink" is no request of Kafka; there are produce, fetch, offsets, metadata, leaderandisr, stopreplica, updatemetadata, controlledshutdown, offsetcommit, offsetfetch, findcoordinator, joingroup, heartbeat, leavegroup, syncgroup, describegroups, listgroups, saslhandshake, apiversions, createtopics, deletetopics, deleterecords, initproducerid, offsetforleaderepoch, addpartitionstotxn, addoffsetstotxn, endtxn, writetxnmarkers, txnoffsetcommit, describeacls, createacls, deleteacls, describeconfigs, alterconfigs',
      'spec.ingress[0].toPorts[0].rules.kafka[3].apiVersion: "32768" is no version: write a number from 0 to 32767',
      "spec.ingress[0].toPorts[0].rules.kafka[4].topic: \"a b\" is no topic: at most 255 letters, digits, '.', '_' and '-'",
    ],
  },
  {
    name: "ports that are none",
    spec: ingress(
      ports({
        ports: [
          {},
          { port: "65536" },
          { port: "080" },
          { port: "a--b" },
          { port: "abcdefghijklmnop" },
          { port: "80", protocol: "ICMP" },
          { port: "80", protocol: "VRRP" },
        ],
      }),
    ),
    errors: [
      'spec.ingress[0].toPorts[0].ports[0]: names no port: write one, or "0" for every port',
      'spec.ingress[0].toPorts[0].ports[1].port: "65536" is no port: write a number from 0 to 65535, with no zeros before it, or the name of a port',
      'spec.ingress[0].toPorts[0].ports[2].port: "080" is no port: write a number from 0 to 65535, with no zeros before it, or the name of a port',
      'spec.ingress[0].toPorts[0].ports[3].port: "a--b" is no port: write a number from 0 to 65535, with no zeros before it, or the name of a port',
      'spec.ingress[0].toPorts[0].ports[4].port: "abcdefghijklmnop" is no port: write a number from 0 to 65535, with no zeros before it, or the name of a port',
      'spec.ingress[0].toPorts[0].ports[5].protocol: "ICMP" is no protocol; there are ANY, TCP, UDP, SCTP, VRRP, IGMP; ICMP goes into icmps',
      'spec.ingress[0].toPorts[0].ports[6].port: VRRP has no ports, and "80" was given: write "0"',
    ],
  },
  {
    name: "a mode of authentication that is none",
    spec: ingress({ fromEndpoints: [{}], authentication: { mode: "please" } }),
    errors: [
      'spec.ingress[0].authentication.mode: "please" is no mode: write disabled, required, test-always-fail',
    ],
  },
  {
    name: "another enforcement than audit",
    spec: ingress({}),
    object: {
      metadata: { name: "p", annotations: { "ciliate.io/enforcement": "off" } },
    },
    errors: [
      'metadata.annotations["ciliate.io/enforcement"]: "off" means nothing: write audit, or leave the annotation out to enforce the policy',
    ],
  },
  {
    name: "one bad rule among good ones, in specs",
    object: { specs: [ingress({}), ingress({ fromEntities: ["moon"] })], spec: ingress({}) },
    errors: [
      'specs[1].ingress[0].fromEntities[0]: "moon" is no entity; there are all, world, world-ipv4, world-ipv6, cluster, host, init, ingress, unmanaged, remote-node, health, kube-apiserver, none, dns',
    ],
  },
  {
    name: "NetworkPolicy: policyTypes",
    kind: "NetworkPolicy",
    spec: { podSelector: {}, policyTypes: ["Ingress", "ingress", "Egress"] },
    errors: [
      "spec.policyTypes: has 3 items; 2 are the most: Ingress and Egress",
      'spec.policyTypes[1]: "ingress" is no type of policy: write Ingress or Egress',
    ],
  },
  {
    name: "NetworkPolicy: peers",
    kind: "NetworkPolicy",
    spec: {
      ingress: [
        {
          from: [
            {},
            { ipBlock: { cidr: "10.0.0.0/8" }, podSelector: {} },
            { ipBlock: { cidr: "10.0.0.1" } },
            { ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/8", "11.0.0.0/8", "x"] } },
            { namespaceSelector: { matchExpressions: [{ key: "a", operator: "Like" }] } },
          ],
        },
      ],
    },
    errors: [
      "spec.ingress[0].from[0]: names nobody: give podSelector, namespaceSelector or ipBlock; {} selects all",
      "spec.ingress[0].from[1]: has ipBlock beside a selector: write a peer for each",
      'spec.ingress[0].from[2].ipBlock.cidr: "10.0.0.1" is no CIDR: write one such as 10.0.0.0/8 or fd00::/64',
      "spec.ingress[0].from[3].ipBlock.except[0]: 10.0.0.0/8 has to be a part of 10.0.0.0/8, and not all of it",
      "spec.ingress[0].from[3].ipBlock.except[1]: 11.0.0.0/8 has to be a part of 10.0.0.0/8, and not all of it",
      'spec.ingress[0].from[3].ipBlock.except[2]: "x" is no CIDR: write one such as 10.0.0.0/8 or fd00::/64',
      'spec.ingress[0].from[4].namespaceSelector.matchExpressions[0].operator: "Like" is no operator; there are In, NotIn, Exists, DoesNotExist',
    ],
  },
  {
    name: "NetworkPolicy: ports",
    kind: "NetworkPolicy",
    spec: {
      egress: [
        {
          ports: [
            { port: 0 },
            { port: "Web" },
            { port: "80" },
            { port: 80, protocol: "tcp" },
            { endPort: 90 },
            { port: "web", endPort: 90 },
            { port: 80, endPort: 79 },
          ],
        },
      ],
    },
    errors: [
      "spec.egress[0].ports[0].port: 0 is no port: write a number from 1 to 65535",
      "spec.egress[0].ports[1].port: \"Web\" is no name of a port: at most 15 lower-case letters, digits and single '-' between them, with a letter",
      "spec.egress[0].ports[2].port: \"80\" is no name of a port: at most 15 lower-case letters, digits and single '-' between them, with a letter: write the number without quotes",
      'spec.egress[0].ports[3].protocol: "tcp" is no protocol; there are TCP, UDP, SCTP',
      "spec.egress[0].ports[4].endPort: is the end of a range, and the range begins with no number: give port one",
      "spec.egress[0].ports[5].endPort: is the end of a range, and the range begins with no number: give port one",
      "spec.egress[0].ports[6].endPort: 79 cannot end a range that begins with 80: write a number from 80 to 65535",
    ],
  },
];

for (const row of ROWS) {
  test(`refused: ${row.name}`, () => assert.deepEqual(refusals(row), row.errors));
}

test("a deny rule has no rules for a proxy: they are pruned, with a warning", () => {
  const parsed = parseObject({
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "p" },
    spec: { ...all, ingressDeny: [ports({ ports: [port80], rules: { http: [{}] } })] },
  });
  const [finding] = parsed.findings;
  assert.equal(finding?.code, "unknown-field");
  assert.equal(finding?.path, "spec.ingressDeny[0].toPorts[0].rules");
  assert.ok(parsed.object?.kind === "CiliumNetworkPolicy");
  const imported = importPolicy(parsed.object, noFacts, defaultPolicyOptions);
  assert.equal(imported.specs[0]?.rules[0]?.redirect, undefined);
});
