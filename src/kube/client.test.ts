import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";

import type { KubeClient } from "./client.ts";
import { KubeError, refOf, UNREACHABLE } from "./index.ts";
import type { WatchEvent } from "./requests.ts";
import { RESOURCES } from "./resource.ts";
import { answer, refuse, TestServer } from "./test-server.ts";

const { Pod, Node } = RESOURCES;
const PODS = "/api/v1/namespaces/n/pods";

async function world(t: TestContext): Promise<{ server: TestServer; client: KubeClient }> {
  const server = await TestServer.start();
  const client = server.client();
  t.after(async () => {
    client[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  return { server, client };
}

function lastOf(server: TestServer): string {
  const { method = "", url } = server.requests.at(-1) ?? {};
  return `${method} ${url?.pathname ?? ""}${url?.search ?? ""}`;
}

test("objects are created, read, changed, patched and deleted where they belong", async (t) => {
  const { server, client } = await world(t);
  const pod = { metadata: { namespace: "n", name: "a" }, spec: { nodeName: "one" } };
  const created = await client.create(Pod, pod, { fieldManager: "me", isDryRun: true });
  assert.equal(lastOf(server), `POST ${PODS}?fieldManager=me&dryRun=All`);
  assert.equal(server.requests[0]?.authorization, "Bearer secret");
  assert.deepEqual(server.requests[0]?.body, { apiVersion: "v1", kind: "Pod", ...pod });
  assert.deepEqual(
    (await client.get(Pod, { namespace: "n", name: "a" })).metadata,
    created.metadata,
  );
  await client.update(Pod, created);
  assert.equal(lastOf(server), `PUT ${PODS}/a`);
  await assert.rejects(client.update(Pod, created), (error) => KubeError.is(error, "Conflict"));
  await client.patch(Pod, { namespace: "n", name: "a" }, [], {
    type: "apply",
    subresource: "status",
    isForced: true,
    fieldManager: "me",
  });
  assert.equal(lastOf(server), `PATCH ${PODS}/a/status?fieldManager=me&force=true`);
  assert.equal(server.requests.at(-1)?.contentType, "application/apply-patch+yaml");
  await client.delete(Pod, refOf(created), { gracePeriodSeconds: 0 });
  assert.deepEqual(server.requests.at(-1)?.body, {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: 0,
  });
  await client.list(Pod, { labelSelector: "a in (b, c)", fieldSelector: "spec.nodeName=one" });
  assert.equal(
    lastOf(server),
    "GET /api/v1/pods?labelSelector=a+in+%28b%2C+c%29&fieldSelector=spec.nodeName%3Done",
  );
  await client.get(Node, { name: "one" }).catch(() => {});
  assert.equal(lastOf(server), "GET /api/v1/nodes/one");
});

test("a list comes in pages, and its objects with their type", async (t) => {
  const { server, client } = await world(t);
  for (const name of ["a", "b", "c"]) server.put(`${PODS}/${name}`);
  const first = await client.list(Pod, { namespace: "n", limit: 2 });
  assert.deepEqual(
    first.items.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name]),
    [
      ["v1", "Pod", "a"],
      ["v1", "Pod", "b"],
    ],
  );
  const rest = await client.list(Pod, { namespace: "n", limit: 2, continue: first.continue });
  assert.deepEqual(
    rest.items.map(({ metadata }) => metadata.name),
    ["c"],
  );
  assert.equal(rest.continue, undefined);
});

test("a refusal is a KubeError in the server's words", async (t) => {
  const { server, client } = await world(t);
  const get = (): Promise<unknown> => client.get(Pod, { namespace: "n", name: "a" });
  await assert.rejects(get, { status: 404, reason: "NotFound", message: "it is NotFound" });
  server.intercept = (_, response) => {
    const causes = [{ reason: "FieldValueRequired", message: "Required", field: "spec.x" }];
    answer(response, 422, { kind: "Status", reason: "Invalid", code: 422, details: { causes } });
    return true;
  };
  await assert.rejects(get, (error) => {
    assert.ok(KubeError.is(error, "Invalid"));
    assert.equal(error.details.causes?.[0]?.field, "spec.x");
    return true;
  });
  server.intercept = (_, response) => {
    response.writeHead(502).end("bad gateway");
    return true;
  };
  await assert.rejects(get, { status: 502, message: "bad gateway" });
  server.intercept = (_, response) => {
    response.destroy();
    return true;
  };
  await assert.rejects(get, { status: 0, reason: UNREACHABLE, message: /GET http:.*pods\/a: / });
  server.intercept = (_, response) => {
    response.writeHead(200).end("{");
    return true;
  };
  await assert.rejects(get, { code: "decode" });
});

test("a busy server is asked again when it says so", async (t) => {
  const { server, client } = await world(t);
  server.put(`${PODS}/a`);
  let refusals = 2;
  server.intercept = (_, response) => {
    if (refusals-- <= 0) return false;
    response.setHeader("Retry-After", "0");
    refuse(response, 429, "TooManyRequests");
    return true;
  };
  const pod = await client.get(Pod, { namespace: "n", name: "a" });
  assert.equal(pod.metadata.name, "a");
  assert.equal(server.requests.length, 3);
});

test("a watch tells events and bookmarks, and ends by abort, by the server, or with its error", async (t) => {
  const { server, client } = await world(t);
  const abort = new AbortController();
  const events: WatchEvent[] = [];
  const options = { resourceVersion: "100", allowBookmarks: true };
  const watching = (async () => {
    for await (const event of client.watch(Pod, options, abort.signal)) {
      events.push(event);
      if (events.length === 1) server.delete(`${PODS}/a`);
      else if (events.length === 2) server.bookmark();
      else abort.abort();
    }
  })();
  server.put(`${PODS}/a`, { text: "ä\n😀" });
  await watching;
  assert.deepEqual(
    events.map(({ type }) => type),
    ["ADDED", "DELETED", "BOOKMARK"],
  );
  assert.equal(events[0]?.type === "ADDED" && events[0].object["text"], "ä\n😀");
  assert.deepEqual(events[2], { type: "BOOKMARK", resourceVersion: "102" });

  const count = async (): Promise<number> => {
    let seen = 0;
    for await (const _ of client.watch(Pod, { resourceVersion: "100" })) seen += 1;
    return seen;
  };
  server.intercept = ({ url }, response) => {
    if (url.searchParams.has("watch")) setImmediate(() => response.end());
    return false;
  };
  assert.equal(await count(), 2);
  server.forget();
  await assert.rejects(count, { status: 410, reason: "Expired" });
  server.intercept = (_, response) => {
    response.writeHead(200);
    response.write('{"type":"ADDED","object":{"meta', () => response.destroy());
    return true;
  };
  await assert.rejects(count, { status: 0, reason: "Unreachable" });
});

test("an abort rejects with its reason", async (t) => {
  const { server, client } = await world(t);
  server.intercept = () => true;
  const abort = new AbortController();
  const waiting = client.get(Pod, { namespace: "n", name: "a" }, abort.signal);
  setTimeout(() => abort.abort(new Error("enough")), 20);
  await assert.rejects(waiting, /enough/);
  await assert.rejects(client.get(Pod, { namespace: "n", name: "a" }, abort.signal), /enough/);
});

test("a kind that is not known is discovered, and only asked for once", async (t) => {
  const { server, client } = await world(t);
  server.intercept = ({ url }, response) => {
    assert.equal(url.pathname, "/apis/example.com/v1");
    const resources = [
      { name: "widgets/status", kind: "Widget", namespaced: true },
      { name: "widgets", kind: "Widget", namespaced: true },
    ];
    answer(response, 200, { kind: "APIResourceList", resources });
    return true;
  };
  const widget = await client.discover("example.com/v1", "Widget");
  assert.deepEqual(widget, {
    group: "example.com",
    version: "v1",
    plural: "widgets",
    kind: "Widget",
    isNamespaced: true,
  });
  await client.discover("example.com/v1", "Widget");
  assert.equal(server.requests.length, 1);
  await assert.rejects(client.discover("example.com/v1", "Gadget"), { reason: "NotFound" });
});

test("raw answers are parsed where they are JSON, and streams come as they are", async (t) => {
  const { server, client } = await world(t);
  server.intercept = ({ url }, response) => {
    if (url.pathname === "/version") answer(response, 200, { major: "1" });
    else response.writeHead(200, { "Content-Type": "text/plain" }).end("ok");
    return true;
  };
  assert.deepEqual(await client.raw("GET", "/version"), { major: "1" });
  assert.equal(await client.raw("GET", "/healthz"), "ok");
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.stream("/log")) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), "ok");
});
