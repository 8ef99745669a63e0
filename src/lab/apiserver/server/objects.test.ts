import assert from "node:assert/strict";
import { test } from "node:test";
import { podManifest, type TestServer, withServer } from "./test-server.ts";

const PODS = "/api/v1/namespaces/default/pods";
const MAPS = "/api/v1/namespaces/default/configmaps";

test(
  "a new object gets a name, an identity and a version; a second of its name is refused",
  withServer(async (api) => {
    const made = await api.create(MAPS, { metadata: { generateName: "map-" }, data: { a: "b" } });
    assert.match(made.metadata.name, /^map-[a-z0-9]{5}$/);
    assert.match(made.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.equal(made.metadata.namespace, "default");
    assert.deepEqual(Object.keys(made).slice(0, 3), ["apiVersion", "kind", "metadata"]);
    const again = await api.ask("POST", MAPS, { metadata: { name: made.metadata.name } });
    assert.equal(again.status, 409);
    assert.deepEqual(again.body, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: `configmaps "${made.metadata.name}" already exists`,
      reason: "AlreadyExists",
      details: { name: made.metadata.name, kind: "configmaps" },
      code: 409,
    });
  }),
);

test(
  "an update of an old version is a conflict; one without a version is not",
  withServer(async (api) => {
    const made = await api.create(MAPS, { metadata: { name: "updated" }, data: { a: "1" } });
    const changed = await api.ask("PUT", `${MAPS}/updated`, { ...made, data: { a: "2" } });
    assert.equal(changed.status, 200);
    const late = await api.ask("PUT", `${MAPS}/updated`, { ...made, data: { a: "3" } });
    assert.equal(late.status, 409);
    assert.equal(late.body.reason, "Conflict");
    const unconditional = { metadata: { name: "updated" }, data: { a: "4" } };
    const answer = await api.ask("PUT", `${MAPS}/updated`, unconditional);
    assert.equal(answer.body.data.a, "4");
    assert.equal(answer.body.metadata.uid, made.metadata.uid);
  }),
);

test(
  "an update that changes nothing keeps the version",
  withServer(async (api) => {
    const made = await api.create(MAPS, { metadata: { name: "same" }, data: { a: "1" } });
    const again = await api.ask("PUT", `${MAPS}/same`, made);
    assert.equal(again.body.metadata.resourceVersion, made.metadata.resourceVersion);
  }),
);

test(
  "what the object is not is refused with a cause and its place",
  withServer(async (api) => {
    const answer = await api.ask("POST", PODS, podManifest("bad", { containers: [{ name: "x" }] }));
    assert.equal(answer.status, 422);
    assert.equal(answer.body.reason, "Invalid");
    assert.equal(answer.body.details.kind, "Pod");
    const fields = answer.body.details.causes.map((cause: { field: string }) => cause.field);
    assert.deepEqual(fields, ["spec.containers[0].image"]);
  }),
);

test(
  "unknown fields: refused, warned of, or dropped, as the client asks",
  withServer(async (api) => {
    const body = { metadata: { name: "strict" }, dat: {} };
    const strict = await api.ask("POST", `${MAPS}?fieldValidation=Strict`, body);
    assert.equal(strict.status, 400);
    assert.match(strict.body.message, /strict decoding error: unknown field "dat"/);
    const warned = await api.ask("POST", `${MAPS}?fieldValidation=Warn`, body);
    assert.equal(warned.status, 201);
    assert.equal(warned.headers["warning"], String.raw`299 - "unknown field \"dat\""`);
  }),
);

test(
  "a dry run answers what would be, and leaves everything as it is",
  withServer(async (api) => {
    const body = { metadata: { name: "dry" }, spec: { ports: [{ port: 80 }] } };
    const services = "/api/v1/namespaces/default/services";
    const dry = await api.ask("POST", `${services}?dryRun=All`, body);
    assert.equal(dry.status, 201);
    assert.equal((await api.ask("GET", `${services}/dry`)).status, 404);
    const made = await api.create(services, body);
    await api.ask("DELETE", `${services}/dry?dryRun=All`);
    assert.equal((await api.ask("GET", `${services}/dry`)).status, 200);
    assert.equal(made.spec.clusterIPs.length, 1);
  }),
);

