import assert from "node:assert/strict";
import { test } from "node:test";
import { type KnownObject, MAX_FINDINGS, type ObjectFinding, parseObject } from "./index.ts";

function cnp(spec: unknown): unknown {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "p", namespace: "shop" },
    spec,
  };
}

function lines(findings: readonly ObjectFinding[]): string[] {
  return findings.map((f) => `${f.severity} ${f.code} ${f.path}: ${f.message}`);
}

/** Parses without a finding, and gives back what was put in. */
function accepts(value: unknown): KnownObject {
  const { object, findings } = parseObject(value);
  assert.deepEqual(lines(findings), []);
  assert(object !== undefined);
  assert.deepEqual(object, value);
  assert.notEqual(object, value);
  return object;
}

function refuses(value: unknown, ...expected: string[]): void {
  const { object, findings } = parseObject(value);
  assert.deepEqual(lines(findings), expected);
  assert.equal(object, undefined);
}

test("policies of Cilium: every field is read", () => {
  accepts(
    cnp({
      endpointSelector: {
        matchLabels: { "k8s:app": "web", empty: "" },
        matchExpressions: [{ key: "tier", operator: "NotIn", values: ["x"] }],
      },
      ingress: [
        {
          fromEndpoints: [{}],
          fromRequires: [],
          fromCIDR: ["10.0.0.1"],
          fromCIDRSet: [
            { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] },
            { cidrGroupRef: "partners" },
            { cidrGroupSelector: { matchLabels: { a: "b" } } },
          ],
          fromEntities: ["world", "dns"],
          fromGroups: [{ aws: { labels: { a: "b" }, securityGroupsIds: ["sg-1"], region: "r" } }],
          fromNodes: [{ matchLabels: { zone: "a" } }],
          icmps: [{ fields: [{ type: 8 }, { family: "IPv6", type: "EchoRequest" }] }],
          authentication: { mode: "required" },
        },
      ],
      egress: [
        {
          toFQDNs: [{ matchName: "api.example.com." }, { matchPattern: "**.example.com" }],
          toServices: [
            { k8sService: { serviceName: "db", namespace: "shop" } },
            { k8sServiceSelector: { selector: {}, namespace: "shop" } },
          ],
          toPorts: [
            {
              ports: [{ port: "8080", endPort: 8090, protocol: "TCP" }],
              terminatingTLS: { secret: { namespace: "n", name: "s" }, trustedCA: "ca" },
              originatingTLS: { secret: { name: "s" } },
              serverNames: ["a.example.com"],
              listener: {
                envoyConfig: { kind: "CiliumEnvoyConfig", name: "c" },
                name: "l",
                priority: 1,
              },
              rules: {
                http: [
                  {
                    method: "POST",
                    path: "/api/v1/orders",
                    host: "h",
                    headers: ["Content-Type: application/json"],
                    headerMatches: [{ name: "X", value: "y", mismatch: "ADD" }],
                  },
                  {},
                ],
              },
            },
            { rules: { kafka: [{ role: "produce", topic: "t", clientID: "c" }] } },
            { rules: { dns: [{ matchPattern: "*" }] } },
            { rules: { l7proto: "r2d2", l7: [{ cmd: "READ" }] } },
          ],
        },
      ],
      ingressDeny: [{ fromEntities: ["world"], toPorts: [{ ports: [{ port: "22" }] }] }],
      egressDeny: [{ toCIDR: ["169.254.169.254/32"] }],
      enableDefaultDeny: { ingress: false },
      labels: [{ key: "team", value: "a", source: "k8s" }],
      description: "d",
      log: { value: "web" },
    }),
  );
});

