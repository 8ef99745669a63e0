/** What clients send of custom kinds, as objects: of the right kind, pruned, with their defaults. */
import { applyCustomDefaults } from "./defaults/custom.ts";
import { asText, isObject } from "./node.ts";
import { Pruner } from "./prune.ts";
import { joinGroupVersion } from "./registry.ts";
import { badRequest, invalid } from "./status-error.ts";
import { structuralRoot } from "./structural-nodes.ts";
import type { Cause, CustomResource, JsonObject, KubeObject, ServedResource } from "./types.ts";

/** How much of a body that cannot be read its sender is shown. */
const SHOWN_MAX = 30;

type Kind = Pick<ServedResource, "group" | "version" | "kind">;

/** Throws where the object says that it is another one. */
export function checkCustomKind(kind: Kind, value: JsonObject, isPatched: boolean): void {
  const expected = joinGroupVersion(kind.group, kind.version);
  const [version, said] = [asText(value["apiVersion"]), asText(value["kind"])];
  if (said === "") {
    const text = JSON.stringify(value);
    const start = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)} ...` : text;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): ` +
        `Object 'Kind' is missing in '${text}' (${start})`,
    );
  }
  if (version !== expected && !isPatched) {
    throw badRequest(
      `the API version in the data (${version === "" ? "/" : version}) does not match the ` +
        `expected API version (${expected})`,
    );
  }
  const causes = [
    ...otherThan("kind", said, kind.kind),
    ...otherThan("apiVersion", version, expected),
  ];
  if (causes.length === 0) return;
  const metadata = isObject(value["metadata"]) ? value["metadata"] : {};
  const group = version.includes("/") ? version.slice(0, version.indexOf("/")) : "";
  throw invalid({ group, kind: said }, asText(metadata["name"]), causes);
}

function otherThan(field: string, said: string, expected: string): Cause[] {
  if (said === expected) return [];
  const message = `Invalid value: ${JSON.stringify(said)}: must be ${expected}`;
  return [{ reason: "FieldValueInvalid", field, message }];
}

/**
 * An object as it is read from the store. It was written with a schema that may have changed since,
 * and in a version that may be another one: what its own schema does not know is gone, defaults are
 * there, and then what the wanted version does not know is gone too.
 */
export function readStoredCustom(
  { custom, kind, group, version }: ServedResource & { custom: CustomResource },
  stored: KubeObject,
): KubeObject {
  const from = stored.apiVersion.slice(stored.apiVersion.indexOf("/") + 1);
  const own = custom.schemas.get(from) ?? custom.schema;
  const read = prune(own, stored);
  applyCustomDefaults(structuralRoot(own), read);
  const wanted = from === version ? read : prune(custom.schema, read);
  return { ...wanted, apiVersion: joinGroupVersion(group, version), kind };
}

/** An object in the version in which it is stored. */
export function toStoredCustom(
  { custom, group, version }: ServedResource & { custom: CustomResource },
  object: KubeObject,
): KubeObject {
  const { storageVersion } = custom;
  if (version === storageVersion) return object;
  const pruned = prune(custom.schemas.get(storageVersion) ?? custom.schema, object);
  return { ...pruned, apiVersion: joinGroupVersion(group, storageVersion) };
}

function prune(schema: JsonObject, object: KubeObject): KubeObject {
  const { metadata, ...rest } = object;
  const pruned = new Pruner().prune(structuralRoot(schema), rest, "");
  return { ...(pruned as JsonObject), metadata } as KubeObject;
}
