import assert from "node:assert/strict";
import { test } from "node:test";
import { copyJson } from "../node.ts";
import { StatusError } from "../status-error.ts";
import {
  causes,
  decode,
  deployment,
  pod,
  refusal,
  resource,
  schemas,
} from "../testdata/objects.ts";
import type { JsonObject, KubeObject } from "../types.ts";

function changeRefusal(
  name: string,
  old: JsonObject,
  change: (object: KubeObject) => void,
): string[] {
  const before = decode(name, old);
  before.metadata.namespace ??= "default";
  const object = copyJson(before);
  change(object);
  try {
    schemas.validateUpdate(resource(name), object, before);
  } catch (error) {
    if (error instanceof StatusError) return causes(error);
    throw error;
  }
  return [];
}

test("the message names the object, and joins what is wrong", () => {
  const error = refusal("deployments.apps/v1", deployment({ replicas: -1, selector: {} }));
  assert.equal(error.status, 422);
  assert.equal(
    error.message,
    'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.selector: Invalid value: {}: empty selector is invalid for deployment]',
  );
  assert.deepEqual(error.details?.causes?.[0], {
    reason: "FieldValueInvalid",
    message: "Invalid value: -1: must be greater than or equal to 0",
    field: "spec.replicas",
  });
});

test("names and labels", () => {
  assert.deepEqual(causes(refusal("pods.v1", { ...pod(), metadata: {} })), [
    "metadata.name: Required value: name or generateName is required",
  ]);
  const [upper = ""] = causes(refusal("pods.v1", { ...pod(), metadata: { name: "Web" } }));
  assert.match(upper, /^metadata\.name: Invalid value: "Web": a lowercase RFC 1123 subdomain must/);
  const labels = { ...pod(), metadata: { name: "a", labels: { "a/b/c": "x", ok: "not ok" } } };
  const found = causes(refusal("pods.v1", labels));
  assert.match(
    found[0] ?? "",
    /^metadata\.labels: Invalid value: "a\/b\/c": a valid label key must/,
  );
  assert.match(found[1] ?? "", /^metadata\.labels: Invalid value: "not ok": a valid label must be/);
  assert.deepEqual(causes(refusal("namespaces.v1", { metadata: { name: "a.b" } })), [
    'metadata.name: Invalid value: "a.b": must not contain dots',
  ]);
});

test("selectors must fit the template", () => {
  const wrong = deployment({ selector: { matchLabels: { app: "other" } } });
  assert.deepEqual(causes(refusal("deployments.apps/v1", wrong)), [
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
  ]);
});

test("containers", () => {
  const containers = [
    {
      name: "a",
      image: "b",
      ports: [{ containerPort: 70_000 }, { containerPort: 1, protocol: "X" }],
    },
    { name: "a" },
    { name: "c", image: "d", volumeMounts: [{ name: "no", mountPath: "/x" }] },
    { name: "e", image: "f", livenessProbe: {}, imagePullPolicy: "Maybe" },
    { name: "g", image: "h", resources: { limits: { cpu: "1" }, requests: { cpu: "2" } } },
  ];
  assert.deepEqual(causes(refusal("pods.v1", pod({ containers }))), [
    "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    'spec.containers[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    "spec.containers[1].image: Required value",
    'spec.containers[1].name: Duplicate value: "a"',
    'spec.containers[2].volumeMounts[0].name: Not found: "no"',
    'spec.containers[3].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
    "spec.containers[3].livenessProbe: Required value: must specify a handler type",
    'spec.containers[4].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ]);
  assert.deepEqual(causes(refusal("pods.v1", pod({ containers: [] }))), [
    "spec.containers: Required value",
  ]);
});

test("services", () => {
  const service = (spec: JsonObject): JsonObject => ({ metadata: { name: "a" }, spec });
  assert.deepEqual(causes(refusal("services.v1", service({}))), ["spec.ports: Required value"]);
  const ports = [{ port: 80 }, { port: 80, name: "b" }];
  assert.deepEqual(causes(refusal("services.v1", service({ ports }))), [
    "spec.ports[0].name: Required value",
    'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  ]);
  assert.deepEqual(
    causes(refusal("services.v1", service({ ports: [{ port: 80, nodePort: 30_080 }] }))),
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  );
});

test("network policies, jobs and secrets", () => {
  const peer = { ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/8"] }, podSelector: {} };
  const policy = {
    metadata: { name: "a" },
    spec: { podSelector: {}, ingress: [{ from: [peer, {}] }] },
  };
  assert.deepEqual(causes(refusal("networkpolicies.networking.k8s.io/v1", policy)), [
    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`',
    "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
    "spec.ingress[0].from[1]: Required value: must specify a peer",
  ]);
  const labels = { app: "a" };
  const template = { metadata: { labels }, spec: pod()["spec"] ?? {} };
  const spec = { manualSelector: true, selector: { matchLabels: labels }, template };
  const job = { metadata: { name: "a" }, spec };
  assert.deepEqual(causes(refusal("jobs.batch/v1", job)), [
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ]);
  const secret = {
    metadata: { name: "a" },
    type: "kubernetes.io/tls",
    data: { "tls.crt": "YQ==" },
  };
  assert.deepEqual(causes(refusal("secrets.v1", secret)), ["data[tls.key]: Required value"]);
});

test("what may not change", () => {
  const moved = changeRefusal("deployments.apps/v1", deployment(), ({ spec }) => {
    const labels = { app: "new" };
    Object.assign(spec as object, {
      selector: { matchLabels: labels },
      template: {
        ...(deployment()["spec"] as { template: object }["template"]),
        metadata: { labels },
      },
    });
    (spec as { template: JsonObject }).template["spec"] = decode("pods.v1", pod())["spec"] ?? {};
  });
  assert.deepEqual(moved, [
    'spec.selector: Invalid value: {"matchLabels":{"app":"new"}}: field is immutable',
  ]);
  const image = changeRefusal("pods.v1", pod(), ({ spec }) => {
    (spec as { containers: [JsonObject] }).containers[0]["image"] = "nginx:2";
  });
  assert.deepEqual(image, []);
  const [restart = ""] = changeRefusal("pods.v1", pod(), ({ spec }) => {
    (spec as JsonObject)["restartPolicy"] = "Never";
  });
  assert.match(restart, /^spec: Forbidden: pod updates may not change fields other than/);
  const address = {
    metadata: { name: "a" },
    spec: { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"], ports: [{ port: 1 }] },
  };
  const service = changeRefusal("services.v1", address, ({ spec }) => {
    Object.assign(spec as object, { clusterIP: "10.0.0.2", clusterIPs: ["10.0.0.2"] });
  });
  assert.deepEqual(service, [
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ]);
  const named = changeRefusal("configmaps.v1", { metadata: { name: "a" } }, ({ metadata }) => {
    metadata.name = "b";
  });
  // Once of all objects, and once of the kind.
  const refused = 'metadata.name: Invalid value: "b": field is immutable';
  assert.deepEqual(named, [refused, refused]);
});
