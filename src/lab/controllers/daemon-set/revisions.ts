/** What the templates of a DaemonSet were: what `kubectl rollout history` shows and `undo` goes back to. */
import type { Operation } from "../engine/operations.ts";
import { REVISIONS } from "../engine/resources.ts";
import {
  type ApiObject,
  compareText,
  controllerReference,
  isTerminating,
} from "../model/object.ts";
import type { Pod, PodTemplate } from "../model/pod.ts";
import { isSameTemplate, templateHash } from "../model/template.ts";
import type { DaemonSet } from "../model/workload.ts";
import { REVISION_HASH } from "./placement.ts";

export interface Revision extends ApiObject {
  revision: number;
  /** A strategic merge patch. */
  data?: { spec?: { template?: PodTemplate & { $patch?: string } } };
}

interface History {
  readonly hash: string;
  readonly old: readonly Revision[];
  /** Makes the revision of the present template, or gives it the highest number. */
  readonly operations: Operation[];
}

/** `owned` are those of the DaemonSet. */
export function historyOf(daemonSet: DaemonSet, owned: readonly Revision[]): History {
  const current = owned.find((each) => isOf(daemonSet, each));
  const old = owned.filter((each) => each !== current);
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1;
  if (current === undefined) {
    const object = newRevision(daemonSet, number);
    const operations: Operation[] = [{ verb: "create", resource: REVISIONS, object }];
    return { hash: hashOf(daemonSet), old, operations };
  }
  const hash = current.metadata.labels?.[REVISION_HASH] ?? current.metadata.name;
  if (current.revision >= number) return { hash, old, operations: [] };
  const object: Revision = { ...current, revision: number };
  return { hash, old, operations: [{ verb: "update", resource: REVISIONS, object }] };
}

/** Whether the name for the next revision is taken by another template's. */
export function isCollision(daemonSet: DaemonSet, revisions: readonly Revision[]): boolean {
  const { name } = newRevision(daemonSet, 0).metadata;
  const there = revisions.find(({ metadata }) => metadata.name === name);
  return there !== undefined && !isOf(daemonSet, there);
}

const DEFAULT_LIMIT = 10;

/** The oldest go beyond the limit, but for those that pods are still of. */
export function removeHistory(
  daemonSet: DaemonSet,
  old: readonly Revision[],
  pods: readonly Pod[],
): Operation[] {
  const limit = daemonSet.spec.revisionHistoryLimit ?? DEFAULT_LIMIT;
  const live = new Set(pods.map(({ metadata }) => metadata.labels?.[REVISION_HASH]));
  const alive = old.filter((each) => !isTerminating(each));
  return alive
    .toSorted(
      (left, right) =>
        left.revision - right.revision || compareText(left.metadata.name, right.metadata.name),
    )
    .filter(({ metadata }) => !live.has(metadata.labels?.[REVISION_HASH]))
    .slice(0, Math.max(0, alive.length - limit))
    .map((target) => ({ verb: "delete", resource: REVISIONS, target }));
}

function isOf({ spec }: DaemonSet, { data }: Revision): boolean {
  const { $patch: _how, ...template } = data?.spec?.template ?? { spec: {} };
  return isSameTemplate(template, spec.template);
}

function hashOf({ spec, status }: DaemonSet): string {
  return templateHash(spec.template, status?.collisionCount);
}

function newRevision(daemonSet: DaemonSet, revision: number): Revision {
  const { name, namespace = "", annotations } = daemonSet.metadata;
  const { template } = daemonSet.spec;
  const hash = hashOf(daemonSet);
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [REVISION_HASH]: hash },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controllerReference(daemonSet)],
    },
    data: { spec: { template: { ...template, $patch: "replace" } } },
    revision,
  };
}