test("policies of Cilium: an empty list is not an absent one, and null is", () => {
  accepts(cnp({ endpointSelector: {}, ingress: [], egress: [] }));
  const { object, findings } = parseObject(
    cnp({ endpointSelector: {}, ingress: null, egress: [{ toEndpoints: null, toCIDR: [] }] }),
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(object, cnp({ endpointSelector: {}, egress: [{ toCIDR: [] }] }));
});

test("policies of Cilium: both spec and specs are kept, and neither is not an error here", () => {
  accepts({
    apiVersion: "cilium.io/v2",
    kind: "CiliumClusterwideNetworkPolicy",
    metadata: { name: "p" },
    specs: [{ nodeSelector: {}, ingress: [] }],
    status: { conditions: [{ type: "Valid", status: "True" }], derivativePolicies: {} },
  });
  accepts({
    apiVersion: "cilium.io/v2",
    kind: "CiliumClusterwideNetworkPolicy",
    metadata: { name: "p" },
  });
});

test("policies of Cilium: a numeric port wants quotes", () => {
  refuses(
    cnp({ ingress: [{ toPorts: [{ ports: [{ port: "80" }, { port: 8080 }] }] }] }),
    'error wrong-type spec.ingress[0].toPorts[0].ports[1].port: expected a string, got the number 8080; write it in quotes: "8080"',
  );
});

test("policies of Cilium: wrong types and missing fields name their places", () => {
  refuses(
    cnp({
      endpointSelector: { matchLabels: { app: true, "k8s.io/x": null } },
      ingress: [null, { icmps: [{ fields: [{}] }], fromCIDR: "10.0.0.0/8" }],
      egress: {},
      enableDefaultDeny: { egress: "no" },
    }),
    'error wrong-type spec.endpointSelector.matchLabels.app: expected a string, got true; write it in quotes: "true"',
    'error wrong-type spec.endpointSelector.matchLabels["k8s.io/x"]: expected a string, got nothing',
    "error wrong-type spec.ingress[0]: expected an object, got nothing",
    "error missing-field spec.ingress[1].icmps[0].fields[0].type: is missing: expected a string or a whole number",
    'error wrong-type spec.ingress[1].fromCIDR: expected a list, got "10.0.0.0/8"',
    "error wrong-type spec.egress: expected a list, got an object",
    'error wrong-type spec.enableDefaultDeny.egress: expected true or false, got "no"',
  );
});

test("policies of Cilium: the limits of the CRD hold", () => {
  const ports = Array.from({ length: 41 }, () => ({ port: "1" }));
  refuses(
    cnp({
      endpointSelector: { matchLabels: { app: "-" } },
      ingress: [{ toPorts: [{ ports, serverNames: [] }], fromRequires: [{}] }],
      egress: [
        {
          toFQDNs: [{ matchName: "*.example.com" }, { matchPattern: "a..b" }],
          toPorts: [{ ports: [{ endPort: 65_536 }, { endPort: 1.5 }] }],
        },
      ],
      log: { value: "x".repeat(33) },
    }),
    `error bad-value spec.endpointSelector.matchLabels.app: must consist of letters, digits, '-', '_' and '.', with a letter or digit at both ends, and is "-"`,
    "error too-many-items spec.ingress[0].toPorts[0].ports: may have 40 items at most, and has 41",
    "error too-few-items spec.ingress[0].toPorts[0].serverNames: must have 1 item or more, and has 0",
    "error too-many-items spec.ingress[0].fromRequires: must be empty, and has 1",
    `error bad-value spec.egress[0].toFQDNs[0].matchName: must be a DNS name of letters, digits, '-' and '_' ('*' is for matchPattern), and is "*.example.com"`,
    `error bad-value spec.egress[0].toFQDNs[1].matchPattern: must be a DNS name of letters, digits, '-', '_' and '*', and is "a..b"`,
    "error bad-value spec.egress[0].toPorts[0].ports[0].endPort: must be 65535 at most, and is the number 65536",
    "error wrong-type spec.egress[0].toPorts[0].ports[1].endPort: expected a whole number, got the number 1.5",
    `error bad-value spec.log.value: must have 32 characters at most, and is "${"x".repeat(33)}"`,
  );
});

test("unknown fields: are left out, with the field that was meant", () => {
  const { object, findings } = parseObject(
    cnp({
      endpointselector: {},
      ingress: [{ fromEndpoint: [{}], toPorts: [{ port: [] }], zzz: 1 }],
    }),
  );
  assert.deepEqual(object, cnp({ ingress: [{ toPorts: [{}] }] }));
  assert.deepEqual(lines(findings), [
    'warning unknown-field spec.endpointselector: unknown field "endpointselector", ignored; did you mean "endpointSelector"?',
    'warning unknown-field spec.ingress[0].fromEndpoint: unknown field "fromEndpoint", ignored; did you mean "fromEndpoints"?',
    'warning unknown-field spec.ingress[0].toPorts[0].port: unknown field "port", ignored; did you mean "ports"?',
    'warning unknown-field spec.ingress[0].zzz: unknown field "zzz", ignored',
  ]);
});

test("unknown fields: say where they belong when they are known further up", () => {
  const { findings } = parseObject(
    cnp({ ingress: [{ fromEndpoints: [{ matchLabels: {}, toPorts: [] }] }] }),
  );
  assert.deepEqual(lines(findings), [
    'warning unknown-field spec.ingress[0].fromEndpoints[0].toPorts: unknown field "toPorts", ignored; it belongs to spec.ingress[0]: check the indentation',
  ]);
});

test("unknown fields: named like what every object of JavaScript has are fields like others", () => {
  const text = `{"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
      "metadata": {"name": "p", "labels": {"__proto__": "x", "constructor": "y"}},
      "__proto__": {"spec": {}}, "toString": 1}`;
  const { object, findings } = parseObject(JSON.parse(text));
  assert.deepEqual(
    findings.map((f) => f.path),
    ["__proto__", "toString"],
  );
  assert.equal(object?.kind, "CiliumNetworkPolicy");
  assert.deepEqual(Object.entries(object.metadata.labels ?? {}), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
  assert.equal(Object.getPrototypeOf(object.metadata.labels), Object.prototype);
});

test("what is no object that is known here: has findings and no object", () => {
  for (const value of [null, 1, "x", [], undefined, true]) {
    const { object, findings } = parseObject(value);
    assert.equal(object, undefined);
    assert.equal(findings[0]?.code, "wrong-type");
  }
  refuses(
    { kind: 1 },
    "error wrong-type kind: expected a string, got a number",
    "error missing-field apiVersion: is missing: expected a string",
  );
  refuses(
    { kind: "Deployment", apiVersion: "apps/v1" },
    'warning unknown-kind kind: "Deployment" of "apps/v1" is not read here, and ignored',
  );
  refuses(
    { kind: "CiliumNetworkPolice", apiVersion: "cilium.io/v2" },
    'error unknown-kind kind: "CiliumNetworkPolice" of "cilium.io/v2" is not read here, and ignored; did you mean "CiliumNetworkPolicy"?',
  );
});

test("what is no object that is known here: a kind of another group is another kind, and another version is an error", () => {
  refuses(
    { kind: "NetworkPolicy", apiVersion: "crd.projectcalico.org/v1" },
    'warning unknown-kind kind: "NetworkPolicy" of "crd.projectcalico.org/v1" is not read here, and ignored; the one that is belongs to networking.k8s.io',
  );
  refuses(
    { kind: "CiliumEndpointSlice", apiVersion: "cilium.io/v2alpha1" },
    'warning unknown-kind kind: "CiliumEndpointSlice" of "cilium.io/v2alpha1" is not read here, and ignored; did you mean "CiliumEndpoint"?',
  );
  refuses(
    { kind: "NetworkPolicy", apiVersion: "v1" },
    'error unknown-kind kind: "NetworkPolicy" of "v1" is not read here, and ignored; the one that is belongs to networking.k8s.io',
  );
  refuses(
    { kind: "NetworkPolicy", apiVersion: "networking.k8s.io/v1beta1" },
    'error unknown-version apiVersion: NetworkPolicy is read as networking.k8s.io/v1, and this is "networking.k8s.io/v1beta1"',
  );
  refuses(
    { kind: "constructor", apiVersion: "v1" },
    'warning unknown-kind kind: "constructor" of "v1" is not read here, and ignored',
  );
});

test("what is no object that is known here: metadata and its name are needed", () => {
  refuses(
    { kind: "Namespace", apiVersion: "v1" },
    "error missing-field metadata: is missing: expected an object",
  );
  refuses(
    { kind: "Namespace", apiVersion: "v1", metadata: { name: "" } },
    'error bad-value metadata.name: must not be empty, and is ""',
  );
});

test("findings end at their limit, and errors beyond it count", () => {
  const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`, i]));
  const fine = parseObject(cnp(unknown));
  assert.equal(fine.findings.length, MAX_FINDINGS);
  assert(fine.object !== undefined);
  assert.deepEqual(fine.findings.at(-1), {
    severity: "warning",
    code: "too-many-findings",
    path: "",
    message: "4001 more findings are left out",
  });
  const broken = parseObject(cnp({ ...unknown, ingress: 1 }));
  assert.equal(broken.object, undefined);
  assert.equal(broken.findings.at(-1)?.severity, "error");
});
