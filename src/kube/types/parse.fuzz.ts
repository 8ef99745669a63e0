import { assert } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { itemsOf, MAX_FINDINGS, parseObject } from "./index.ts";

const POLICY = {
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name: "p", namespace: "n", labels: { "app.kubernetes.io/name": "x" } },
  spec: {
    endpointSelector: { matchLabels: { app: "web" } },
    ingress: [{ fromCIDRSet: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }] }],
    egress: [{ toFQDNs: [{ matchName: "a.b" }], toPorts: [{ ports: [{ port: "80" }] }] }],
    log: { value: "x" },
  },
};

const OBJECTS = [
  POLICY,
  { apiVersion: "v1", kind: "List", items: [POLICY, null] },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "p" },
    spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }], policyTypes: ["Ingress"] },
  },
  { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, status: { podIP: "10.0.0.1" } },
];

/** What a byte adds to the value that is being built, where bytes are no JSON. */
const WORDS =
  "spec specs metadata ingress egressDeny toPorts rules http icmps fields matchLabels fromEndpoints port ports toFQDNs __proto__ tpPorts".split(
    " ",
  );
const VALUES: readonly unknown[] = [null, true, -1, 8080, 1e300, 0.5, "", "a", "\u001b[0m", {}, []];

/** The last value built wraps those before it: bytes choose how. */
function build(input: Uint8Array): unknown {
  let value: unknown = {};
  for (const byte of input) {
    const word = WORDS[byte % WORDS.length] ?? "";
    if (byte < 80) value = { [word]: value };
    else if (byte < 120) value = [value, VALUES[byte % VALUES.length]];
    else if (byte < 200) value = { ...Object(value), [word]: VALUES[byte % VALUES.length] };
    else if (byte < 220) value = { ...POLICY, spec: value };
    else value = { ...POLICY, ...Object(value) };
  }
  return value;
}

function parse(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch {
    return build(input);
  }
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/; // oxlint-disable-line no-control-regex

const target: FuzzTarget = defineFuzz({
  corpus: () => OBJECTS.map((object) => new TextEncoder().encode(JSON.stringify(object))),
  run(input) {
    for (const item of itemsOf(parse(input))) {
      const { object, findings } = parseObject(item);
      assert(findings.length <= MAX_FINDINGS, "findings end");
      for (const { path, message } of findings) {
        assert(!CONTROL.test(path + message), "findings are harmless to print");
      }
      if (object === undefined) {
        assert(findings.length > 0, "a refusal has a reason");
        continue;
      }
      assert(
        findings.every((f) => f.severity === "warning"),
        "no error is let pass",
      );
      const again = parseObject(object);
      assert(again.findings.length === 0, "what was read has nothing unknown");
      assert(JSON.stringify(again.object) === JSON.stringify(object), "it reads the same again");
    }
  },
});
export default target;
