/** What the server has: groups, versions, resources, in the old form and the aggregated one. */
import { createHash } from "node:crypto";
import type { Registry, ServedResource } from "../schema/types.ts";
import { parseAccept } from "./accept.ts";
import { apiVersionOf } from "./resources/place.ts";

const STORAGE_HASH_BYTES = 8;
const AGGREGATED = "APIGroupDiscoveryList";
const AGGREGATED_GROUP = "apidiscovery.k8s.io";

/** The version of the aggregated form that the client wants first; undefined for the old form. */
export function aggregatedVersion(header: string | undefined): "v2" | "v2beta1" | undefined {
  for (const { type, parameters } of parseAccept(header)) {
    if (type !== "application/json" && type !== "*/*") continue;
    if (parameters.get("as") !== AGGREGATED) return undefined;
    const version = parameters.get("v");
    if (parameters.get("g") !== AGGREGATED_GROUP) continue;
    if (version === "v2" || version === "v2beta1") return version;
  }
  return undefined;
}

export function aggregatedContentType(version: string): string {
  return `application/json;g=${AGGREGATED_GROUP};v=${version};as=${AGGREGATED}`;
}

/** For /api (the core group alone) or /apis (all others). */
export function aggregated(registry: Registry, isCore: boolean, version: string): object {
  const items = registry
    .groups()
    .filter(({ name }) => (name === "") === isCore)
    .map(({ name, versions }) => ({
      metadata: name === "" ? {} : { name },
      versions: versions.map((one) => ({
        version: one,
        resources: resourcesOf(registry, name, one).map(aggregatedResource),
        freshness: "Current",
      })),
    }));
  return { kind: AGGREGATED, apiVersion: `${AGGREGATED_GROUP}/${version}`, metadata: {}, items };
}

function aggregatedResource(resource: ServedResource): object {
  const { plural, singular, shortNames, categories, verbs } = resource;
  return {
    resource: plural,
    responseKind: responseKind(resource, resource),
    scope: resource.isNamespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(resource.subresources.length === 0
      ? {}
      : {
          subresources: resource.subresources.map((one) => ({
            subresource: one.name,
            responseKind: responseKind(resource, one),
            verbs: one.verbs,
          })),
        }),
  };
}

/** A built-in kind of the version that it is told under does not say so again. */
function responseKind(
  resource: ServedResource,
  { group, version, kind }: Pick<ServedResource, "group" | "version" | "kind">,
): object {
  const isOwn = group === resource.group && version === resource.version;
  if (isOwn && resource.custom === undefined) return { group: "", version: "", kind };
  return { group, version, kind };
}

function resourcesOf(registry: Registry, group: string, version: string): ServedResource[] {
  return registry.resources().filter((one) => one.group === group && one.version === version);
}

/** /api in the old form. */
export function apiVersions(registry: Registry, serverAddress: string): object {
  const core = registry.groups().find(({ name }) => name === "");
  return {
    kind: "APIVersions",
    versions: core?.versions ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

export function groupList(registry: Registry): object {
  const groups = registry.groups().filter(({ name }) => name !== "");
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groups.map(({ name, versions }) => groupFacts(name, versions)),
  };
}

/** /apis/GROUP; undefined for a group that is not there. */
export function groupObject(registry: Registry, name: string): object | undefined {
  const group = registry.groups().find((one) => one.name === name && name !== "");
  if (group === undefined) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupFacts(name, group.versions) };
}

function groupFacts(name: string, versions: readonly string[]): object {
  const worded = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: worded, preferredVersion: worded[0] };
}

/** /api/v1, /apis/GROUP/VERSION; undefined where there is no such. */
export function resourceList(
  registry: Registry,
  group: string,
  version: string,
): object | undefined {
  const isServed = registry
    .groups()
    .some((one) => one.name === group && one.versions.includes(version));
  if (!isServed) return undefined;
  const resources = resourcesOf(registry, group, version).flatMap(listedResource);
  const groupVersion = apiVersionOf({ group, version });
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

/** The same for all versions: clients tell by it that objects are stored in another one now. */
function storageVersionHash({ group, kind, custom }: ServedResource): string {
  const hash = createHash("sha256").update(`${group}/${custom?.storageVersion ?? ""}/${kind}`);
  return hash.digest().subarray(0, STORAGE_HASH_BYTES).toString("base64");
}

function listedResource(resource: ServedResource): object[] {
  const { kind, plural, singular, shortNames, categories, verbs, isNamespaced } = resource;
  const own = {
    name: plural,
    singularName: singular,
    namespaced: isNamespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(resource.custom === undefined ? {} : { storageVersionHash: storageVersionHash(resource) }),
  };
  const others = resource.subresources.map((one) => ({
    name: `${plural}/${one.name}`,
    singularName: "",
    namespaced: isNamespaced,
    ...(one.group === resource.group && one.version === resource.version
      ? {}
      : { group: one.group, version: one.version }),
    kind: one.kind,
    verbs: one.verbs,
  }));
  return [own, ...others];
}
