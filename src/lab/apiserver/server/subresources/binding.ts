/** The scheduler's word: a Pod gets its node, once. */
import { badRequest } from "../../schema/status-error.ts";
import type { KubeObject, ServedResource } from "../../schema/types.ts";
import { readObject } from "../body.ts";
import { type Call, writeOf } from "../call.ts";
import { conflict, notFound, plainError, unsupportedValue, wrongUid } from "../errors.ts";
import { sendJson } from "../http.ts";
import { asRecord, recordsAt, textAt } from "../json.ts";
import { commit } from "../resources/commit.ts";

const SUCCESS = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  code: 201,
};
const BINDINGS = { group: "", plural: "pods/binding" };

export async function handleBinding(call: Call): Promise<void> {
  const { value } = await readObject(call.request, "Binding");
  if (textAt(value, "metadata", "name") !== call.path.name) {
    throw badRequest("name in URL does not match name in Binding object");
  }
  await bind(call, call.path.name, value);
}

/** Also for POST .../bindings, where the body alone has the Pod's name. */
export async function bindByBody(call: Call): Promise<void> {
  const { value } = await readObject(call.request, "Binding");
  await bind(call, textAt(value, "metadata", "name"), value);
}

async function bind(call: Call, name: string, body: unknown): Promise<void> {
  const { context, path } = call;
  const pods = context.schemas.registry.find("", "v1", "pods");
  if (pods === undefined) throw notFound({ group: "", plural: "pods" }, name);
  const { object: binding } = context.schemas.decodeKind("", "v1", "Binding", body, {
    fieldValidation: "Ignore",
  });
  checkTarget(binding);
  const write = writeOf(call);
  const place = { resource: pods, namespace: path.namespace, name };
  await commit(context, place, write, (old) => {
    if (old === undefined) throw notFound(pods, name);
    checkPod(pods, old, binding);
    return bound(old, binding, write.now);
  });
  sendJson(call, 201, SUCCESS);
}

function checkTarget(binding: KubeObject): void {
  const kind = textAt(binding, "target", "kind");
  if (kind !== "" && kind !== "Node") {
    const { field, message } = unsupportedValue("target.kind", kind, ["Node", "<empty>"]);
    throw plainError(`${field}: ${message}`);
  }
  if (textAt(binding, "target", "name") === "") throw plainError("target.name: Required value");
}

function checkPod(pods: ServedResource, pod: KubeObject, binding: KubeObject): void {
  const { name = "", uid, resourceVersion, deletionTimestamp } = pod.metadata;
  const wanted = binding.metadata;
  if ((wanted.uid ?? uid) !== uid) throw wrongUid(pods, pod.metadata, wanted.uid ?? "");
  if ((wanted.resourceVersion ?? resourceVersion) !== resourceVersion) throw conflict(pods, name);
  const refuse = (why: string): never => {
    throw conflict(BINDINGS, name, `pod ${name} ${why}`);
  };
  if (deletionTimestamp !== undefined) refuse("is being deleted, cannot be assigned to a host");
  const node = textAt(pod, "spec", "nodeName");
  if (node !== "") refuse(`is already assigned to node "${node}"`);
  if (recordsAt(pod, "spec", "schedulingGates").length > 0) {
    refuse("has non-empty .spec.schedulingGates");
  }
}

function bound(pod: KubeObject, binding: KubeObject, now: string): KubeObject {
  const scheduled = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: now,
  };
  const before = recordsAt(pod, "status", "conditions");
  const isThere = before.some(({ type }) => type === scheduled.type);
  const conditions = isThere
    ? before.map((one) => (one["type"] === scheduled.type ? scheduled : one))
    : [...before, scheduled];
  const { nominatedNodeName: _over, ...status } = asRecord(pod["status"]) ?? {};
  const { annotations } = binding.metadata;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations && { annotations: { ...pod.metadata.annotations, ...annotations } }),
    },
    spec: { ...asRecord(pod["spec"]), nodeName: textAt(binding, "target", "name") },
    status: { ...status, conditions: [...conditions] },
  };
}
