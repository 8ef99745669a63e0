/** What a cluster has from the beginning: its namespaces, and the Service of its API server. */
import { listPrefix } from "../store/keys.ts";
import { assertDefined, IpAddress } from "#base";
import { ANONYMOUS } from "./authentication.ts";
import type { ApiContext } from "./context.ts";
import { textAt } from "./json.ts";
import { SYSTEM_PRIORITIES } from "./kinds/pods.ts";
import { adoptService } from "./kinds/services.ts";
import { commit } from "./resources/commit.ts";
import { keyOf } from "./resources/place.ts";
import { createObject } from "./resources/write-object.ts";
import { Write } from "./write.ts";

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];
const SERVICE_PORT = 443;
const LABELS = { component: "apiserver", provider: "kubernetes" };

export interface Advertised {
  readonly host: string;
  readonly port: number;
}

/** Does again what a server that was killed in between had not done. */
export async function bootstrap(context: ApiContext, advertised: Advertised): Promise<void> {
  for (const { object } of context.store.list(listPrefix("", "services")).items) {
    adoptService(context.services, object);
  }
  for (const name of NAMESPACES) {
    await ensure(context, "", "namespaces", "", { metadata: { name } });
  }
  for (const [name, value] of Object.entries(SYSTEM_PRIORITIES)) {
    await ensure(context, "scheduling.k8s.io", "priorityclasses", "", {
      metadata: { name },
      value,
    });
  }
  await ensureService(context);
  await ensureEndpoints(context, advertised);
}

/** At the first address of the Services' range, where pods look for it. */
async function ensureService(context: ApiContext): Promise<void> {
  const cidr = assertDefined(context.services.cidrs[0], "a server has a range for its Services");
  const clusterIP = String(cidr.nth(1));
  await ensure(context, "", "services", "default", {
    metadata: { name: "kubernetes", labels: LABELS },
    spec: {
      clusterIP,
      ports: [{ name: "https", port: SERVICE_PORT, protocol: "TCP", targetPort: 6_443 }],
      type: "ClusterIP",
    },
  });
}

/** No pods are behind this Service, so nobody else makes its endpoints. */
async function ensureEndpoints(context: ApiContext, { host, port }: Advertised): Promise<void> {
  const ports = [{ name: "https", port, protocol: "TCP" }];
  await ensure(
    context,
    "",
    "endpoints",
    "default",
    {
      metadata: {
        name: "kubernetes",
        labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
      },
      subsets: [{ addresses: [{ ip: host }], ports }],
    },
    ["subsets"],
  );
  await ensure(
    context,
    "discovery.k8s.io",
    "endpointslices",
    "default",
    {
      metadata: { name: "kubernetes", labels: { "kubernetes.io/service-name": "kubernetes" } },
      addressType: IpAddress.parse(host).family === 6 ? "IPv6" : "IPv4",
      endpoints: [
        { addresses: [host], conditions: { ready: true, serving: true, terminating: false } },
      ],
      ports,
    },
    ["addressType", "endpoints", "ports"],
  );
}

/** Creates the object, or brings the named fields of the one that is there up to date. */
async function ensure(
  context: ApiContext,
  group: string,
  plural: string,
  namespace: string,
  body: object,
  fields: readonly string[] = [],
): Promise<void> {
  const registry = context.schemas.registry;
  const resource = registry.find(group, "v1", plural);
  if (resource === undefined) return;
  const write = (): Write =>
    new Write(context, {
      isDryRun: false,
      fieldManager: "kube-apiserver",
      fieldValidation: "Strict",
      user: ANONYMOUS,
    });
  const name = textAt(body, "metadata", "name");
  if (context.store.get(keyOf(resource, namespace, name)) === undefined) {
    await createObject(context, resource, namespace, body, write());
    return;
  }
  if (fields.length === 0) return;
  const { object } = context.schemas.decode(resource, body, { fieldValidation: "Strict" });
  const changed = Object.fromEntries(fields.map((field) => [field, object[field] ?? null]));
  await commit(context, { resource, namespace, name }, write(), (old) =>
    old === undefined ? "unchanged" : { ...old, ...changed },
  );
}
