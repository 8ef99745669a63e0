import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { type Body, podManifest, type TestServer, withServer } from "./test-server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const PODS = "/api/v1/namespaces/default/pods";
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };

function namesOf(list: Body): string[] {
  return list.items.map((item: Body) => item.metadata.name);
}

/** The first events of a watch, which is closed then. */
async function watched(
  api: TestServer,
  path: string,
  count: number,
  headers: Record<string, string> = {},
): Promise<Body[]> {
  const request = api.open("GET", path, { headers });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve).on("error", reject).end();
  });
  const events: Body[] = [];
  let rest = "";
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    events.push(...lines.map((line) => JSON.parse(line)));
    if (events.length >= count) break;
  }
  return events;
}

test(
  "lists are in pages, all of one revision",
  withServer(async (api) => {
    for (const name of ["a", "b", "c", "d", "e"]) await api.create(MAPS, { metadata: { name } });
    const first = (await api.ask("GET", `${MAPS}?limit=2`)).body;
    assert.deepEqual(namesOf(first), ["a", "b"]);
    assert.equal(first.kind, "ConfigMapList");
    assert.equal(first.metadata.remainingItemCount, 3);
    assert.equal(first.items[0].kind, undefined, "items do not repeat their kind");
    await api.create(MAPS, { metadata: { name: "bb" } });
    const token = encodeURIComponent(first.metadata.continue);
    const second = (await api.ask("GET", `${MAPS}?limit=9&continue=${token}`)).body;
    assert.deepEqual(namesOf(second), ["c", "d", "e"]);
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    assert.equal((await api.ask("GET", `${MAPS}?continue=bogus`)).status, 400);
    const old = Buffer.from(JSON.stringify([0, "/registry/core/configmaps/default/b"]));
    const expired = await api.ask("GET", `${MAPS}?continue=${old.toString("base64url")}`);
    assert.equal(expired.status, 410);
    assert.match(expired.body.message, /^The provided continue parameter is too old to display/);
    const later = encodeURIComponent(expired.body.metadata.continue);
    const rest = (await api.ask("GET", `${MAPS}?continue=${later}`)).body;
    assert.deepEqual(namesOf(rest), ["bb", "c", "d", "e"], "as it is now");
  }),
);

test(
  "lists are selected by labels and fields; a field that is not indexed is refused",
  withServer(async (api) => {
    await api.create(PODS, podManifest("one", { nodeName: "n1" }, { labels: { app: "a" } }));
    await api.create(PODS, podManifest("two", {}, { labels: { app: "b" } }));
    const list = async (query: string): Promise<string[]> =>
      namesOf((await api.ask("GET", `${PODS}?${query}`)).body);
    assert.deepEqual(await list("labelSelector=app%20in%20(a,c)"), ["one"]);
    assert.deepEqual(await list("labelSelector=app!%3Da"), ["two"]);
    assert.deepEqual(await list("fieldSelector=spec.nodeName%3Dn1"), ["one"]);
    assert.deepEqual(await list("fieldSelector=status.phase!%3DPending"), []);
    const refused = await api.ask("GET", `${PODS}?fieldSelector=spec.foo%3D1`);
    assert.equal(refused.status, 400);
    assert.match(refused.body.message, /field label not supported: spec.foo/);
    assert.equal((await api.ask("GET", `${PODS}?labelSelector=a%20b`)).status, 400);
  }),
);

test(
  "lists come as tables, or as metadata alone",
  withServer(async (api) => {
    await api.create(PODS, podManifest("one"));
    const table = (await api.ask("GET", PODS, undefined, { headers: TABLE })).body;
    assert.equal(table.kind, "Table");
    const columns = table.columnDefinitions.map((column: Body) => column.name);
    assert.deepEqual(columns.slice(0, 5), ["Name", "Ready", "Status", "Restarts", "Age"]);
    assert.deepEqual(table.rows[0].cells.slice(0, 4), ["one", "0/1", "Pending", "0"]);
    assert.equal(table.rows[0].object.kind, "PartialObjectMetadata");
    const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    const partial = (await api.ask("GET", PODS, undefined, { headers: { accept } })).body;
    assert.equal(partial.kind, "PartialObjectMetadataList");
    assert.equal(partial.items[0].spec, undefined);
    const other = await api.ask("GET", PODS, undefined, { headers: { accept: "text/html" } });
    assert.equal(other.status, 406);
  }),
);

test(
  "a watch from a list's revision tells what came after, once and in order",
  withServer(async (api) => {
    await api.create(MAPS, { metadata: { name: "before" } });
    const { resourceVersion } = (await api.ask("GET", MAPS)).body.metadata;
    await api.create(MAPS, { metadata: { name: "after" } });
    const headers = { "content-type": "application/merge-patch+json" };
    const events = watched(api, `${MAPS}?watch=true&resourceVersion=${resourceVersion}`, 3);
    await api.ask("PATCH", `${MAPS}/after`, { data: { a: "b" } }, { headers });
    await api.ask("DELETE", `${MAPS}/after`);
    const told = (await events).map(({ type, object }) => `${type} ${object.metadata.name}`);
    assert.deepEqual(told, ["ADDED after", "MODIFIED after", "DELETED after"]);
  }),
);

test(
  "a watch with a selector tells of objects that come to match and cease to",
  withServer(async (api) => {
    const path = `${MAPS}?watch=true&labelSelector=app%3Da&resourceVersion=`;
    const { resourceVersion } = (await api.ask("GET", MAPS)).body.metadata;
    await api.create(MAPS, { metadata: { name: "m" } });
    const headers = { "content-type": "application/merge-patch+json" };
    for (const app of ["a", "a", "b"]) {
      const patch = { metadata: { labels: { app } }, data: { at: String(Math.random()) } };
      await api.ask("PATCH", `${MAPS}/m`, patch, { headers });
    }
    const events = await watched(api, path + resourceVersion, 3);
    assert.deepEqual(
      events.map(({ type }) => type),
      ["ADDED", "MODIFIED", "DELETED"],
    );
  }),
);

test(
  "a watch can begin with what there is, and says where that ends",
  withServer(async (api) => {
    await api.create(MAPS, { metadata: { name: "here" } });
    const query =
      "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const [added, bookmark] = await watched(api, `${MAPS}?${query}`, 2);
    assert.equal(added.type, "ADDED");
    assert.equal(bookmark.type, "BOOKMARK");
    assert.equal(bookmark.object.metadata.annotations["k8s.io/initial-events-end"], "true");
    const [plain] = await watched(api, `${MAPS}?watch=true`, 1);
    assert.equal(plain.object.metadata.name, "here");
    const [row] = await watched(api, `${MAPS}?watch=true`, 1, TABLE);
    assert.equal(row.object.kind, "Table");
  }),
);

test(
  "a watch ends at its time with a bookmark, and one from long ago says that it is too late",
  withServer(async (api) => {
    const [bookmark] = await watched(
      api,
      `${MAPS}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion=0`,
      1,
    );
    assert.equal(bookmark.type, "BOOKMARK");
    await api.restart();
    const [error] = await watched(api, `${MAPS}?watch=true&resourceVersion=1`, 1);
    assert.equal(error.type, "ERROR");
    assert.equal(error.object.code, 410);
    const future = await api.ask("GET", `${MAPS}?resourceVersion=999999`);
    assert.equal(future.status, 504);
    assert.equal(future.body.details.causes[0].reason, "ResourceVersionTooLarge");
  }),
);
