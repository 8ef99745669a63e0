import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError } from "#base";
import { withServer } from "../test-server.ts";
import { decodeProtobuf, PROTOBUF_TYPE } from "./decode.ts";
import { bytesField, envelope, message, numberField, textField } from "./sample.ts";

const METADATA = bytesField(1, message(textField(1, "web"), bytesField(8, message())));

test("a Deployment as Go's clients send it", () => {
  const selector = message(bytesField(1, message(textField(1, "app"), textField(2, "web"))));
  const quantity = message(textField(1, "100m"));
  const limits = message(textField(1, "cpu"), bytesField(2, quantity));
  const port = message(textField(1, ""), numberField(2, 0), numberField(3, 80));
  const container = message(
    textField(1, "c"),
    textField(2, "nginx"),
    bytesField(6, port),
    bytesField(8, message(bytesField(1, limits))),
  );
  const template = message(bytesField(2, message(bytesField(2, container))));
  const spec = message(numberField(1, 0), bytesField(2, selector), bytesField(3, template));
  const bytes = envelope("apps/v1", "Deployment", message(METADATA, bytesField(2, spec)));
  assert.deepEqual(decodeProtobuf(bytes), {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "web" } },
      template: {
        spec: {
          containers: [
            {
              name: "c",
              image: "nginx",
              ports: [{ containerPort: 80 }],
              resources: { limits: { cpu: "100m" } },
            },
          ],
        },
      },
    },
  });
});

test("types that JSON has in a form of their own: times, bytes, ports by name, embedded JSON", () => {
  const data = message(textField(1, "key"), textField(2, "value"));
  const secret = envelope("v1", "Secret", message(METADATA, bytesField(2, data)));
  assert.deepEqual(decodeProtobuf(secret)["data"], { key: "dmFsdWU=" });
  const byName = message(numberField(1, 1), textField(3, "http"));
  const byNumber = message(numberField(1, 0), numberField(2, 8080));
  const ports = [byName, byNumber].map((target, index) =>
    bytesField(1, message(numberField(3, 80 + index), bytesField(4, target))),
  );
  const service = envelope("v1", "Service", message(METADATA, bytesField(2, message(...ports))));
  assert.deepEqual(decodeProtobuf(service)["spec"], {
    ports: [
      { port: 80, targetPort: "http" },
      { port: 81, targetPort: 8080 },
    ],
  });
  const time = message(numberField(1, 1_700_000_000), numberField(2, 123_456_000));
  const lease = message(METADATA, bytesField(2, message(numberField(2, 15), bytesField(4, time))));
  assert.deepEqual(decodeProtobuf(envelope("coordination.k8s.io/v1", "Lease", lease))["spec"], {
    leaseDurationSeconds: 15,
    renewTime: "2023-11-14T22:13:20.123456Z",
  });
});

test("what is no such message says so", () => {
  assert.throws(() => decodeProtobuf(Buffer.from("{}")), DecodeError);
  assert.throws(() => decodeProtobuf(envelope("v1", "Nothing", message())), /send it as JSON/);
  const torn = envelope("v1", "Pod", message(METADATA)).subarray(0, -1);
  assert.throws(() => decodeProtobuf(torn), DecodeError);
});

test(
  "the server takes it where it takes JSON",
  withServer(async (api) => {
    const path = "/api/v1/namespaces/default/configmaps";
    const headers = { "content-type": PROTOBUF_TYPE };
    const data = message(textField(1, "a"), textField(2, "b"));
    const body = envelope("v1", "ConfigMap", message(METADATA, bytesField(2, data)));
    const made = await api.ask("POST", path, body, { headers });
    assert.equal(made.status, 201);
    assert.deepEqual(made.body.data, { a: "b" });
    const options = envelope("v1", "DeleteOptions", message(textField(4, "Foreground")));
    const deleted = await api.ask("DELETE", `${path}/web`, options, { headers });
    assert.deepEqual(deleted.body.metadata.finalizers, ["foregroundDeletion"]);
    assert.equal((await api.ask("POST", path, Buffer.from("k8s"), { headers })).status, 400);
  }),
);
