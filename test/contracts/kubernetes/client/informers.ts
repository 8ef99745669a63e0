/** Lists, watches and informers, as agents and operators live on them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Informer, type KubeClient, KubeError, type KubeObject, type ObjectList } from "#kube";
import type { Cluster } from "../cluster.ts";
import { inParallel, RESOURCES_MORE, until, World } from "./world.ts";

const { ConfigMap } = RESOURCES_MORE;
/** More than a page of an informer. */
const AT_FIRST = 550;
const CHANGES = 500;
/** How often the connection breaks while others change things. */
const CUTS = 5;

const nameOf = ({ metadata }: KubeObject): string => metadata.name ?? "";
const versionOf = ({ metadata }: KubeObject): string => metadata.resourceVersion ?? "";

/** Takes down what an informer tells, and objects where that makes no sense. */
class Witness {
  readonly known = new Map<string, string>();
  readonly wrong: string[] = [];
  readonly #states = new Set<string>();

  readonly handlers = {
    onAdd: (object: KubeObject): void => {
      if (this.known.has(nameOf(object))) this.wrong.push(`${nameOf(object)} comes twice`);
      this.#learn(object);
    },
    onUpdate: (object: KubeObject, before: KubeObject): void => {
      if (this.known.get(nameOf(object)) !== versionOf(before)) {
        this.wrong.push(`${nameOf(object)} was something else before`);
      }
      this.#learn(object);
    },
    onDelete: (object: KubeObject): void => {
      if (!this.known.delete(nameOf(object))) this.wrong.push(`${nameOf(object)} goes twice`);
    },
  };

  #learn(object: KubeObject): void {
    const state = `${nameOf(object)} ${object.metadata.uid} ${versionOf(object)}`;
    if (this.#states.has(state)) this.wrong.push(`${state} is told again`);
    this.#states.add(state);
    this.known.set(nameOf(object), versionOf(object));
  }
}

/** One of three kinds of change: the first third of objects goes, the next changes, and more come. */
async function change(world: World, index: number): Promise<void> {
  const { client, namespace } = world;
  const ref = { namespace, name: `object-${index}` };
  if (index % 3 === 0) await client.delete(ConfigMap, ref);
  else if (index % 3 === 1) {
    await client.patch(ConfigMap, ref, { data: { changed: String(index) } }, { type: "merge" });
  } else await world.configMap(`more-${index}`, { made: String(index) });
}

function stateOf({ items }: ObjectList): Map<string, string> {
  return new Map(items.map((item) => [nameOf(item), versionOf(item)]));
}

async function isTold(world: World, witness: Witness): Promise<boolean> {
  const state = stateOf(await world.client.list(ConfigMap, { namespace: world.namespace }));
  const names = [...state.keys()];
  return (
    state.size === witness.known.size &&
    names.every((name) => state.get(name) === witness.known.get(name))
  );
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export function defineInformers(cluster: () => Cluster): void {
  test("an informer tells each state once, whatever happens to its connection", async () => {
    await using world = await World.open(cluster());
    await inParallel(numbers(AT_FIRST), (index) => world.configMap(`object-${index}`, {}));
    const { client, cable } = await world.cable();
    const witness = new Witness();
    const { namespace } = world;
    const { handlers } = witness;
    await using informer = new Informer({ client, resource: ConfigMap, namespace, handlers });
    await informer.synced();
    assert.ok(informer.list().length >= AT_FIRST);
    await inParallel(numbers(CHANGES), async (index) => {
      if (index % (CHANGES / CUTS) === 0) {
        await until("the informer is connected", () => cable.isInUse);
        cable.cut();
      }
      await change(world, index);
    });
    await until("the informer knows what there is", () => isTold(world, witness));
    assert.ok(cable.joined >= CUTS, "the connection broke again and again");
    assert.deepEqual(witness.wrong, []);
    assert.equal(informer.list().length, witness.known.size);
  });

  test("an informer lists again where the server has forgotten", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    await world.configMap("one", {});
    let lists = 0;
    // The first watch goes on from where no server can.
    const forgetful = {
      list: (...given: Parameters<KubeClient["list"]>) => {
        lists += 1;
        return client.list(...given);
      },
      watch: (...[resource, options, signal]: Parameters<KubeClient["watch"]>) => {
        const resourceVersion = lists === 1 ? "1" : options.resourceVersion;
        return client.watch(resource, { ...options, resourceVersion }, signal);
      },
    } as unknown as KubeClient;
    const witness = new Witness();
    const { handlers } = witness;
    const options = { client: forgetful, resource: ConfigMap, namespace, handlers };
    await using informer = new Informer(options);
    await informer.synced();
    await until("it has listed again", () => lists > 1);
    await world.configMap("two", {});
    await until("it is told of what came later", () => witness.known.has("two"));
    assert.deepEqual(witness.wrong, []);
    assert.ok(informer.get(`${namespace}/one`) !== undefined);
  });

  defineLists(cluster);
  defineWatches(cluster);
}