test(
  "the generation counts changes of the spec, and the status is written apart",
  withServer(async (api) => {
    const path = "/apis/apps/v1/namespaces/default/deployments";
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    };
    const spec = { replicas: 1, selector: { matchLabels: { app: "web" } }, template };
    const made = await api.create(path, {
      metadata: { name: "web" },
      spec,
      status: { replicas: 9 },
    });
    assert.equal(made.metadata.generation, 1);
    assert.equal(made.status.replicas, undefined);
    const patch = (body: object, sub = ""): ReturnType<TestServer["ask"]> =>
      api.ask("PATCH", `${path}/web${sub}`, body, {
        headers: { "content-type": "application/merge-patch+json" },
      });
    const labelled = await patch({ metadata: { labels: { x: "y" } } });
    assert.equal(labelled.body.metadata.generation, 1);
    const scaled = await patch({ spec: { replicas: 3 }, status: { replicas: 8 } });
    assert.equal(scaled.body.metadata.generation, 2);
    assert.equal(scaled.body.status.replicas, undefined);
    const status = await patch({ spec: { replicas: 7 }, status: { replicas: 3 } }, "/status");
    assert.equal(status.body.spec.replicas, 3);
    assert.equal(status.body.status.replicas, 3);
    const scale = await api.ask("GET", `${path}/web/scale`);
    assert.deepEqual(scale.body.spec, { replicas: 3 });
    assert.deepEqual(scale.body.status, { replicas: 3, selector: "app=web" });
    const put = { ...scale.body, spec: { replicas: 5 } };
    assert.equal((await api.ask("PUT", `${path}/web/scale`, put)).body.spec.replicas, 5);
  }),
);

test(
  "a finalizer keeps a deleted object until it is taken away",
  withServer(async (api) => {
    const metadata = { name: "held", finalizers: ["example.com/hold"] };
    await api.create(MAPS, { metadata });
    const deleted = await api.ask("DELETE", `${MAPS}/held`);
    assert.ok(deleted.body.metadata.deletionTimestamp);
    const more = { metadata: { finalizers: ["example.com/hold", "example.com/more"] } };
    const headers = { "content-type": "application/merge-patch+json" };
    const added = await api.ask("PATCH", `${MAPS}/held`, more, { headers });
    assert.equal(added.status, 422);
    assert.match(
      added.body.message,
      /no new finalizers can be added if the object is being deleted/,
    );
    const none = { metadata: { finalizers: null } };
    assert.equal((await api.ask("PATCH", `${MAPS}/held`, none, { headers })).status, 200);
    assert.equal((await api.ask("GET", `${MAPS}/held`)).status, 404);
  }),
);

test(
  "preconditions of a deletion are held",
  withServer(async (api) => {
    await api.create(MAPS, { metadata: { name: "kept" } });
    const options = { preconditions: { uid: "another" } };
    const refused = await api.ask("DELETE", `${MAPS}/kept`, options);
    assert.equal(refused.status, 409);
    assert.match(
      refused.body.message,
      /the UID in the precondition \(another\) does not match the UID in record/,
    );
  }),
);

test(
  "a Pod on a node is given time, and goes when its kubelet says so",
  withServer(async (api) => {
    await api.create(PODS, podManifest("graceful", { nodeName: "node1" }));
    const deleted = await api.ask("DELETE", `${PODS}/graceful`);
    assert.equal(deleted.body.metadata.deletionGracePeriodSeconds, 30);
    const shorter = await api.ask("DELETE", `${PODS}/graceful`, { gracePeriodSeconds: 5 });
    assert.equal(shorter.body.metadata.deletionGracePeriodSeconds, 5);
    await api.ask("DELETE", `${PODS}/graceful`, { gracePeriodSeconds: 0 });
    assert.equal((await api.ask("GET", `${PODS}/graceful`)).status, 404);
    await api.create(PODS, podManifest("unscheduled"));
    await api.ask("DELETE", `${PODS}/unscheduled`);
    assert.equal((await api.ask("GET", `${PODS}/unscheduled`)).status, 404);
  }),
);

test(
  "a Pod is filled in as admission does, and needs its service account",
  withServer(async (api) => {
    const pod = await api.create(PODS, podManifest("filled"));
    assert.equal(pod.spec.serviceAccountName, "default");
    assert.equal(pod.status.phase, "Pending");
    assert.equal(pod.status.qosClass, "BestEffort");
    assert.match(pod.spec.volumes[0].name, /^kube-api-access-/);
    assert.equal(pod.spec.tolerations.length, 2);
    const stranger = podManifest("stranger", { serviceAccountName: "nobody" });
    const refused = await api.ask("POST", PODS, stranger);
    assert.equal(refused.status, 403);
    assert.match(refused.body.message, /error looking up service account default\/nobody/);
  }),
);

test(
  "a binding gives a Pod its node, once",
  withServer(async (api) => {
    await api.create(PODS, podManifest("bound"));
    const binding = { metadata: { name: "bound" }, target: { kind: "Node", name: "node1" } };
    assert.equal((await api.ask("POST", `${PODS}/bound/binding`, binding)).status, 201);
    const pod = (await api.ask("GET", `${PODS}/bound`)).body;
    assert.equal(pod.spec.nodeName, "node1");
    assert.equal(pod.status.conditions[0].type, "PodScheduled");
    const again = await api.ask("POST", `${PODS}/bound/binding`, binding);
    assert.equal(again.status, 409);
    assert.match(again.body.message, /pod bound is already assigned to node "node1"/);
  }),
);

