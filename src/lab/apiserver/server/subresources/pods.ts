/** Binding and eviction of Pods, and the finalizing of namespaces. */
import { invalid, StatusError } from "../../schema/status-error.ts";
import type { KubeObject } from "../../schema/types.ts";
import { listPrefix } from "../../store/keys.ts";
import { type Call, placeOf, sendCommitted, writeOf } from "../call.ts";
import { conflict, methodNotAllowed, notFound, requiredValue, tooManyRequests } from "../errors.ts";
import { readObject, readOptionalObject, sendJson } from "../http.ts";
import { asList, asRecord, asText, at, recordsAt, textAt } from "../json.ts";
import { checkName, setNamespace } from "../resources/metadata.ts";
import { commit, type Decision } from "../resources/commit.ts";
import { deleteObject, deleteOptions } from "../resources/delete-object.ts";
import { served } from "../resources/place.ts";
import { getObject } from "../resources/read.ts";
import { isFinished } from "../resources/write-object.ts";
import type { Write } from "../write.ts";
import { rulesOf } from "../kinds/facts.ts";
import { disruptionsAllowed } from "./disruption.ts";

const SUCCESS = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };

/** The scheduler's word: the Pod gets its node, once. */
export async function handleBinding(call: Call): Promise<void> {
  if (call.verb !== "create") throw methodNotAllowed();
  await bind(call, call.path.name, await readObject(call.request));
}

/** Also for POST .../bindings, where the body alone has the Pod's name. */
export async function bind(call: Call, name: string, body: unknown): Promise<void> {
  const { context, path } = call;
  const pods = context.schemas.registry.find("", "v1", "pods");
  if (pods === undefined) throw notFound({ group: "", plural: "pods" }, name);
  const { object: binding } = context.schemas.decodeKind("", "v1", "Binding", body, {
    fieldValidation: "Ignore",
  });
  const node = textAt(binding, "target", "name");
  if (node === "") {
    throw invalid({ group: "", kind: "Binding" }, name, [requiredValue("target.name")]);
  }
  const write = writeOf(call);
  const place = { resource: pods, namespace: path.namespace, name };
  await commit(context, place, write, (old) => {
    if (old === undefined) throw notFound(pods, name);
    return bound(old, binding, node, write.now, (why) => conflict(pods, name, why));
  });
  sendJson(call, 201, { ...SUCCESS, code: 201 });
}

function bound(
  old: KubeObject,
  binding: KubeObject,
  node: string,
  now: string,
  refuse: (why: string) => Error,
): KubeObject {
  const name = old.metadata.name ?? "";
  if (old.metadata.deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const present = textAt(old, "spec", "nodeName");
  if (present !== "") throw refuse(`pod ${name} is already assigned to node "${present}"`);
  const conditions = recordsAt(old, "status", "conditions").filter(
    (condition) => condition["type"] !== "PodScheduled",
  );
  const scheduled = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: now,
  };
  return {
    ...old,
    metadata: {
      ...old.metadata,
      ...(binding.metadata.annotations === undefined
        ? {}
        : { annotations: { ...old.metadata.annotations, ...binding.metadata.annotations } }),
    },
    spec: { ...asRecord(old["spec"]), nodeName: node },
    status: { ...asRecord(old["status"]), conditions: [...conditions, scheduled] },
  };
}

/** A deletion that the Pod's disruption budgets have a word in. */
export async function handleEviction(call: Call): Promise<void> {
  const { context, path, resource, verb } = call;
  if (verb !== "create") throw methodNotAllowed();
  const body = asRecord(await readOptionalObject(call.request)) ?? {};
  const pod = served(resource, getObject(context, placeOf(call)));
  const phase = textAt(pod, "status", "phase");
  const isOver = phase === "Succeeded" || phase === "Failed" || phase === "Pending";
  if (!isOver && pod.metadata.deletionTimestamp === undefined) checkBudgets(call, pod);
  const options = deleteOptions(body["deleteOptions"], call.params);
  const write = writeOf(call);
  await deleteObject(
    context,
    { resource, namespace: path.namespace, name: path.name },
    options,
    write,
  );
  sendJson(call, 201, { ...SUCCESS, code: 201 });
}

function checkBudgets({ context, path }: Call, pod: KubeObject): void {
  const budgets = context.store.list(listPrefix("policy", "poddisruptionbudgets", path.namespace));
  const pods = context.store.list(listPrefix("", "pods", path.namespace));
  const all = pods.items.map(({ object }) => object as unknown as KubeObject);
  for (const { object } of budgets.items) {
    const budget = object as unknown as KubeObject;
    const allowed = disruptionsAllowed(budget, pod, all);
    if (allowed === undefined || allowed > 0) continue;
    const name = budget.metadata.name ?? "";
    throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", [
      {
        reason: "DisruptionBudget",
        message: `The disruption budget ${name} allows no more disruptions now`,
        field: "",
      },
    ]);
  }
}

/** The namespace controller's word that a namespace is empty. */
export async function handleFinalize(call: Call): Promise<void> {
  const { context, resource, path, verb } = call;
  if (verb !== "update") throw methodNotAllowed();
  const write = writeOf(call);
  const body = await readObject(call.request);
  const { object } = context.schemas.decode(resource, body, { fieldValidation: "Ignore" });
  setNamespace(resource, object, path.namespace);
  checkName(object, path.name);
  const committed = await commit(context, placeOf(call), write, (old) => {
    if (old === undefined) throw notFound(resource, path.name);
    return finalized(call, object, old, write);
  });
  sendCommitted(call, write, committed);
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
  return "removed";
}
