/** Writing objects: patches of each type, and what refusals are to a program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AnyObject, KubeClient, KubeError, type KubeObject, RESOURCES } from "#kube";
import type { Cluster } from "../cluster.ts";
import { RESOURCES_MORE, World } from "./world.ts";

const { ConfigMap, Deployment } = RESOURCES_MORE;

const refusedAs =
  (status: number, reason: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof KubeError, String(error));
    assert.deepEqual([error.status, error.reason], [status, reason]);
    return true;
  };

interface Deployed extends AnyObject {
  readonly spec: {
    readonly replicas: number;
    readonly selector: object;
    readonly template: {
      readonly metadata: object;
      readonly spec: { readonly containers: readonly { name: string; image: string }[] };
    };
  };
}

function deployment(world: World): Deployed {
  return {
    metadata: { name: "web", namespace: world.namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "nginx" }] },
      },
    },
  };
}

export function defineWrites(cluster: () => Cluster): void {
  test("patches of four types", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    await client.create(Deployment, deployment(world));
    const ref = { namespace, name: "web" };
    const containers = [{ name: "side", image: "busybox" }];
    const patch = { spec: { template: { spec: { containers } } } };
    const merged = await client.patch<Deployed>(Deployment, ref, patch, {
      type: "strategic",
    });
    const names = merged.spec.template.spec.containers.map(({ name }) => name);
    assert.deepEqual(names, ["side", "web"]);
    const replaced = await client.patch<Deployed>(Deployment, ref, patch, {
      type: "merge",
    });
    assert.deepEqual(
      replaced.spec.template.spec.containers.map(({ name }) => name),
      ["side"],
    );
    const path = "/spec/template/spec/containers/0/image";
    const operations = [{ op: "replace", path, value: "nginx" }];
    const changed = await client.patch<Deployed>(Deployment, ref, operations, { type: "json" });
    assert.equal(changed.spec.template.spec.containers[0]?.image, "nginx");
    const labelled = await client.patch(
      Deployment,
      ref,
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", labels: { a: "b" } } },
      { type: "apply", fieldManager: "tester" },
    );
    assert.deepEqual(labelled.metadata.labels, { a: "b" });
  });

  test("what another one applied is a conflict, told field by field, until it is forced", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    const ref = { namespace, name: "shared" };
    const apply = (fieldManager: string, value: string, isForced = false): Promise<KubeObject> =>
      client.patch(
        ConfigMap,
        ref,
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shared" }, data: { value } },
        { type: "apply", fieldManager, isForced },
      );
    await apply("one", "first");
    await assert.rejects(apply("two", "second"), (error) => {
      refusedAs(409, "Conflict")(error);
      assert.deepEqual((error as KubeError).details.causes, [
        {
          reason: "FieldManagerConflict",
          message: 'conflict with "one"',
          field: ".data.value",
        },
      ]);
      return true;
    });
    await apply("two", "second", true);
    await assert.rejects(apply("one", "first"), refusedAs(409, "Conflict"));
  });

  test("an update of a state that is not the last is a conflict", async () => {
    await using world = await World.open(cluster());
    const { client } = world;
    const first = await world.configMap("one", { a: "b" });
    const second = await client.update(ConfigMap, { ...first, data: { a: "c" } });
    assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
    await assert.rejects(
      client.update(ConfigMap, { ...first, data: { a: "d" } }),
      refusedAs(409, "Conflict"),
    );
    const same = await client.update(ConfigMap, second);
    assert.equal(same.metadata.resourceVersion, second.metadata.resourceVersion);
  });

  test("a dry run answers what would be, and leaves nothing", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    const dry = await client.create(Deployment, deployment(world), { isDryRun: true });
    assert.notEqual(dry.metadata.uid, undefined);
    const ref = { namespace, name: "web" };
    await assert.rejects(client.get(Deployment, ref), refusedAs(404, "NotFound"));
  });

  defineRefusals(cluster);
}

function defineRefusals(cluster: () => Cluster): void {
  test("each refusal has its reason", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    const ref = { namespace, name: "one" };
    await assert.rejects(client.get(ConfigMap, ref), refusedAs(404, "NotFound"));
    await world.configMap("one", {});
    await assert.rejects(world.configMap("one", {}), refusedAs(409, "AlreadyExists"));
    await assert.rejects(world.configMap("One", {}), (error) => {
      refusedAs(422, "Invalid")(error);
      assert.deepEqual(
        (error as KubeError).details.causes?.map(({ field }) => field),
        ["metadata.name"],
      );
      return true;
    });
    const strict = { fieldValidation: "Strict", type: "merge" } as const;
    await assert.rejects(
      client.patch(ConfigMap, ref, { unknown: 1 }, strict),
      refusedAs(422, "Invalid"),
    );
    await assert.rejects(
      client.raw("POST", `/api/v1/namespaces/${namespace}/configmaps`, { body: "{" }),
      refusedAs(400, "BadRequest"),
    );
    await assert.rejects(
      client.raw("GET", "/apis/none.example.com/v1"),
      refusedAs(404, "NotFound"),
    );
    await assert.rejects(client.raw("POST", "/api/v1/namespaces/default"), (error) => {
      return error instanceof KubeError && error.status === 405;
    });
    const policies = RESOURCES.CiliumNetworkPolicy;
    await assert.rejects(
      client.patch(policies, ref, {}, { type: "strategic" }),
      refusedAs(415, "UnsupportedMediaType"),
    );
  });

  test("a stranger is refused, and nobody is there where nothing listens", async () => {
    await using world = await World.open(cluster());
    const stranger = await world.stranger();
    const { namespace } = world;
    await assert.rejects(stranger.list(ConfigMap, { namespace }), refusedAs(403, "Forbidden"));
    using lost = KubeClient.of({ server: "https://127.0.0.1:1" });
    await assert.rejects(lost.list(ConfigMap, { namespace }), refusedAs(0, "Unreachable"));
  });
}
