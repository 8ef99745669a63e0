/** Eviction: a deletion that the Pod's disruption budget has a word in. */
import { badRequest } from "../../schema/status-error.ts";
import type { KubeObject } from "../../schema/types.ts";
import { listPrefix } from "../../store/keys.ts";
import { readObject } from "../body.ts";
import { type Call, placeOf, writeOf } from "../call.ts";
import { notFound, plainError, tooManyRequests } from "../errors.ts";
import { sendJson } from "../http.ts";
import { asRecord, recordsAt, textAt } from "../json.ts";
import { commit } from "../resources/commit.ts";
import { deleteObject, deleteOptions } from "../resources/delete-object.ts";
import { served } from "../resources/place.ts";
import { getObject } from "../resources/read.ts";
import { conditionStatus } from "../table/columns.ts";
import { Write } from "../write.ts";
import { type Budget, budgetOf } from "./disruption.ts";

const SUCCESS = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  code: 201,
};
/** In these a Pod serves nobody, and its end disrupts nothing. */
const IDLE_PHASES: ReadonlySet<string> = new Set(["Succeeded", "Failed", "Pending"]);

export async function handleEviction(call: Call): Promise<void> {
  const { context, resource, path } = call;
  const { value } = await readObject(call.request, "Eviction");
  if (textAt(value, "metadata", "name") !== path.name) {
    throw badRequest("name in URL does not match name in Eviction object");
  }
  const given = asRecord(asRecord(value)?.["deleteOptions"]);
  const { options: asked } = writeOf(call);
  const options = deleteOptions(given ?? {}, call.params);
  const isDryRun = asked.isDryRun || options.isDryRun;
  const pod = served(resource, getObject(context, placeOf(call)));
  const isIdle = IDLE_PHASES.has(textAt(pod, "status", "phase"));
  if (!isIdle && pod.metadata.deletionTimestamp === undefined) checkBudget(call, pod);
  const write = (): Write => new Write(context, { ...asked, isDryRun });
  if (!isDryRun) await mark(call, write());
  await deleteObject(context, placeOf(call), options, write());
  sendJson(call, 201, SUCCESS);
}

/** Says why the Pod ends, for those who will count it. */
async function mark(call: Call, write: Write): Promise<void> {
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
    lastProbeTime: null,
    lastTransitionTime: write.now,
  };
  await commit(call.context, placeOf(call), write, (pod) => {
    if (pod === undefined) throw notFound(call.resource, call.path.name);
    const others = recordsAt(pod, "status", "conditions").filter(
      ({ type }) => type !== condition.type,
    );
    const status = { ...asRecord(pod["status"]), conditions: [...others, condition] };
    return { ...pod, status };
  });
}

/** The counts are taken now: the budgets' status follows a moment later. */
function checkBudget({ context, path }: Call, pod: KubeObject): void {
  const listed = (group: string, plural: string): readonly KubeObject[] =>
    context.store
      .list(listPrefix(group, plural, path.namespace))
      .items.map(({ object }) => object as unknown as KubeObject);
  const pods = listed("", "pods");
  const budgets = listed("policy", "poddisruptionbudgets").flatMap(
    (budget) => budgetOf(budget, pod, pods) ?? [],
  );
  if (budgets.length > 1) {
    throw plainError(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const [budget] = budgets;
  if (budget === undefined || isSpare(pod, budget)) return;
  if (budget.healthy > budget.needed) return;
  throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: "DisruptionBudget", message: reasonOf(budget) }],
  });
}

function reasonOf({ name, needed, healthy }: Budget): string {
  return `The disruption budget ${name} needs ${needed} healthy pods and has ${healthy} currently`;
}

/** A Pod that is not ready counts for nobody, as long as the others are enough. */
function isSpare(pod: KubeObject, { policy, needed, healthy }: Budget): boolean {
  if (conditionStatus(pod, "Ready") === "True") return false;
  if (policy === "AlwaysAllow") return true;
  return healthy >= needed && needed > 0;
}
