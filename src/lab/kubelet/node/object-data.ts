import { Buffer } from "node:buffer";
import type { Clock } from "#base";
import { type KubeClient, KubeError, type KubeObject, RESOURCES } from "#kube";
import type { Pod } from "../core/pod.ts";

/** How long what was read of a ConfigMap or Secret is good for. */
const FRESH_MS = 1_000;
const MAX_CACHED = 1_000;

type Data = ReadonlyMap<string, Buffer>;

interface Contents {
  /** What may stand in a variable: of a ConfigMap only its texts. */
  readonly texts: Data;
  readonly all: Data;
}

/** What pods need of ConfigMaps, Secrets and tokens, asked of the API server when it is needed. */
export class ObjectData {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #cache = new Map<
    string,
    { readonly atMs: number; readonly data: Promise<Contents | undefined> }
  >();

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Undefined where there is none of that name. */
  contentsOf(
    namespace: string,
    kind: "configmap" | "secret",
    name: string,
  ): Promise<Contents | undefined> {
    const key = `${kind}/${namespace}/${name}`;
    const cached = this.#cache.get(key);
    const now = this.#clock.monotonicMs();
    if (cached !== undefined && now - cached.atMs < FRESH_MS) return cached.data;
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    const data = this.#read(namespace, kind, name);
    this.#cache.set(key, { atMs: now, data });
    data.catch(() => this.#cache.delete(key));
    return data;
  }

  async #read(
    namespace: string,
    kind: "configmap" | "secret",
    name: string,
  ): Promise<Contents | undefined> {
    const resource = kind === "configmap" ? RESOURCES.ConfigMap : RESOURCES.Secret;
    let object: KubeObject;
    try {
      object = await this.#client.get(resource, { namespace, name });
    } catch (error) {
      if (KubeError.is(error, "NotFound")) return undefined;
      throw error;
    }
    const { data = {}, binaryData = {} } = object as {
      data?: Record<string, string>;
      binaryData?: Record<string, string>;
    };
    const encoding = kind === "secret" ? "base64" : "utf8";
    const texts = Object.entries(data).map(
      ([key, text]) => [key, Buffer.from(text, encoding)] as const,
    );
    const binaries = Object.entries(binaryData).map(
      ([key, text]) => [key, Buffer.from(text, "base64")] as const,
    );
    const inOrder = (entries: (readonly [string, Buffer])[]): Data =>
      new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    return { texts: inOrder(texts), all: inOrder([...texts, ...binaries]) };
  }

  /** A token of the pod's service account, bound to the pod. */
  async token(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string> {
    const { name, namespace, uid } = pod.metadata;
    const account = { namespace, name: pod.spec.serviceAccountName ?? "default" };
    const request = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: {
        ...(audience === undefined ? {} : { audiences: [audience] }),
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const answer = await this.#client.createSubresource<{ status?: { token?: string } }>(
      RESOURCES.ServiceAccount,
      account,
      "token",
      request,
    );
    return answer.status?.token ?? "";
  }
}
