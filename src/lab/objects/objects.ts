/** Objects in bulk, by a client: what the lab puts into a cluster of its own, and people's files. */
import { AppError, type Clock, quote } from "#base";
import {
  apiVersionOf,
  type KubeClient,
  KubeError,
  type KubeObject,
  type Resource,
  RESOURCES,
} from "#kube";

const FIELD_MANAGER = "cilium-lab";
const POLL_MS = 150;

export interface Applied {
  readonly resource: Resource;
  readonly name: string;
  readonly outcome: "created" | "configured" | "unchanged";
}

/** The resource of an object, also of a kind that only the server knows. */
export async function resourceOf(client: KubeClient, object: KubeObject): Promise<Resource> {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw new AppError("manifest", `An object without apiVersion or kind cannot be applied.`);
  }
  const known = Object.values(RESOURCES).find(
    (each) => each.kind === kind && apiVersionOf(each) === apiVersion,
  );
  return known ?? client.discover(apiVersion, kind);
}

/** Makes it so, whether it is there or not; fields that others have set are taken over. */
export async function applyObject(
  client: KubeClient,
  object: KubeObject,
  namespace = "default",
): Promise<Applied> {
  const resource = await resourceOf(client, object);
  const { name } = object.metadata;
  if (name === undefined)
    throw new AppError("manifest", `A ${resource.kind} without a name cannot be applied.`);
  const place = resource.isNamespaced ? (object.metadata.namespace ?? namespace) : undefined;
  const whole = {
    ...object,
    metadata: { ...object.metadata, ...(place === undefined ? {} : { namespace: place }) },
  };
  const ref = { namespace: place, name };
  const before = await tryGet(client, resource, ref);
  const after = await client.patch(resource, ref, whole, {
    type: "apply",
    fieldManager: FIELD_MANAGER,
    isForced: true,
  });
  const isSame = before?.metadata.resourceVersion === after.metadata.resourceVersion;
  const outcome = before === undefined ? "created" : isSame ? "unchanged" : "configured";
  return { resource, name, outcome };
}

export async function applyObjects(
  client: KubeClient,
  objects: readonly KubeObject[],
): Promise<void> {
  for (const object of objects) await applyObject(client, object);
}

export async function tryGet(
  client: KubeClient,
  resource: Resource,
  ref: { readonly namespace?: string | undefined; readonly name: string },
): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, ref);
  } catch (error) {
    if (KubeError.is(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Whether the condition of this type is True. */
export function hasCondition(object: KubeObject, type: string): boolean {
  const { conditions } = Object(object["status"]) as { conditions?: unknown };
  if (!Array.isArray(conditions)) return false;
  return conditions.some(
    (each: { type?: unknown; status?: unknown }) => each.type === type && each.status === "True",
  );
}

interface Waiting {
  /** What is waited for: "node1 to be Ready". */
  readonly what: string;
  readonly patienceMs: number;
  readonly clock: Clock;
  /** Added to the error: where to look. */
  readonly hint: string;
}

/** Asks again and again until the answer is true. Failures of the asking itself count as no. */
export async function waitUntil(
  condition: () => Promise<boolean>,
  { what, patienceMs, clock, hint }: Waiting,
): Promise<void> {
  const endMs = clock.monotonicMs() + patienceMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      last = error;
    }
    if (clock.monotonicMs() > endMs) {
      const why = last instanceof Error ? ` (${last.message})` : "";
      const seconds = Math.round(patienceMs / 1000);
      throw new AppError("timeout", `Waited ${seconds} s for ${what}, in vain${why}: ${hint}.`);
    }
    await clock.sleep(POLL_MS);
  }
}

/** The known resource that a word of a command line names: "pods", "pod", "Pod", "po". */
function knownResource(word: string): Resource | undefined {
  const lower = word.toLowerCase();
  const name = SHORT_NAMES[lower] ?? lower;
  return Object.values(RESOURCES).find(
    ({ kind, plural, group }) =>
      [plural, kind.toLowerCase(), `${plural}.${group}`].includes(name) && kind !== "CoreEvent",
  );
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  po: "pods",
  no: "nodes",
  ns: "namespaces",
  svc: "services",
  ep: "endpoints",
  cm: "configmaps",
  sa: "serviceaccounts",
  ev: "events",
  deploy: "deployments",
  rs: "replicasets",
  ds: "daemonsets",
  sts: "statefulsets",
  cj: "cronjobs",
  netpol: "networkpolicies",
  ing: "ingresses",
  crd: "customresourcedefinitions",
  cnp: "ciliumnetworkpolicies",
  ccnp: "ciliumclusterwidenetworkpolicies",
  cep: "ciliumendpoints",
  cn: "ciliumnodes",
  ciliumid: "ciliumidentities",
};

export function needResource(word: string): Resource {
  const found = knownResource(word);
  if (found !== undefined) return found;
  throw new AppError(
    "resource",
    `${quote(word)} is no resource that this command knows; kubectl knows all.`,
  );
}
