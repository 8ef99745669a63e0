/** Deletion: at once, after a time of grace, or once the last finalizer is gone. */
import { badRequest } from "../../schema/status-error.ts";
import type { KubeObject, ServedResource } from "../../schema/types.ts";
import { type ApiContext, timestampOf } from "../context.ts";
import { conflict, notFound } from "../errors.ts";
import { asNumber, asRecord, asText, numberAt, textAt } from "../json.ts";
import { isOrphaningByDefault, rulesOf } from "../kinds/facts.ts";
import type { Write } from "../write.ts";
import { type Committed, commit, type Decision, type Place } from "./commit.ts";
import { isFinished } from "./write-object.ts";

type Propagation = "Foreground" | "Background" | "Orphan";

interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly propagation: Propagation | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly isDryRun: boolean;
}

const POLICIES: ReadonlySet<string> = new Set(["Foreground", "Background", "Orphan"]);
const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

/** What the body says, and else the query. */
export function deleteOptions(body: unknown, params: URLSearchParams): DeleteOptions {
  const options = asRecord(body) ?? {};
  const policy = asText(options["propagationPolicy"]) || params.get("propagationPolicy") || "";
  if (policy !== "" && !POLICIES.has(policy)) {
    throw badRequest(
      `invalid DeleteOptions: propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: ` +
        'supported values: "Foreground", "Background", "Orphan"',
    );
  }
  const orphan = options["orphanDependents"] ?? params.get("orphanDependents");
  const isOrphan = orphan === true || orphan === "true";
  const seconds = params.get("gracePeriodSeconds");
  const grace =
    asNumber(options["gracePeriodSeconds"]) ?? (seconds === null ? undefined : Number(seconds));
  if (grace !== undefined && !Number.isSafeInteger(grace)) {
    throw badRequest("invalid DeleteOptions: gracePeriodSeconds has to be an integer");
  }
  const dryRun = options["dryRun"] ?? params.getAll("dryRun");
  return {
    gracePeriodSeconds: grace,
    propagation: (policy || (isOrphan ? "Orphan" : undefined)) as Propagation | undefined,
    uid: textAt(options, "preconditions", "uid") || undefined,
    resourceVersion: textAt(options, "preconditions", "resourceVersion") || undefined,
    isDryRun: Array.isArray(dryRun) && dryRun.includes("All"),
  };
}

export function deleteObject(
  context: ApiContext,
  place: Place,
  options: DeleteOptions,
  write: Write,
): Promise<Committed> {
  const { resource, name } = place;
  return commit(context, place, write, (old) => {
    if (old === undefined) throw notFound(resource, name);
    checkPreconditions(resource, old, options);
    const rules = rulesOf(resource);
    rules.checkDelete?.(old);
    const decision = decide(context, resource, old, options);
    if (decision === "removed") rules.remove?.(context, old, write);
    return decision;
  });
}

function checkPreconditions(
  resource: ServedResource,
  old: KubeObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion, name = "" } = old.metadata;
  const checks = [
    ["UID", options.uid, uid],
    ["ResourceVersion", options.resourceVersion, resourceVersion],
  ] as const;
  for (const [what, wanted, present] of checks) {
    if (wanted === undefined || wanted === present) continue;
    const why =
      `Precondition failed: ${what} in precondition: ${wanted}, ` +
      `${what} in object meta: ${present}`;
    throw conflict(resource, name, why);
  }
}

function decide(
  context: ApiContext,
  resource: ServedResource,
  old: KubeObject,
  options: DeleteOptions,
): Decision {
  const object: KubeObject = { ...old, metadata: { ...old.metadata } };
  const { metadata } = object;
  const isFirst = metadata.deletionTimestamp === undefined;
  metadata.finalizers = finalizersFor(resource, old, options);
  if (metadata.finalizers.length === 0) delete metadata.finalizers;
  const grace = graceOf(resource, old, options);
  const before = old.metadata.deletionGracePeriodSeconds;
  if (isFirst || grace < (before ?? 0)) {
    metadata.deletionTimestamp = timestampOf(context.clock.nowMs() + grace * 1_000);
    metadata.deletionGracePeriodSeconds = grace;
    if (isFirst && metadata.generation !== undefined) metadata.generation += 1;
  }
  if (isFinished(object)) return "removed";
  const isNamespace = resource.group === "" && resource.kind === "Namespace";
  if (isNamespace) object["status"] = { ...asRecord(object["status"]), phase: "Terminating" };
  return object;
}

/** The garbage collector acts on these two, and takes them away. */
function finalizersFor(
  resource: ServedResource,
  old: KubeObject,
  { propagation }: DeleteOptions,
): string[] {
  const present = old.metadata.finalizers ?? [];
  const byDefault = isOrphaningByDefault(resource) ? "Orphan" : undefined;
  const policy =
    propagation ??
    (present.includes(FOREGROUND) || present.includes(ORPHAN) ? undefined : byDefault);
  if (policy === undefined) return [...present];
  const others = present.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
  if (policy === "Foreground") return [...others, FOREGROUND];
  return policy === "Orphan" ? [...others, ORPHAN] : others;
}

/** Only Pods that a kubelet has to stop are given time. */
function graceOf(resource: ServedResource, old: KubeObject, options: DeleteOptions): number {
  if (resource.group !== "" || resource.kind !== "Pod") return 0;
  const phase = textAt(old, "status", "phase");
  const isOver = phase === "Succeeded" || phase === "Failed";
  if (textAt(old, "spec", "nodeName") === "" || isOver) return 0;
  const own = numberAt(old, "spec", "terminationGracePeriodSeconds") ?? 30;
  const wanted = options.gracePeriodSeconds ?? own;
  return wanted < 0 ? 1 : wanted;
}
