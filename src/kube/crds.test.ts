import assert from "node:assert/strict";
import test from "node:test";

import { CRDS, customResourceDefinition } from "#kube/types";

import { installCrds } from "./index.ts";
import { TestServer } from "./test-server.ts";

const CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const POLICIES = `${CRD_PATH}/ciliumnetworkpolicies.cilium.io`;
const ESTABLISHED = { conditions: [{ type: "Established", status: "True" }] };

test("definitions are made, brought up to date, and waited for; newer ones stay", async (t) => {
  const server = await TestServer.start();
  using client = server.client();
  t.after(() => server[Symbol.asyncDispose]());
  // Serves a kind a moment after it has been told of it.
  server.intercept = ({ method, body }) => {
    if (method !== "POST" && method !== "PUT") return false;
    const { name } = (body as { metadata: { name: string } }).metadata;
    setTimeout(
      () => server.put(`${CRD_PATH}/${name}`, { ...(body as object), status: ESTABLISHED }),
      20,
    );
    return false;
  };
  await installCrds(client);
  const created = server.requests.filter(({ method }) => method === "POST");
  assert.equal(created.length, Object.keys(CRDS).length);
  assert.deepEqual(
    (created[0]?.body as { spec: unknown } | undefined)?.spec,
    customResourceDefinition("CiliumNetworkPolicy")["spec"],
  );

  const stale = { spec: { old: true }, status: ESTABLISHED };
  server.put(POLICIES, stale);
  server.requests.length = 0;
  await installCrds(client);
  const update = server.requests.find(
    ({ method, url }) => method === "PUT" && url.pathname === POLICIES,
  );
  assert.deepEqual(
    (update?.body as { spec: unknown } | undefined)?.spec,
    customResourceDefinition("CiliumNetworkPolicy")["spec"],
  );
});

test("a definition of a newer version is left alone", async (t) => {
  const server = await TestServer.start();
  using client = server.client();
  t.after(() => server[Symbol.asyncDispose]());
  server.labels = { "io.cilium.k8s.crd.schema.version": "1.40.0" };
  for (const { plural } of Object.values(CRDS)) {
    server.put(`${CRD_PATH}/${plural}.cilium.io`, { spec: {}, status: ESTABLISHED });
  }
  await installCrds(client);
  assert.ok(server.requests.every(({ method }) => method === "GET"));
});
