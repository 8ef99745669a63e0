/** The subresource scale: how many replicas, whatever the kind. */
import { applyPatch } from "../../patch/apply-patch.ts";
import { badRequest, invalid } from "../../schema/status-error.ts";
import type { Decoded, JsonObject, KubeObject, ServedResource } from "../../schema/types.ts";
import { type Call, placeOf, writeOf } from "../call.ts";
import { conflict, invalidValue, methodNotAllowed, notFound, toStatusError } from "../errors.ts";
import { readObject } from "../body.ts";
import { patchTypeOf, readPatch } from "../handlers.ts";
import { sendJson } from "../http.ts";
import { asRecord, at, ensureRecord, numberAt } from "../json.ts";
import { commit } from "../resources/commit.ts";
import { decodePatched, type Patch } from "../resources/patched.ts";
import { checkName } from "../resources/metadata.ts";
import { served } from "../resources/place.ts";
import { getObject } from "../resources/read.ts";
import { finishUpdate } from "../resources/write-object.ts";
import { selectorText } from "../table/columns.ts";

const SCALE = { group: "autoscaling", version: "v1", kind: "Scale" };

interface Paths {
  readonly spec: readonly string[];
  readonly status: readonly string[];
  readonly selector: readonly string[] | undefined;
}

export async function handleScale(call: Call): Promise<void> {
  const { context, resource, path, verb } = call;
  if (verb === "get") {
    const object = served(resource, getObject(context, placeOf(call)));
    requireReplicas(resource, object);
    sendJson(call, 200, scaleOf(resource, object));
    return;
  }
  if (verb !== "update" && verb !== "patch") throw methodNotAllowed();
  const type = verb === "patch" ? patchTypeOf(call) : undefined;
  const write = writeOf(call);
  const patch = type === undefined ? undefined : await readPatch(call, type);
  const body = patch === undefined ? (await readObject(call.request, SCALE.kind)).value : undefined;
  const { object } = await commit(context, placeOf(call), write, (old) => {
    if (old === undefined) throw notFound(resource, path.name);
    const wanted = patch === undefined ? body : patched(call, scaleOf(resource, old), patch);
    const options = { fieldValidation: write.options.fieldValidation };
    const decode = (): Decoded =>
      context.schemas.decodeKind(SCALE.group, SCALE.version, SCALE.kind, wanted, options);
    const scale =
      patch === undefined ? decode() : decodePatched(patch, wanted as KubeObject, decode);
    write.warn(scale.warnings);
    checkName(scale.object, path.name);
    const next = withReplicas(resource, old, scale.object);
    return finishUpdate(context, resource, "", next, old, write);
  });
  sendJson(call, 200, scaleOf(resource, object));
}

/** Objects of custom kinds may lack what their scale would say. */
function requireReplicas({ custom }: ServedResource, object: KubeObject): void {
  const path = custom?.scale?.specReplicasPath;
  if (path === undefined || at(object, ...stepsOf(path)) !== undefined) return;
  throw toStatusError(new Error(`the spec replicas field "${path}" does not exist`));
}

function patched(
  { context, resource, params }: Call,
  scale: KubeObject,
  { type, body, isForced }: Patch,
): KubeObject {
  if (type === "apply") {
    throw badRequest("apply patches of scale are not supported by the lab's API server");
  }
  return applyPatch(context.schemas, {
    // A Scale is so small that a strategic merge is a plain one.
    type: type === "strategic" ? "merge" : type,
    resource,
    current: scale,
    patch: body,
    fieldManager: params.get("fieldManager") ?? "",
    isForced,
    now: "",
  });
}

function withReplicas(resource: ServedResource, old: KubeObject, scale: KubeObject): KubeObject {
  const name = old.metadata.name ?? "";
  const wanted = scale.metadata.resourceVersion ?? "";
  if (wanted !== "" && wanted !== old.metadata.resourceVersion) throw conflict(resource, name);
  const replicas = numberAt(scale, "spec", "replicas") ?? 0;
  if (replicas < 0 && resource.custom === undefined) {
    const why = "must be greater than or equal to 0";
    throw invalid(SCALE, name, [invalidValue("spec.replicas", replicas, why)]);
  }
  const next = structuredClone(old);
  const steps = pathsOf(resource).spec;
  let here: JsonObject = next;
  for (const step of steps.slice(0, -1)) here = ensureRecord(here, step);
  const last = steps.at(-1);
  if (last !== undefined) here[last] = replicas;
  return next;
}

function scaleOf(resource: ServedResource, object: KubeObject): KubeObject {
  const { name = "", namespace = "", uid, resourceVersion, creationTimestamp } = object.metadata;
  const paths = pathsOf(resource);
  const replicas = numberAt(object, ...paths.spec) ?? 0;
  const selector = paths.selector === undefined ? undefined : at(object, ...paths.selector);
  const text =
    typeof selector === "string"
      ? selector
      : selectorText(asRecord(selector)).replace("<none>", "");
  const metadata = {
    name,
    namespace,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
  return {
    kind: SCALE.kind,
    apiVersion: `${SCALE.group}/${SCALE.version}`,
    metadata,
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object, ...paths.status) ?? 0,
      ...(text === "" ? {} : { selector: text }),
    },
  };
}

function pathsOf({ custom }: ServedResource): Paths {
  const scale = custom?.scale;
  if (scale === undefined) {
    return {
      spec: ["spec", "replicas"],
      status: ["status", "replicas"],
      selector: ["spec", "selector"],
    };
  }
  const { labelSelectorPath } = scale;
  return {
    spec: stepsOf(scale.specReplicasPath),
    status: stepsOf(scale.statusReplicasPath),
    selector: labelSelectorPath === undefined ? undefined : stepsOf(labelSelectorPath),
  };
}

function stepsOf(path: string): readonly string[] {
  return path.split(".").filter((step) => step !== "");
}
