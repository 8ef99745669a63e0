import assert from "node:assert/strict";
import { test } from "node:test";
import { type Body, podManifest, withServer } from "./test-server.ts";

const ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default";
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

test(
  "nobody sees version and health only; a stranger's certificate makes no friend",
  withServer(async (api) => {
    for (const as of ["nobody", "stranger"] as const) {
      for (const path of ["/version", "/healthz", "/livez", "/readyz"]) {
        assert.equal((await api.ask("GET", path, undefined, { as })).status, 200);
      }
      const refused = await api.ask("GET", "/api/v1/pods", undefined, { as });
      assert.equal(refused.status, 403);
      assert.match(
        refused.body.message,
        /User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope/,
      );
    }
    const authorization = "Bearer not.a.token";
    const wrong = await api.ask("GET", "/api/v1/pods", undefined, {
      as: "nobody",
      headers: { authorization },
    });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.reason, "Unauthorized");
  }),
);

test(
  "a service account's token lets in, until the account or the Pod goes that it is for",
  withServer(async (api) => {
    const pods = "/api/v1/namespaces/default/pods";
    const pod = await api.create(pods, podManifest("holder"));
    const ask = async (spec: object): Promise<string> =>
      (await api.ask("POST", `${ACCOUNT}/token`, { spec })).body.status.token;
    const boundObjectRef = { kind: "Pod", name: "holder", uid: pod.metadata.uid };
    const [free, bound, foreign] = await Promise.all([
      ask({}),
      ask({ boundObjectRef }),
      ask({ audiences: ["vault"] }),
    ]);
    const status = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      return (await api.ask("GET", pods, undefined, { as: "nobody", headers })).status;
    };
    assert.deepEqual([await status(free), await status(bound)], [200, 200]);
    assert.equal(await status(foreign), 401, "a token for others is none for this server");
    const review = await api.create("/apis/authentication.k8s.io/v1/tokenreviews", {
      spec: { token: bound },
    });
    assert.equal(review.status.user.username, "system:serviceaccount:default:default");
    assert.deepEqual(review.status.user.extra["authentication.kubernetes.io/pod-name"], ["holder"]);
    await api.ask("DELETE", `${pods}/holder`);
    assert.deepEqual([await status(free), await status(bound)], [200, 401]);
    await api.ask("DELETE", ACCOUNT);
    assert.equal(await status(free), 401);
    const short = await api.ask("POST", `${ACCOUNT}/token`, { spec: { expirationSeconds: 1 } });
    assert.equal(short.status, 404);
  }),
);

test(
  "discovery tells the same in both forms",
  withServer(async (api) => {
    const { body: groups } = await api.ask("GET", "/apis");
    const headers = { accept: `${AGGREGATED},application/json` };
    const aggregated = await api.ask("GET", "/apis", undefined, { headers });
    assert.equal(aggregated.headers["content-type"], AGGREGATED);
    const old = groups.groups.map((group: Body) => group.name);
    assert.deepEqual(
      aggregated.body.items.map((item: Body) => item.metadata.name),
      old,
    );
    const { body: list } = await api.ask("GET", "/apis/apps/v1");
    assert.equal(list.groupVersion, "apps/v1");
    const names = list.resources.map((resource: Body) => resource.name);
    assert.ok(names.includes("deployments") && names.includes("deployments/scale"));
    assert.deepEqual((await api.ask("GET", "/api")).body.versions, ["v1"]);
    assert.equal((await api.ask("GET", "/apis/nothing.example.com")).status, 404);
    assert.equal((await api.ask("GET", "/apis/apps/v1/bogus")).status, 404);
  }),
);

test(
  "schemas are there in both versions, with hashes to keep them by",
  withServer(async (api) => {
    const { body: index } = await api.ask("GET", "/openapi/v3");
    const url = index.paths["apis/apps/v1"].serverRelativeURL;
    assert.match(url, /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
    const document = await api.ask("GET", url);
    assert.ok(document.body.components.schemas["io.k8s.api.apps.v1.Deployment"]);
    const etag = String(document.headers["etag"]);
    const again = await api.ask("GET", url, undefined, { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
    const { body: old } = await api.ask("GET", "/openapi/v2");
    assert.ok(old.definitions["io.k8s.api.core.v1.Pod"]);
  }),
);

test(
  "what no server answers is refused as a real one refuses it",
  withServer(async (api) => {
    const maps = "/api/v1/namespaces/default/configmaps";
    assert.equal((await api.ask("POST", `${maps}/named`, {})).status, 405);
    assert.equal((await api.ask("PUT", maps, {})).status, 405);
    assert.equal((await api.ask("GET", "/nothing")).status, 404);
    assert.equal((await api.ask("GET", "/api/v1/%zz")).status, 400);
    const yaml = { headers: { "content-type": "application/yaml" } };
    assert.equal((await api.ask("POST", maps, Buffer.from("a: [b"), yaml)).status, 400);
    const text = { headers: { "content-type": "text/plain" } };
    assert.equal((await api.ask("POST", maps, Buffer.from("a: b"), text)).status, 415);
    assert.equal((await api.ask("POST", maps, Buffer.from("{"))).status, 400);
    const large = Buffer.alloc(4 * 1024 * 1024, " ");
    assert.equal((await api.ask("POST", maps, large)).status, 413);
    const proxied = await api.ask("GET", "/api/v1/namespaces/default/pods/web/proxy");
    assert.equal(proxied.status, 501);
    assert.match(proxied.body.message, /is not supported by the lab's API server/);
  }),
);

test(
  "everybody who is known may do everything, and is told so",
  withServer(async (api) => {
    const review = await api.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      spec: { resourceAttributes: { verb: "create", resource: "pods" } },
    });
    assert.equal(review.status.allowed, true);
    const self = await api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {});
    assert.equal(self.status.userInfo.username, "kubernetes-admin");
    assert.deepEqual(self.status.userInfo.groups, ["system:masters", "system:authenticated"]);
  }),
);
