/** A namespace for one test, and the clients that act in it. */
import { AsyncScope } from "#base";
import { type AnyObject, KubeClient, RESOURCES, type Resource } from "#kube";
import type { Cluster } from "../cluster.ts";
import { eventually } from "../eventually.ts";
import { Cable } from "./cable.ts";

const UNTIL_MS = 60_000;
/** Requests that a test makes at once. */
const PARALLEL = 16;

let worlds = 0;

export class World implements AsyncDisposable {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly #cluster: Cluster;
  readonly #scope = new AsyncScope();

  private constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.client = cluster.client;
    this.namespace = namespace;
  }

  static async open(cluster: Cluster): Promise<World> {
    worlds += 1;
    const name = `client-${process.pid.toString(36)}-${worlds}`;
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await cluster.client.create(RESOURCES.Namespace, namespace);
    return new World(cluster, name);
  }

  /** A client with the same rights, whose connection can be cut. */
  async cable(): Promise<{ client: KubeClient; cable: Cable }> {
    const { url, headers, tls } = await this.client.endpoint();
    const cable = this.#scope.use(await Cable.open(url));
    const { ca, cert, key } = tls;
    const text = (pem: string | Buffer | undefined): string | undefined => pem?.toString();
    const client = this.#scope.use(
      KubeClient.of({
        server: cable.url,
        ca: text(ca),
        cert: text(cert),
        key: text(key),
        token: headers["Authorization"]?.replace("Bearer ", ""),
      }),
    );
    return { client, cable };
  }

  /** One without credentials. */
  async stranger(): Promise<KubeClient> {
    const { url, tls } = await this.#cluster.client.endpoint();
    return this.#scope.use(KubeClient.of({ server: url.href, ca: tls.ca?.toString() }));
  }

  async configMap(name: string, data: Record<string, string>): Promise<ConfigMapObject> {
    const metadata = { name, namespace: this.namespace };
    return this.client.create<ConfigMapObject>(RESOURCES_MORE.ConfigMap, { metadata, data });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
    await this.client.delete(RESOURCES.Namespace, { name: this.namespace });
  }
}

interface ConfigMapObject extends AnyObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Kinds that the product itself has no use for. */
export const RESOURCES_MORE = {
  ConfigMap: {
    group: "",
    version: "v1",
    plural: "configmaps",
    kind: "ConfigMap",
    isNamespaced: true,
  },
  Deployment: {
    group: "apps",
    version: "v1",
    plural: "deployments",
    kind: "Deployment",
    isNamespaced: true,
  },
} as const satisfies Record<string, Resource>;

/** All of them, a few at a time. */
export async function inParallel<T>(
  items: readonly T[],
  run: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) await run(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

export async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  await eventually(what, UNTIL_MS, check);
}