test(
  "an eviction asks the disruption budgets",
  withServer(async (api) => {
    const labels = { app: "budgeted" };
    await api.create(PODS, podManifest("budgeted", { nodeName: "node1" }, { labels }));
    const conditions = [{ type: "Ready", status: "True" }];
    await api.ask(
      "PATCH",
      `${PODS}/budgeted/status`,
      { status: { phase: "Running", conditions } },
      { headers: { "content-type": "application/merge-patch+json" } },
    );
    const budget = { minAvailable: 1, selector: { matchLabels: labels } };
    await api.create("/apis/policy/v1/namespaces/default/poddisruptionbudgets", {
      metadata: { name: "budget" },
      spec: budget,
    });
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "budgeted" } };
    const refused = await api.ask("POST", `${PODS}/budgeted/eviction`, eviction);
    assert.equal(refused.status, 429);
    assert.equal(refused.body.details.causes[0].reason, "DisruptionBudget");
    await api.ask("DELETE", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/budget");
    assert.equal((await api.ask("POST", `${PODS}/budgeted/eviction`, eviction)).status, 201);
  }),
);

test(
  "a namespace goes through Terminating, and takes nothing new by then",
  withServer(async (api) => {
    await api.create("/api/v1/namespaces", { metadata: { name: "going" } });
    await api.ask("DELETE", "/api/v1/namespaces/going");
    const going = (await api.ask("GET", "/api/v1/namespaces/going")).body;
    assert.equal(going.status.phase, "Terminating");
    const late = { metadata: { name: "late" } };
    const refused = await api.ask("POST", "/api/v1/namespaces/going/configmaps", late);
    assert.equal(refused.status, 403);
    assert.equal(refused.body.details.causes[0].reason, "NamespaceTerminating");
    const emptied = { ...going, spec: { finalizers: [] } };
    const finalized = await api.ask("PUT", "/api/v1/namespaces/going/finalize", emptied);
    assert.equal(finalized.status, 200);
    assert.equal((await api.ask("GET", "/api/v1/namespaces/going")).status, 404);
    const missing = await api.ask("POST", "/api/v1/namespaces/going/configmaps", late);
    assert.equal(missing.body.message, 'namespaces "going" not found');
  }),
);

test(
  "a collection is deleted by its selector",
  withServer(async (api) => {
    for (const name of ["one", "two", "three"]) {
      await api.create(MAPS, { metadata: { name, labels: { of: name === "two" ? "b" : "a" } } });
    }
    const answer = await api.ask("DELETE", `${MAPS}?labelSelector=of%3Da`);
    assert.equal(answer.body.items.length, 2);
    assert.equal((await api.ask("GET", `${MAPS}/two`)).status, 200);
    assert.equal((await api.ask("GET", `${MAPS}/one`)).status, 404);
  }),
);

test(
  "both kinds of Events are one",
  withServer(async (api) => {
    const path = "namespaces/default/events";
    await api.create(`/apis/events.k8s.io/v1/${path}`, {
      metadata: { name: "e1" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "test",
      reportingInstance: "test-1",
      action: "Testing",
      reason: "Tested",
      type: "Normal",
      regarding: { kind: "Pod", name: "web", namespace: "default" },
      note: "all is well",
    });
    const core = (await api.ask("GET", `/api/v1/${path}/e1`)).body;
    assert.equal(core.apiVersion, "v1");
    assert.equal(core.message, "all is well");
    assert.equal(core.involvedObject.name, "web");
    const selector = "fieldSelector=involvedObject.name%3Dweb";
    assert.equal((await api.ask("GET", `/api/v1/${path}?${selector}`)).body.items.length, 1);
  }),
);

test(
  "what was written is there after a restart, with its addresses taken",
  withServer(async (api) => {
    const services = "/api/v1/namespaces/default/services";
    const spec = { type: "NodePort", ports: [{ port: 80 }] };
    const first = await api.create(services, { metadata: { name: "first" }, spec });
    await api.restart();
    assert.deepEqual((await api.ask("GET", `${services}/first`)).body, first);
    const { clusterIP } = first.spec;
    const same = { metadata: { name: "same" }, spec: { ...spec, clusterIP } };
    const refused = await api.ask("POST", services, same);
    assert.equal(refused.status, 422);
    assert.match(refused.body.message, /provided IP is already allocated/);
  }),
);
