/** The namespace controller's word that a namespace is empty. */
import { StatusError } from "../../schema/status-error.ts";
import type { KubeObject } from "../../schema/types.ts";
import { readObject } from "../body.ts";
import { type Call, placeOf, sendCommitted, writeOf } from "../call.ts";
import { conflict, notFound } from "../errors.ts";
import { asList, asRecord, asText, at } from "../json.ts";
import { rulesOf } from "../kinds/facts.ts";
import { commit, type Decision, Removal } from "../resources/commit.ts";
import { checkName, setNamespace } from "../resources/metadata.ts";
import { isFinished } from "../resources/write-object.ts";
import type { Write } from "../write.ts";

export async function handleFinalize(call: Call): Promise<void> {
  const { context, resource, path } = call;
  const write = writeOf(call);
  const { value } = await readObject(call.request, resource.kind);
  const { object } = context.schemas.decode(resource, value, { fieldValidation: "Ignore" });
  setNamespace(resource, object, path.namespace);
  checkName(object, path.name);
  const committed = await commit(context, placeOf(call), write, (old) => {
    if (old === undefined) throw notFound(resource, path.name);
    return finalized(call, object, old, write);
  });
  sendCommitted(call, committed);
}

function finalized(
  { context, resource, path }: Call,
  object: KubeObject,
  old: KubeObject,
  write: Write,
): Decision {
  const finalizers = asList(at(object, "spec", "finalizers")).map(asText);
  const { resourceVersion } = object.metadata;
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(resource, path.name);
  }
  if (old.metadata.deletionTimestamp === undefined && finalizers.length === 0) {
    const message = `namespaces "${path.name}" is not being deleted, and keeps its finalizers`;
    throw new StatusError(409, "Conflict", message);
  }
  const next = { ...old, spec: { ...asRecord(old["spec"]), finalizers } };
  if (!isFinished(next)) return next;
  rulesOf(resource).remove?.(context, old, write);
  return new Removal(next);
}
