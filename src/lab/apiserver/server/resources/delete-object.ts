/** Deletion: at once, after a time of grace, or once the last finalizer is gone. */
import { badRequest } from "../../schema/status-error.ts";
import type { Cause, KubeObject, ServedResource } from "../../schema/types.ts";
import { type ApiContext, timestampOf } from "../context.ts";
import { goKind } from "../body.ts";
import { conflict, invalidOptions, invalidValue, notFound, unsupportedValue } from "../errors.ts";
import { asList, asRecord, asText, numberAt, textAt } from "../json.ts";
import { dryRunCauses, dryRunOf, integerParam } from "../options.ts";
import { isOrphaningByDefault, rulesOf } from "../kinds/facts.ts";
import type { Write } from "../write.ts";
import { type Committed, commit, type Decision, type Place, Removal } from "./commit.ts";
import { isFinished } from "./write-object.ts";

type Propagation = "Foreground" | "Background" | "Orphan";

export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly propagation: Propagation | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly isDryRun: boolean;
}

const POLICIES = ["Foreground", "Background", "Orphan"];
const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

/** What the body says, and where there is none the query. */
export function deleteOptions(body: unknown, params: URLSearchParams): DeleteOptions {
  const given = body === undefined ? optionsOfQuery(params) : optionsOfBody(body);
  const { propagationPolicy, orphanDependents, gracePeriodSeconds, dryRun } = given;
  const causes: Cause[] = [];
  const policy = propagationPolicy === undefined ? undefined : asText(propagationPolicy);
  if (orphanDependents !== undefined && policy !== undefined) {
    const why = "orphanDependents and deletionPropagation cannot be both set";
    causes.push(invalidValue("propagationPolicy", policy, why));
  }
  if (policy !== undefined && !POLICIES.includes(policy)) {
    causes.push(unsupportedValue("propagationPolicy", policy, [...POLICIES, "nil"]));
  }
  causes.push(...dryRunCauses(dryRun));
  if (causes.length > 0) throw invalidOptions("DeleteOptions", causes);
  const isOrphan = orphanDependents === true || orphanDependents === "true";
  return {
    gracePeriodSeconds,
    propagation: (policy ?? (isOrphan ? "Orphan" : undefined)) as Propagation | undefined,
    uid: textAt(body, "preconditions", "uid") || undefined,
    resourceVersion: textAt(body, "preconditions", "resourceVersion") || undefined,
    isDryRun: dryRun.length > 0,
  };
}

interface GivenOptions {
  readonly propagationPolicy: unknown;
  readonly orphanDependents: unknown;
  readonly gracePeriodSeconds: number | undefined;
  readonly dryRun: readonly unknown[];
}

function optionsOfQuery(params: URLSearchParams): GivenOptions {
  return {
    propagationPolicy: params.get("propagationPolicy") || undefined,
    orphanDependents: params.get("orphanDependents") ?? undefined,
    gracePeriodSeconds: integerParam(params, "gracePeriodSeconds"),
    dryRun: dryRunOf(params),
  };
}

function optionsOfBody(body: unknown): GivenOptions {
  const options = asRecord(body) ?? {};
  const [kind, version] = [asText(options["kind"]), asText(options["apiVersion"])];
  if (kind !== "" && kind !== "DeleteOptions") {
    const what = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)}`;
    throw badRequest(`${what} in scheme "pkg/runtime/scheme.go:111"`);
  }
  const seconds = options["gracePeriodSeconds"] ?? undefined;
  if (seconds !== undefined && typeof seconds !== "number") {
    const field = "Go struct field DeleteOptions.gracePeriodSeconds of type int64";
    throw badRequest(`json: cannot unmarshal ${goKind(seconds)} into ${field}`);
  }
  return {
    propagationPolicy: options["propagationPolicy"] ?? undefined,
    orphanDependents: options["orphanDependents"] ?? undefined,
    gracePeriodSeconds: seconds,
    dryRun: asList(options["dryRun"]),
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
    const isFirst = old.metadata.deletionTimestamp === undefined;
    const left = isFirst ? rules.leave?.(old, write.now) : undefined;
    const decision = left ?? decide(context, resource, old, options);
    if (decision instanceof Removal) rules.remove?.(context, old, write);
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
    ["UID", options.uid, uid, "deleted and then recreated"],
    ["ResourceVersion", options.resourceVersion, resourceVersion, "modified"],
  ] as const;
  for (const [what, wanted, present, since] of checks) {
    if (wanted === undefined || wanted === present) continue;
    const why =
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record ` +
      `(${present}). The object might have been ${since}`;
    throw conflict({ group: resource.group, plural: resource.kind }, name, why);
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
    // Namespaces go in their own time.
    if (!isNamespace(resource)) metadata.deletionGracePeriodSeconds = grace;
    if (isFirst && metadata.generation !== undefined) metadata.generation += 1;
  }
  // Of what has no grace nobody is told that it was being deleted.
  if (isFinished(object)) return new Removal(isPod(resource) ? object : old);
  if (isNamespace(resource))
    object["status"] = { ...asRecord(object["status"]), phase: "Terminating" };
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

function isNamespace({ group, kind }: ServedResource): boolean {
  return group === "" && kind === "Namespace";
}

function isPod({ group, kind }: ServedResource): boolean {
  return group === "" && kind === "Pod";
}

/** Only Pods that a kubelet has to stop are given time. */
function graceOf(resource: ServedResource, old: KubeObject, options: DeleteOptions): number {
  if (!isPod(resource)) return 0;
  const phase = textAt(old, "status", "phase");
  const isOver = phase === "Succeeded" || phase === "Failed";
  if (textAt(old, "spec", "nodeName") === "" || isOver) return 0;
  const own = numberAt(old, "spec", "terminationGracePeriodSeconds") ?? 30;
  const wanted = options.gracePeriodSeconds ?? own;
  return wanted < 0 ? 1 : wanted;
}