function defineLists(cluster: () => Cluster): void {
  test("pages of a list are of one state; what comes between is in none", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    await inParallel(numbers(25), (index) => world.configMap(`object-${index}`, {}));
    const first = await client.list(ConfigMap, { namespace, limit: 10 });
    assert.equal(first.items.length, 10);
    await world.configMap("zz-later", {});
    await client.delete(ConfigMap, { namespace, name: "object-9" });
    const names = first.items.map(nameOf);
    for (let token = first.continue; token !== undefined; ) {
      const page = await client.list(ConfigMap, { namespace, limit: 10, continue: token });
      assert.equal(page.resourceVersion, first.resourceVersion);
      names.push(...page.items.map(nameOf));
      token = page.continue;
    }
    assert.ok(names.includes("object-9") && !names.includes("zz-later"));
    assert.equal(new Set(names).size, names.length);
  });

  test("a token that is none is refused", async () => {
    await using world = await World.open(cluster());
    const { namespace } = world;
    await assert.rejects(
      world.client.list(ConfigMap, { namespace, limit: 1, continue: "nonsense" }),
      (error) => KubeError.is(error, "BadRequest"),
    );
  });
}

function defineWatches(cluster: () => Cluster): void {
  test("a watch from a list tells what came after it, in order, and ends by itself", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    const created = await world.configMap("one", { a: "b" });
    const { resourceVersion } = await client.list(ConfigMap, { namespace });
    const ref = { namespace, name: "one" };
    const patched = await client.patch(ConfigMap, ref, { data: { a: "c" } }, { type: "merge" });
    await client.delete(ConfigMap, ref);
    const told: string[] = [];
    // Servers tell how far they are shortly before they end a watch.
    const options = { namespace, resourceVersion, timeoutSeconds: 4, allowBookmarks: true };
    let last = "";
    for await (const event of client.watch(ConfigMap, options)) {
      const isMark = event.type === "BOOKMARK";
      last = isMark ? event.resourceVersion : versionOf(event.object);
      told.push(isMark ? event.type : `${event.type} ${nameOf(event.object)}`);
      if (event.type === "DELETED") {
        assert.equal(event.object.metadata.uid, created.metadata.uid);
        assert.deepEqual((event.object as { data?: object }).data, { a: "c" });
      }
    }
    const changes = told.filter((each) => !each.endsWith("kube-root-ca.crt"));
    assert.deepEqual(changes.slice(0, 2), ["MODIFIED one", "DELETED one"]);
    assert.equal(changes[2], "BOOKMARK");
    assert.ok(Number(last) > Number(versionOf(patched)));
  });

  test("a watch from a state that is long gone is told that it is", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    const watch = client.watch(ConfigMap, { namespace, resourceVersion: "1", timeoutSeconds: 5 });
    await assert.rejects(watch.next(), (error) => {
      return KubeError.is(error, "Expired") && error.status === 410;
    });
  });

  test("a list of a state that is yet to come is refused with the advice to come again", async () => {
    await using world = await World.open(cluster());
    const { client, namespace } = world;
    const options = { namespace, resourceVersion: "999999999999" };
    await assert.rejects(client.list(ConfigMap, options), (error) => {
      return KubeError.is(error, "Timeout") && error.details.retryAfterSeconds !== undefined;
    });
  });
}
