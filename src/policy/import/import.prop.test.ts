/** Whatever an object of a policy's kind holds, importing it answers, and never throws. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "#test";
import { parseObject } from "#kube/types";
import { defaultPolicyOptions } from "../options.ts";
import { fqdnsOf, peerPortsOf, prefixesOf } from "./collect.ts";
import { noFacts } from "./facts.ts";
import { importPolicy } from "./import-policy.ts";

const WORDS =
  " a app web * **.a.io a.b 10.0.0.0/8 10.0.0.1 ::/0 \0 80 0 65536 http TCP any VRRP all world dns none" +
  " cluster reserved:host k8s:io.kubernetes.pod.namespace __proto__ constructor In Exists Ingress" +
  " IPv6 EchoReply required produce fetch ( CiliumEnvoyConfig";
const word = fc.constantFrom(...WORDS.split(" "));
const number = fc.constantFrom(-1, 0, 1, 8, 53, 80, 255, 256, 65_535, 65_536);

const selector = shaped({
  matchLabels: fc.dictionary(word, word, { maxKeys: 2 }),
  matchExpressions: list(shaped({ key: word, operator: word, values: list(word) })),
});
const cidrRule = shaped({
  cidr: word,
  cidrGroupRef: word,
  cidrGroupSelector: selector,
  except: list(word),
});
const fqdn = shaped({ matchName: word, matchPattern: word });
const secret = shaped({ name: word, namespace: word });
const header = shaped({ name: word, value: word, mismatch: word, secret });
const http = shaped({
  path: word,
  method: word,
  host: word,
  headers: list(word),
  headerMatches: list(header),
});
const kafka = shaped({ role: word, apiKey: word, apiVersion: word, clientID: word, topic: word });
const l7 = shaped({
  http: list(http),
  dns: list(fqdn),
  kafka: list(kafka),
  l7proto: word,
  l7: list(fc.dictionary(word, word, { maxKeys: 2 })),
});
const portRule = shaped({
  ports: list(shaped({ port: word, endPort: number, protocol: word })),
  rules: l7,
  serverNames: list(word),
  terminatingTLS: shaped({ secret, trustedCA: word }),
  listener: shaped({
    name: word,
    envoyConfig: shaped({ kind: word, name: word }),
    priority: number,
  }),
});
const service = shaped({
  k8sService: shaped({ serviceName: word, namespace: word }),
  k8sServiceSelector: shaped({ selector, namespace: word }),
});
const icmp = shaped({ fields: list(shaped({ family: word, type: fc.oneof(word, number) })) });
const entry = shaped({
  ...Object.fromEntries(
    ["fromEndpoints", "toEndpoints", "fromNodes", "toNodes"].map((field) => [
      field,
      list(selector),
    ]),
  ),
  ...Object.fromEntries(
    ["fromEntities", "toEntities", "fromCIDR", "toCIDR"].map((field) => [field, list(word)]),
  ),
  ...Object.fromEntries(["fromCIDRSet", "toCIDRSet"].map((field) => [field, list(cidrRule)])),
  toFQDNs: list(fqdn),
  toServices: list(service),
  toPorts: list(portRule),
  icmps: list(icmp),
  authentication: shaped({ mode: word }),
});
const rule = shaped({
  endpointSelector: selector,
  nodeSelector: selector,
  ingress: list(entry),
  ingressDeny: list(entry),
  egress: list(entry),
  egressDeny: list(entry),
  enableDefaultDeny: shaped({ ingress: fc.boolean(), egress: fc.boolean() }),
  log: shaped({ value: word }),
});
const peer = shaped({
  podSelector: selector,
  namespaceSelector: selector,
  ipBlock: shaped({ cidr: word, except: list(word) }),
});
const port = shaped({ port: fc.oneof(word, number), endPort: number, protocol: word });
const kubeSpec = shaped({
  podSelector: selector,
  ingress: list(shaped({ from: list(peer), ports: list(port) })),
  egress: list(shaped({ to: list(peer), ports: list(port) })),
  policyTypes: list(word),
});
const metadata = shaped({ name: word, namespace: word, annotations: fc.dictionary(word, word) });
const object = fc.oneof(
  shaped({ kind: fc.constant("NetworkPolicy"), metadata, spec: kubeSpec }),
  shaped({
    kind: fc.constantFrom("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
    metadata,
    spec: rule,
    specs: list(rule),
  }),
);

/** Fields that may be left out. */
function shaped(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  return fc.record(fields, {
    requiredKeys: ["kind", "metadata", "name"].filter((key) => key in fields),
  });
}

function list(item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc.array(item, { maxLength: 2 });
}

property(
  "importing never throws",
  object,
  (given) => {
    const isKube = "kind" in given && given.kind === "NetworkPolicy";
    const apiVersion = isKube ? "networking.k8s.io/v1" : "cilium.io/v2";
    const parsed = parseObject({ apiVersion, ...given }).object;
    if (
      parsed?.kind !== "NetworkPolicy" &&
      parsed?.kind !== "CiliumNetworkPolicy" &&
      parsed?.kind !== "CiliumClusterwideNetworkPolicy"
    ) {
      return;
    }
    const { specs, findings } = importPolicy(parsed, noFacts, defaultPolicyOptions);
    const hasErrors = findings.some(({ severity }) => severity === "error");
    assert.ok(!hasErrors || specs.length === 0);
    for (const spec of specs) {
      prefixesOf(spec);
      fqdnsOf(spec);
      peerPortsOf(spec);
    }
  },
  { runs: 1_000 },
);
