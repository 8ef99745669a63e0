import { checkJson } from "../schema/depth.ts";
import { isObject } from "../schema/node.ts";
import { badRequest, StatusError } from "../schema/status-error.ts";
import type { ApplyPatch, Json, JsonObject, KubeObject } from "../schema/types.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyConfiguration } from "./server-side-apply.ts";
import { applyStrategicMerge } from "./strategic-merge.ts";

export const applyPatch: ApplyPatch = (schemas, request) => {
  const { type, resource, patch } = request;
  checkJson(patch);
  if (type === "apply") return checked(applyConfiguration(schemas, request));
  const current = request.current;
  if (current === undefined) throw badRequest("there is no object to patch");
  switch (type) {
    case "json":
      return checked(applyJsonPatch(current, patch));
    case "merge":
      return checked(applyMergePatch(current, mergeObject(patch)));
    case "strategic":
      if (resource.custom !== undefined) {
        throw new StatusError(
          415,
          "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        );
      }
      return checked(
        applyStrategicMerge(schemas.nodeOf(resource), current, strategicObject(patch)),
      );
    default:
      throw badRequest(`there is no patch of type ${JSON.stringify(type)}`);
  }
};

/** As the reference's reader of JSON says what is no object. */
function notObject(patch: Json): string {
  const kind = Array.isArray(patch) ? "array" : typeof patch === "boolean" ? "bool" : typeof patch;
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

function mergeObject(patch: Json): JsonObject {
  if (isObject(patch)) return patch;
  throw badRequest(
    patch === null ? "Invalid JSON Patch" : `error decoding patch: ${notObject(patch)}`,
  );
}

function strategicObject(patch: Json): JsonObject {
  if (isObject(patch)) return patch;
  if (patch === null) return {};
  throw badRequest(notObject(patch));
}

/** A patch can make anything of an object; what decodes it needs one with metadata. */
function checked(value: Json): KubeObject {
  checkJson(value);
  if (!isObject(value)) throw badRequest("the patch makes something of the object that is none");
  return (isObject(value["metadata"]) ? value : { ...value, metadata: {} }) as KubeObject;
}
