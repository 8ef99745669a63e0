/** Our own definitions, as programs of several versions install them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { installCrds, type KubeClient, type KubeObject, RESOURCES } from "#kube";
import { type CrdKind, CRDS, customResourceDefinition, SCHEMA_VERSION_LABEL } from "#kube/types";
import type { Cluster } from "../cluster.ts";

const { CustomResourceDefinition } = RESOURCES;
const GROUPS = "ciliumcidrgroups.cilium.io";
const PROPERTIES = "/spec/versions/0/schema/openAPIV3Schema/properties";

interface Definition extends KubeObject {
  readonly spec: { readonly versions: readonly { readonly schema: unknown }[] };
  readonly status: { readonly conditions: readonly { type: string; status: string }[] };
}

const read = (client: KubeClient, name: string): Promise<Definition> =>
  client.get<Definition>(CustomResourceDefinition, { name });

/** Each definition's resourceVersion. */
async function statesOf(client: KubeClient): Promise<(string | undefined)[]> {
  const names = Object.values(CRDS).map(({ plural }) => `${plural}.cilium.io`);
  const definitions = await Promise.all(names.map((name) => read(client, name)));
  return definitions.map(({ metadata }) => metadata.resourceVersion);
}

/** What a program of another version would have left. */
async function change(client: KubeClient, version: string): Promise<void> {
  const label = SCHEMA_VERSION_LABEL.replaceAll("/", "~1");
  await client.patch(
    CustomResourceDefinition,
    { name: GROUPS },
    [
      { op: "replace", path: `/metadata/labels/${label}`, value: version },
      { op: "add", path: `${PROPERTIES}/other`, value: { type: "string" } },
    ],
    { type: "json" },
  );
}

export function defineDefinitions(cluster: () => Cluster): void {
  test("definitions are accepted as they are, and changed by nobody who installs them again", async () => {
    const { client } = cluster();
    await installCrds(client);
    for (const kind of Object.keys(CRDS) as CrdKind[]) {
      const { plural } = CRDS[kind];
      const { spec, status } = await read(client, `${plural}.cilium.io`);
      const wanted = JSON.parse(JSON.stringify(customResourceDefinition(kind))) as Definition;
      const schemas = (of: Definition["spec"]): unknown[] =>
        of.versions.map(({ schema }) => schema);
      assert.deepEqual(schemas(spec), schemas(wanted.spec), kind);
      assert.deepEqual(
        status.conditions.map(({ type, status: is }) => [type, is]),
        [
          ["NamesAccepted", "True"],
          ["Established", "True"],
        ],
      );
    }
    const before = await statesOf(client);
    await installCrds(client);
    assert.deepEqual(await statesOf(client), before);
  });

  test("an old definition is brought up to date; a newer one stays until it is ours again", async () => {
    const { client } = cluster();
    await change(client, "1.0.0");
    await installCrds(client);
    const upgraded = await read(client, GROUPS);
    assert.equal(JSON.stringify(upgraded.spec).includes('"other"'), false);
    const version = upgraded.metadata.labels?.[SCHEMA_VERSION_LABEL] ?? "";
    assert.notEqual(version, "1.0.0");
    await change(client, "99.0.0");
    await installCrds(client);
    assert.ok(JSON.stringify((await read(client, GROUPS)).spec).includes('"other"'));
    await change(client, "1.0.0");
    await installCrds(client);
    assert.equal((await read(client, GROUPS)).metadata.labels?.[SCHEMA_VERSION_LABEL], version);
  });
}
