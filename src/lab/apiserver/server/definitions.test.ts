import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Body, type TestServer, withServer } from "./test-server.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const LAMPS = "/apis/example.com/v1/namespaces/default/lamps";

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        colour: { type: "string", enum: ["red", "green"], default: "red" },
        replicas: { type: "integer" },
      },
    },
    status: { type: "object", properties: { lit: { type: "boolean" } } },
  },
};

const lamps = {
  metadata: { name: "lamps.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "lamps", kind: "Lamp", shortNames: ["lp"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
        },
        additionalPrinterColumns: [
          { name: "Colour", type: "string", jsonPath: ".spec.colour" },
          { name: "Lit", type: "boolean", jsonPath: ".status.lit" },
        ],
      },
    ],
  },
};

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await check()) return;
    await sleep(20);
  }
  assert.fail("it did not come about within two seconds");
}

async function establish(api: TestServer): Promise<void> {
  await api.create(DEFINITIONS, lamps);
  await until(async () => {
    const { body } = await api.ask("GET", `${DEFINITIONS}/lamps.example.com`);
    return body.status.conditions.some((one: Body) => one.type === "Established");
  });
}

test(
  "a definition's kind is served: defaults, validation, status, scale, columns",
  withServer(async (api) => {
    await establish(api);
    const lamp = await api.create(LAMPS, { metadata: { name: "one" }, spec: { replicas: 2 } });
    assert.equal(lamp.spec.colour, "red");
    assert.equal(lamp.metadata.generation, 1);
    const wrong = { metadata: { name: "two" }, spec: { colour: "blue" } };
    const refused = await api.ask("POST", LAMPS, wrong);
    assert.equal(refused.status, 422);
    assert.equal(refused.body.details.causes[0].field, "spec.colour");
    const headers = { "content-type": "application/merge-patch+json" };
    const lit = { spec: { colour: "green" }, status: { lit: true } };
    const status = (await api.ask("PATCH", `${LAMPS}/one/status`, lit, { headers })).body;
    assert.deepEqual([status.spec.colour, status.status.lit], ["red", true]);
    assert.equal((await api.ask("GET", `${LAMPS}/one/scale`)).body.spec.replicas, 2);
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const table = (await api.ask("GET", LAMPS, undefined, { headers: { accept } })).body;
    assert.deepEqual(table.rows[0].cells, ["one", "red", true]);
    const unconditional = { metadata: { name: "one" }, spec: {} };
    const put = await api.ask("PUT", `${LAMPS}/one`, unconditional);
    assert.equal(put.body.details.causes[0].field, "metadata.resourceVersion");
  }),
);

test(
  "a definition that goes takes its objects with it, and is there again after a restart if not",
  withServer(async (api) => {
    await establish(api);
    await api.create(LAMPS, { metadata: { name: "one" } });
    await api.restart();
    assert.equal((await api.ask("GET", `${LAMPS}/one`)).status, 200);
    await api.ask("DELETE", `${DEFINITIONS}/lamps.example.com`);
    await until(async () => (await api.ask("GET", LAMPS)).status === 404);
    await establish(api);
    assert.deepEqual((await api.ask("GET", LAMPS)).body.items, []);
  }),
);

test(
  "a kind's name that another definition has is not accepted",
  withServer(async (api) => {
    await establish(api);
    const names = { plural: "lights", kind: "Lamp" };
    const second = {
      metadata: { name: "lights.example.com" },
      spec: { ...lamps.spec, names },
    };
    await api.create(DEFINITIONS, second);
    await until(async () => {
      const { body } = await api.ask("GET", `${DEFINITIONS}/lights.example.com`);
      return body.status.conditions.some(
        (one: Body) => one.type === "NamesAccepted" && one.status === "False",
      );
    });
  }),
);
