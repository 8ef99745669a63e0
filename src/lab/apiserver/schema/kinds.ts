/** What an object says that it is, against what it is sent as. */
import { kubeData } from "../data/kube-data.ts";
import { asText } from "./node.ts";
import { builtInNode } from "./open-api-nodes.ts";
import { joinGroupVersion } from "./registry.ts";
import { badRequest } from "./status-error.ts";
import type { JsonObject } from "./types.ts";

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Versions that were: their objects are known, and served no more. */
const FORMER = new Set([
  "apps/v1beta1",
  "apps/v1beta2",
  "extensions/v1beta1",
  "batch/v1beta1",
  "networking.k8s.io/v1beta1",
  "policy/v1beta1",
  "discovery.k8s.io/v1beta1",
  "rbac.authorization.k8s.io/v1beta1",
  "storage.k8s.io/v1beta1",
  "autoscaling/v2beta1",
  "autoscaling/v2beta2",
]);
/** Where the API server's program keeps its list of kinds: it says so. */
const SCHEME = 'in scheme "pkg/runtime/scheme.go:111"';
/** Clients may leave out what the path says already; what they say must be that. */
export function withBuiltInKind(target: Kind, value: JsonObject): JsonObject {
  const expected = joinGroupVersion(target.group, target.version);
  const { apiVersion: _version, kind: _kind, ...rest } = value;
  const said = asText(value["apiVersion"] ?? "") || expected;
  const kind = asText(value["kind"] ?? "") || target.kind;
  if (said !== expected || kind !== target.kind) {
    throw badRequest(otherKind(target, expected, said, kind));
  }
  return { apiVersion: expected, kind: target.kind, ...rest };
}

function otherKind(target: Kind, expected: string, said: string, kind: string): string {
  const [version = "", group = ""] = said.split("/").toReversed();
  const refused = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${target.kind}`;
  const isFormer = FORMER.has(said) && isKnownAnywhere(kind);
  if (!isFormer && builtInNode(group, version, kind) === undefined) {
    const what = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(said)}`;
    return `${refused}: ${what} ${SCHEME}`;
  }
  if (kind === target.kind) {
    return `the API version in the data (${said}) does not match the expected API version (${expected})`;
  }
  const own = `${internalPackage(target.group)}.${target.kind}`;
  return `${refused}: converting (${version}.${kind}) to (${own}): unknown conversion`;
}

function isKnownAnywhere(kind: string): boolean {
  const { resources } = kubeData();
  return Object.values(resources).some((list) => list.some((each) => each.kind === kind));
}

/** `networking` of `networking.k8s.io`. */
function internalPackage(group: string): string {
  return group === "" ? "core" : (group.split(".")[0] ?? group);
}
