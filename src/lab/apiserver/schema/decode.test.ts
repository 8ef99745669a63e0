import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, deployment, pod, refusal, resource, schemas } from "./testdata/objects.ts";

test("a deployment gets the defaults of the API server", () => {
  const { spec } = decode("deployments.apps/v1", deployment());
  assert.deepEqual(spec, {
    selector: { matchLabels: { app: "web" } },
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          {
            name: "web",
            image: "nginx:1.27",
            imagePullPolicy: "IfNotPresent",
            terminationMessagePath: "/dev/termination-log",
            terminationMessagePolicy: "File",
            resources: {},
          },
        ],
        dnsPolicy: "ClusterFirst",
        restartPolicy: "Always",
        schedulerName: "default-scheduler",
        securityContext: {},
        terminationGracePeriodSeconds: 30,
      },
    },
  });
});

test("what only pods get stays out of templates", () => {
  const spec = {
    hostNetwork: true,
    containers: [
      {
        name: "a",
        image: "b",
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: "1500m", memory: "0.5Gi" } },
      },
    ],
  };
  const { spec: made } = decode("pods.v1", pod(spec));
  assert.deepEqual(made, {
    ...(made as object),
    enableServiceLinks: true,
    hostNetwork: true,
  });
  const [container] = (made as unknown as { containers: unknown[] }).containers as [
    Record<string, unknown>,
  ];
  assert.equal(container["imagePullPolicy"], "Always");
  assert.deepEqual(container["ports"], [{ containerPort: 80, protocol: "TCP", hostPort: 80 }]);
  const amounts = { cpu: "1500m", memory: "512Mi" };
  assert.deepEqual(container["resources"], { limits: amounts, requests: amounts });
});

test("services get target ports, policies and affinity", () => {
  const { spec } = decode("services.v1", {
    metadata: { name: "a" },
    spec: { type: "NodePort", sessionAffinity: "ClientIP", ports: [{ port: 80 }] },
  });
  assert.deepEqual(spec, {
    type: "NodePort",
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    externalTrafficPolicy: "Cluster",
    internalTrafficPolicy: "Cluster",
  });
});

test("what is empty is left out as Go leaves it out, and what is null is not there", () => {
  const { spec, metadata } = decode("pods.v1", {
    metadata: { name: "a", labels: {}, annotations: null },
    spec: {
      hostNetwork: false,
      nodeName: "",
      volumes: [{ name: "x", emptyDir: {} }],
      tolerations: [],
      automountServiceAccountToken: false,
      containers: [{ name: "a", image: "b", args: [], env: [{ name: "A", value: "" }] }],
    },
  });
  assert.deepEqual(metadata, { name: "a" });
  const made = spec as Record<string, unknown>;
  for (const key of ["hostNetwork", "nodeName", "tolerations"]) assert.ok(!(key in made), key);
  assert.equal(made["automountServiceAccountToken"], false);
  assert.deepEqual(made["volumes"], [{ name: "x", emptyDir: {} }]);
  const [container] = made["containers"] as [Record<string, unknown>];
  assert.ok(!("args" in container));
  assert.deepEqual(container["env"], [{ name: "A" }]);
});

test("what is told in two fields, and texts of secrets", () => {
  const secret = { metadata: { name: "a" }, data: { a: "YQ==" }, stringData: { a: "x", b: "é" } };
  const { data, stringData } = decode("secrets.v1", secret);
  assert.deepEqual(data, { a: "eA==", b: "w6k=" });
  assert.equal(stringData, undefined);
  const { status } = decode("pods.v1", { ...pod(), status: { podIP: "10.0.0.1" } });
  assert.deepEqual((status as Record<string, unknown>)["podIPs"], [{ ip: "10.0.0.1" }]);
  const { spec } = decode("nodes.v1", {
    metadata: { name: "a" },
    spec: { podCIDRs: ["10.0.0.0/24", "fd00::/64"] },
  });
  assert.equal((spec as Record<string, unknown>)["podCIDR"], "10.0.0.0/24");
});

test("unknown and repeated fields: refused, told of, or dropped in silence", () => {
  const value = deployment({ replica: 3 });
  const pods = resource("deployments.apps/v1");
  assert.equal(
    refusal("deployments.apps/v1", value).message,
    'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replica"',
  );
  const options = { fieldValidation: "Warn", duplicates: ["spec.paused"] } as const;
  assert.deepEqual(schemas.decode(pods, value, options).warnings, [
    'unknown field "spec.replica"',
    'duplicate field "spec.paused"',
  ]);
  const { object, warnings } = schemas.decode(pods, value, { fieldValidation: "Ignore" });
  assert.deepEqual(warnings, []);
  assert.ok(!("replica" in (object["spec"] as object)));
});

test("values of a wrong type are told of as Go tells of them", () => {
  const start =
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal';
  const say = (spec: Parameters<typeof deployment>[0]): string =>
    refusal("deployments.apps/v1", deployment(spec)).message;
  assert.equal(
    say({ replicas: "3" }),
    `${start} string into Go struct field DeploymentSpec.spec.replicas of type int32`,
  );
  assert.equal(
    say({ replicas: 1.5 }),
    `${start} number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
  );
  assert.equal(
    say({ template: [] }),
    `${start} array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec`,
  );
  const spec = {
    template: { spec: { containers: [{ name: "a", ports: [{ containerPort: "x" }] }] } },
  };
  assert.equal(
    say(spec),
    `${start} string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32`,
  );
});

test("another kind or version is refused", () => {
  const other = { ...deployment(), kind: "Pod", apiVersion: "apps/v1" };
  assert.equal(refusal("deployments.apps/v1", other).status, 400);
  const version = { ...deployment(), apiVersion: "apps/v1beta1" };
  assert.equal(
    refusal("deployments.apps/v1", version).message,
    "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
  );
});

test("what is nested too deeply, or no object, is refused", () => {
  let deep: unknown = {};
  for (let index = 0; index < 5_000; index += 1) deep = { a: deep };
  assert.equal(refusal("configmaps.v1", { data: deep }).status, 400);
  for (const value of [null, 1, "x", []]) assert.equal(refusal("pods.v1", value).status, 400);
});

test("keys of a prototype are keys like others", () => {
  const value = JSON.parse(
    '{"metadata":{"name":"a","labels":{"__proto__":"x","constructor":"y"}}}',
  );
  const { metadata } = decode("configmaps.v1", value);
  assert.deepEqual(Object.entries(metadata.labels ?? {}), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
  assert.equal(Object.getPrototypeOf(metadata.labels), Object.prototype);
  const unknown = JSON.parse('{"metadata":{"name":"a"},"__proto__":{"x":1}}');
  assert.match(refusal("configmaps.v1", unknown).message, /unknown field "__proto__"/);
});
