/** What is odd in what makes pods. Updates that change nothing of it are not told so again. */
import { sameJson } from "../node.ts";
import type { View } from "../validate/view.ts";
import { dnsLabel } from "../validate/words.ts";
import { claimWarnings } from "./amounts.ts";
import { podWarnings } from "./pods.ts";

const MANY_COMPLETIONS = 100_000;
const MANY_AT_ONCE = 10_000;

type OldView = View | undefined;

/** A name that its pods' names begin with, and their hosts' are. */
function nameWarnings(object: View, old: OldView, use = "in Pod names and hostnames"): string[] {
  const name = object.at("metadata", "name");
  const why = old === undefined ? dnsLabel(name.text) : [];
  if (why.length === 0) return [];
  return [
    `${name.path}: this is used ${use}, which can result in surprising behavior; a DNS label is recommended: [${why.join(" ")}]`,
  ];
}

function isSame(object: View, old: OldView, ...path: readonly string[]): boolean {
  return (
    old !== undefined && sameJson(object.at(...path).value ?? null, old.at(...path).value ?? null)
  );
}

const isSameGeneration = (object: View, old: OldView): boolean =>
  isSame(object, old, "metadata", "generation");

/** Of a pod only when it is made: people seldom change one. */
export function newPodWarnings(pod: View, old: OldView): string[] {
  if (old !== undefined) return [];
  return [...nameWarnings(pod, old, "in the Pod's hostname"), ...podWarnings(pod)];
}

export function templateWarnings(object: View, old: OldView): string[] {
  const isKept = isSameGeneration(object, old);
  return [
    ...nameWarnings(object, old),
    ...(isKept ? [] : podWarnings(object.at("spec", "template"))),
  ];
}

export function daemonSetWarnings(set: View, old: OldView): string[] {
  return isSame(set, old, "spec", "template") ? [] : podWarnings(set.at("spec", "template"));
}

export function statefulSetWarnings(set: View, old: OldView): string[] {
  const limit = set.at("spec", "revisionHistoryLimit");
  const claims = set.at("spec", "volumeClaimTemplates").items();
  const part = old === undefined ? "spec" : "Spec";
  return [
    ...(isSameGeneration(set, old) ? [] : podWarnings(set.at("spec", "template"))),
    ...claims.flatMap((claim) => claimWarnings(claim.at("spec").as(`${claim.path}.${part}`))),
    ...(limit.number >= 0
      ? []
      : [
          `${limit.path}: a negative value retains all historical revisions; a value >= 0 is recommended`,
        ]),
  ];
}

function jobSpecWarnings(spec: View): string[] {
  const isLarge =
    spec.at("completionMode").text === "Indexed" &&
    spec.at("completions").number > MANY_COMPLETIONS &&
    spec.at("parallelism").number > MANY_AT_ONCE;
  const large = `${spec.path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  return [...(isLarge ? [large] : []), ...podWarnings(spec.at("template"))];
}

export function jobWarnings(job: View, old: OldView): string[] {
  const isKept = isSameGeneration(job, old);
  return [...nameWarnings(job, old), ...(isKept ? [] : jobSpecWarnings(job.at("spec")))];
}

export function cronJobWarnings(cronJob: View, old: OldView): string[] {
  const isKept = isSameGeneration(cronJob, old);
  const hasZone = old !== undefined && cronJob.at("spec", "schedule").text.includes("TZ");
  const zone =
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
  return [
    ...nameWarnings(cronJob, old),
    ...(isKept ? [] : jobSpecWarnings(cronJob.at("spec", "jobTemplate", "spec"))),
    ...(hasZone ? [zone] : []),
  ];
}
