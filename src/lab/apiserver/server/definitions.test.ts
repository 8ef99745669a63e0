/** What the contract's conversations do not show: a server that ends and begins again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Body, type TestServer, withServer } from "./test-server.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const LAMPS = "/apis/example.com/v1/namespaces/default/lamps";

function lamps(properties: object): object {
  return {
    metadata: { name: "lamps.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "lamps", kind: "Lamp" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties } },
            },
          },
        },
      ],
    },
  };
}

const lamp = (spec: object): object => ({
  apiVersion: "example.com/v1",
  kind: "Lamp",
  metadata: { name: "one" },
  spec,
});

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await check()) return;
    await sleep(20);
  }
  assert.fail("it did not come about within two seconds");
}

async function establish(api: TestServer, properties: object): Promise<void> {
  await api.create(DEFINITIONS, lamps(properties));
  await until(async () => {
    const { body } = await api.ask("GET", `${DEFINITIONS}/lamps.example.com`);
    return body.status.conditions?.some((one: Body) => one.type === "Established");
  });
  assert.equal((await api.ask("GET", LAMPS)).status, 200, "what is established is served");
}

const colour = { type: "string" };

test(
  "definitions and their objects outlive the server, and are read with the newest schema",
  withServer(async (api) => {
    await establish(api, { colour });
    await api.create(LAMPS, lamp({ colour: "red" }));
    const path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    const change = [{ op: "add", path: `${path}/size`, value: { type: "integer", default: 3 } }];
    const headers = { "content-type": "application/json-patch+json" };
    await api.ask("PATCH", `${DEFINITIONS}/lamps.example.com`, change, { headers });
    await api.restart();
    const { status, body } = await api.ask("GET", `${LAMPS}/one`);
    assert.deepEqual([status, body.spec], [200, { colour: "red", size: 3 }]);
  }),
);

test(
  "a deletion that was begun is ended by the next server, and takes the objects along",
  withServer(async (api) => {
    await establish(api, { colour });
    await api.create(LAMPS, lamp({}));
    await api.ask("DELETE", `${DEFINITIONS}/lamps.example.com`);
    await api.restart();
    await until(async () => (await api.ask("GET", LAMPS)).status === 404);
    await establish(api, { colour });
    assert.deepEqual((await api.ask("GET", LAMPS)).body.items, []);
  }),
);
